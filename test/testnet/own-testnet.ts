/**
 * A testnet of a test's own: a temporary folder, free ports, spoken to by the command as a person
 * would. Whatever fails, `end` leaves no process and no folder.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecord } from "../../src/cli/testnet/files.ts";
import { findProcess, killNode } from "../../src/cli/testnet/processes.ts";
import type { NodeView } from "../../src/cli/testnet/views.ts";
import { command } from "../support/real-node.ts";

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  json(): unknown;
}

export class OwnTestnet implements AsyncDisposable {
  readonly dir: string = join(mkdtempSync(join(tmpdir(), "p2p-sync-testnet-")), "net");

  /** `p2p-sync testnet WORDS --dir …`. */
  async run(...words: readonly string[]): Promise<Said> {
    return await say(["testnet", ...words, "--dir", this.dir]);
  }

  /** The same, and an error where it ends with anything but 0. */
  async must(...words: readonly string[]): Promise<Said> {
    const said = await this.run(...words);
    if (said.code !== 0) throw new Error(`testnet ${words.join(" ")} ended with ${said.code}: ${said.out}${said.err}`);
    return said;
  }

  async up(nodes: number, ...words: readonly string[]): Promise<readonly NodeView[]> {
    const said = await this.must(
      "up",
      "--nodes",
      `${nodes}`,
      "--base-port",
      "0",
      "--http-base",
      "0",
      "--json",
      ...words,
    );
    return (said.json() as { readonly nodes: readonly NodeView[] }).nodes;
  }

  async views(): Promise<readonly NodeView[]> {
    return ((await this.run("status", "--json")).json() as { readonly nodes: readonly NodeView[] }).nodes;
  }

  /** A command to one of the nodes. */
  async at(node: number, ...words: readonly string[]): Promise<Said> {
    return await say([...words, "--data-dir", join(this.dir, "data", `node${node}`)]);
  }

  /** The value under a key at a node, or undefined. */
  async read(node: number, key: string): Promise<string | undefined> {
    const said = await this.at(node, "get", key);
    return said.code === 0 ? said.out : undefined;
  }

  /** Nodes whose process is there. */
  running(): readonly number[] {
    const numbers = readRecord(this.dir)?.nodes.map(({ number }) => number) ?? [];
    return numbers.filter((number) => findProcess(this.dir, number) !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const number of this.running()) await killNode(this.dir, number);
    rmSync(join(this.dir, ".."), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

export async function say(words: readonly string[]): Promise<Said> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("P2P_SYNC_")));
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"], env: environment });
  let [out, err] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err, json: () => JSON.parse(out) }));
  });
}
