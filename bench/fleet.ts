/**
 * The processes and folders of a benchmark: starts node processes, asks them, and leaves nothing
 * behind. All folders of a fleet lie in one temporary folder; whatever still runs when the fleet
 * is disposed of is killed, by its own handle only.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AnswerOf, CommandName, ParametersOf, Told } from "./commands.ts";
import { pause } from "./clock.ts";

/** A question that takes longer has failed. Source: ten times the slowest accepted figure. */
const answerMsMax = 300_000;
/** Bytes of a node's last words that a failure shows. */
const lastWordsMax = 4_096;
/** Gossip meshes are formed at a heartbeat of 1 s; figures are about nodes that have settled. */
const settleMs = 2_500;

const nodeFile = fileURLToPath(new URL("./bench-node.ts", import.meta.url));

/** Called while a question is being answered. */
export type OnProgress = (done: number, total: number) => void;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: OnProgress | undefined;
  readonly timer: NodeJS.Timeout;
}

export class BenchNode {
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #questions = 0;
  #lastWords = "";
  peer = "";
  address = "";

  constructor(execArgv: readonly string[]) {
    this.child = fork(nodeFile, {
      serialization: "advanced",
      execArgv: [...execArgv],
      env: { ...process.env, P2P_SYNC_TEST_FAULTS: "1" }, // opens a test port only where the node is told so, too
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.child.stderr?.on(
      "data",
      (chunk: Buffer) => (this.#lastWords = (this.#lastWords + chunk.toString()).slice(-lastWordsMax)),
    );
    this.child.on("message", (told: Told) => this.#hear(told));
    this.child.on("exit", (code, signal) =>
      this.#gone(`the node process ended (${signal ?? code}): ${this.#lastWords}`),
    );
  }

  ask<Name extends CommandName>(
    name: Name,
    parameters: ParametersOf<Name>,
    onProgress?: OnProgress,
  ): Promise<AnswerOf<Name>> {
    return new Promise((resolve, reject) => {
      const id = ++this.#questions;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${name} took over ${answerMsMax / 1000} s`));
      }, answerMsMax);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onProgress, timer });
      this.child.send({ id, name, parameters });
    });
  }

  /** Stops the node and waits for the end of its process. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    await this.ask("stop", undefined);
    const late = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(late);
  }

  #hear(told: Told): void {
    const waiting = this.#waiting.get(told.id);
    if (waiting === undefined) return;
    if (told.type === "progress") return waiting.onProgress?.(told.done, told.total);
    this.#waiting.delete(told.id);
    clearTimeout(waiting.timer);
    if (told.type === "answer") waiting.resolve(told.value);
    else waiting.reject(new Error(told.message));
  }

  #gone(why: string): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error(why));
    }
    this.#waiting.clear();
  }
}

export class Fleet implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "p2p-sync-bench-"));
  readonly #profileDir: string | undefined;
  readonly #faultPort: boolean;
  readonly #processes: ChildProcess[] = [];
  readonly #onExit = (): void => {
    this.#endAll();
    this.#removeFolder();
  };
  #folders = 0;

  /** With `profileDir`, every thread of every node leaves a CPU profile there when it ends; with `faultPort`, nodes can be cut off. */
  constructor(profileDir: string | undefined, faultPort = false) {
    this.#profileDir = profileDir;
    this.#faultPort = faultPort;
    process.on("exit", this.#onExit);
  }

  newFolder(): string {
    const folder = join(this.folder, `node-${++this.#folders}`);
    mkdirSync(folder);
    return folder;
  }

  /** Counts a process among those that end with the fleet. */
  adopt(child: ChildProcess): void {
    this.#processes.push(child);
  }

  /** A node that is started and has dialed the given addresses, not yet waited for. */
  async node(
    dial: readonly string[] = [],
    dataDir: string = this.newFolder(),
    execArgv: readonly string[] = [],
  ): Promise<BenchNode> {
    const profile = this.#profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${this.#profileDir}`];
    const node = new BenchNode([...profile, ...execArgv]);
    this.adopt(node.child);
    const { peer, address } = await node.ask("start", {
      networkName: `testnet-bench-${process.pid}`,
      dataDir,
      dial,
      faultPort: this.#faultPort,
    });
    node.peer = peer;
    node.address = address;
    return node;
  }

  /** Nodes with empty stores, each linked with each, and settled. */
  async linked(count: number): Promise<readonly BenchNode[]> {
    const nodes: BenchNode[] = [];
    while (nodes.length < count) nodes.push(await this.node(nodes.map(({ address }) => address)));
    await Promise.all(nodes.map((node) => node.ask("awaitPeers", { peers: count - 1 })));
    await pause(settleMs);
    return nodes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#onExit);
    const left = this.#processes.filter(isRunning);
    const ended = left.map((child) => new Promise((resolve) => child.once("exit", resolve)));
    this.#endAll();
    await Promise.all(ended);
    this.#removeFolder();
  }

  #endAll(): void {
    for (const child of this.#processes) if (isRunning(child)) child.kill("SIGKILL");
  }

  #removeFolder(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
