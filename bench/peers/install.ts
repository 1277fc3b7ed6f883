/**
 * Brings the packages of the systems that are compared, each into its own folder here and exactly
 * as its lockfile says, when the command first needs them. Never part of the project's install.
 * Ours is built, for all are measured as their users install them.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { System } from "./contract.ts";

/** What an install costs, told before it begins. Source: `du -sh node_modules` after `npm ci` on the machine of docs/BENCHMARKS.md. */
const sizes: Readonly<Record<string, string>> = {
  peerbit: "350 MB; compiles better-sqlite3, which takes minutes",
  orbitdb: "360 MB",
  hypercore: "200 MB",
  iroh: "32 MB",
};

const root = join(import.meta.dirname, "../..");

export async function install(systems: readonly System[]): Promise<void> {
  for (const folder of new Set(systems.flatMap(({ folder }) => folder ?? []))) {
    const path = join(import.meta.dirname, folder);
    if (existsSync(join(path, "node_modules"))) continue;
    process.stderr.write(`installing bench/peers/${folder} once (${sizes[folder] ?? "size unknown"}) …\n`);
    await npm(["ci", "--no-audit", "--no-fund"], path);
  }
  if (systems.some(({ folder }) => folder === undefined)) await npm(["run", "--silent", "build"], root);
}

/** Native packages are compiled against the headers that lie beside this very Node, where it has them. */
function npm(order: readonly string[], path: string): Promise<void> {
  const headers = dirname(dirname(process.execPath));
  const own = existsSync(join(headers, "include/node/node_version.h")) ? { npm_config_nodedir: headers } : {};
  return new Promise((resolve, reject) => {
    const child = spawn("npm", order, {
      cwd: path,
      env: { ...process.env, ...own, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` },
      stdio: ["ignore", "ignore", "inherit"],
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`npm ${order.join(" ")} in ${path} ended with code ${code}; run it there by hand`)),
    );
  });
}
