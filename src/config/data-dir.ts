/**
 * Where a node keeps its files when nobody says otherwise, and how paths are written.
 */
import { join, resolve } from "node:path";

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDir: string;
  readonly homeDir: string;
}

/** Flag over environment over default; what a configuration file says is not asked. */
export function resolveDataDir(flag: string | undefined, surroundings: Surroundings): string {
  return absolutePath(
    flag ?? surroundings.environment["P2P_SYNC_DATA_DIR"] ?? "",
    surroundings.workingDir,
    surroundings,
  );
}

/** `~` is the home folder, "" the default data folder, anything else relative to `base`. */
export function absolutePath(path: string, base: string, surroundings: Surroundings): string {
  if (path === "") return defaultDataDir(surroundings);
  return resolve(base, path === "~" || path.startsWith("~/") ? join(surroundings.homeDir, path.slice(1)) : path);
}

/** Source: XDG Base Directory Specification 0.8; a relative XDG_STATE_HOME counts as unset. */
function defaultDataDir({ environment, homeDir }: Surroundings): string {
  const state = environment["XDG_STATE_HOME"];
  return join(state !== undefined && state.startsWith("/") ? state : join(homeDir, ".local", "state"), "p2p-sync");
}
