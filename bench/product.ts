/**
 * The command as a user starts it: `bin/p2p-sync start` in a process of its own, with empty
 * folders and free ports, until it prints its ready line.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nowMs } from "./clock.ts";
import { benchNetwork, type Fleet } from "./fleet.ts";

const command = fileURLToPath(new URL("../bin/p2p-sync", import.meta.url));
const readyMsMax = 30_000;
const stopMsMax = 10_000;

export interface Product {
  readonly child: ChildProcess;
  readonly url: string;
  readonly token: string;
  /** From the start of the process to its ready line. */
  readonly readyMs: number;
}

export interface ProductOptions {
  readonly environment?: NodeJS.ProcessEnv;
  /** With a store that a node of the fleet has filled; else a new folder. */
  readonly dataDir?: string;
}

export async function startProduct(fleet: Fleet, options: ProductOptions = {}): Promise<Product> {
  const { environment = process.env, dataDir = fleet.newFolder() } = options;
  const flags = ["--port", "0", "--http-port", "0", "--data-dir", dataDir, "--network", benchNetwork];
  const begunAt = nowMs();
  const child = spawn(
    command,
    ["start", ...flags, "--listen", "127.0.0.1", "--no-prompt", "--no-mdns", "--log-level", "warn"],
    {
      env: environment,
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  fleet.adopt(child);
  const url = await readyUrl(child);
  const readyMs = nowMs() - begunAt;
  return { child, url, token: readFileSync(join(dataDir, "api-token"), "utf8").trim(), readyMs };
}

export function stopProduct({ child }: Product): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
    child.once("exit", () => {
      clearTimeout(late);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ready line in ${readyMsMax / 1000} s`)), readyMsMax);
    let text = "";
    child.once("exit", (code) => reject(new Error(`the command ended with code ${code} before it was ready`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const url = /^ready .*\bhttp=(\S+)/m.exec(text)?.[1];
      if (url === undefined) return;
      clearTimeout(late);
      resolve(url);
    });
  });
}
