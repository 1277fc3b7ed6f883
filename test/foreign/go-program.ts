/**
 * The program in examples/go-ping, built. Building go-libp2p takes minutes where Go has nothing in its cache, so that tests
 * only run what `npm run test:foreign` has built.
 */
import { spawnSync } from "node:child_process";
import { globSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "examples/go-ping");

export const program: string = join(root, `.cache/go-ping${process.platform === "win32" ? ".exe" : ""}`);

/** Why the program cannot be used now, with what to do; undefined where it can. */
export function reasonNotToUse(): string | undefined {
  const builtAt = statSync(program, { throwIfNoEntry: false })?.mtimeMs;
  if (builtAt === undefined) return "examples/go-ping is not built; `npm run test:foreign` builds it with Go";
  const changedAt = Math.max(
    ...globSync("*.{go,mod,sum}", { cwd: folder }).map((name) => statSync(join(folder, name)).mtimeMs),
  );
  return changedAt > builtAt
    ? "examples/go-ping has changed since it was built; `npm run test:foreign` builds it"
    : undefined;
}

/** Takes minutes the first time. Answers why it could not be built. */
export function build(): string | undefined {
  const version = spawnSync("go", ["version"], { encoding: "utf8" });
  if (version.error !== undefined) return "there is no Go here: it needs 1.26 or later";
  const { status } = spawnSync("go", ["build", "-trimpath", "-buildvcs=false", "-o", program, "."], {
    cwd: folder,
    stdio: "inherit",
  });
  return status === 0 ? undefined : `go build failed in examples/go-ping, with ${version.stdout.trim()}`;
}
