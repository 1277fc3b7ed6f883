/**
 * Which node a command talks to, and with which token: `--api`, else the address that a running
 * node left in its data folder.
 *
 * The token from a data folder is only ever sent to an address on this machine; for any other
 * it must be given explicitly.
 */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { Fault } from "../base/fault.ts";
import { resolveDataDir } from "../config/data-dir.ts";
import { isLoopback } from "../config/text-formats.ts";
import type { Shell } from "./shell.ts";

export interface Target {
  readonly url: string;
  readonly token: string | undefined;
  /** The file the address came from, for messages. */
  readonly from: string | undefined;
  /** Makes the connection, where the address is not one of this network namespace. */
  readonly connect?: () => Socket;
}

export interface TargetOptions {
  readonly api?: string;
  readonly token?: string;
  readonly dataDir?: string;
}

/** Written by a running node into its data folder, removed when it stops. */
export const urlFileName = "http.url";
const tokenFileName = "api-token";

/** Throws `no_node` or `invalid_argument`. */
export function resolveTarget(shell: Shell, options: TargetOptions): Target {
  const dataDir = resolveDataDir(options.dataDir, shell);
  const api = options.api ?? shell.environment["P2P_SYNC_API"];
  const given = options.token ?? shell.environment["P2P_SYNC_TOKEN"];
  if (api === undefined || (options.dataDir !== undefined && options.api === undefined)) {
    const file = join(dataDir, urlFileName);
    return { url: readUrl(file, dataDir), token: given ?? readToken(dataDir), from: file };
  }
  const url = checkUrl(api);
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return { url, token: given ?? (isLoopback(host) ? readToken(dataDir) : undefined), from: undefined };
}

function readUrl(file: string, dataDir: string): string {
  const text = readIfThere(file);
  if (text === undefined)
    throw new Fault("no_node", `No node runs on the data folder ${dataDir}: it has no ${urlFileName}.`, { dataDir });
  return checkUrl(text.trim());
}

function readToken(dataDir: string): string | undefined {
  return readIfThere(join(dataDir, tokenFileName))?.trim();
}

function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" || url.pathname !== "/" || url.search !== "") {
    throw new Fault(
      "invalid_argument",
      `The address of a node's API looks like http://127.0.0.1:9001, not ${JSON.stringify(text)}.`,
      { api: text },
    );
  }
  return url.origin;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Fault("data_dir_unusable", `${file} cannot be read: ${(error as Error).message}`, { file }, error);
  }
}
