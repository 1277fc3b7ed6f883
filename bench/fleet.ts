/**
 * The processes and folders of a benchmark: starts node processes, asks them, and leaves nothing
 * behind. All folders of a fleet lie in one temporary folder; whatever still runs when the fleet
 * is disposed of is killed, by its own handle only.
 */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AskedProcess } from "./asked-process.ts";
import type { Commands, NodeSettings } from "./commands.ts";
import { pause } from "./clock.ts";

/** Gossip meshes are formed at a heartbeat of 1 s; figures are about nodes that have settled. */
const settleMs = 2_500;

/** The network of all nodes of this run. */
export const benchNetwork: string = `testnet-bench-${process.pid}`;

const nodeFile = fileURLToPath(new URL("./bench-node.ts", import.meta.url));

/** Ends cleanly, or by force after this long. */
const stopMsMax = 10_000;

export class BenchNode extends AskedProcess<Commands> {
  peer = "";
  address = "";

  constructor(execArgv: readonly string[]) {
    super({
      file: nodeFile,
      execArgv,
      env: { ...process.env, P2P_SYNC_TEST_FAULTS: "1" }, // opens a test port only where the node is told so, too
    });
  }

  /** Stops the node and waits for the end of its process. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    await this.ask("stop", undefined);
    const late = setTimeout(() => this.child.kill("SIGKILL"), stopMsMax);
    await ended;
    clearTimeout(late);
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
    transport: NodeSettings["transport"] = "tcp",
  ): Promise<BenchNode> {
    const profile = this.#profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${this.#profileDir}`];
    const node = new BenchNode([...profile, ...execArgv]);
    this.adopt(node.child);
    const { peer, address } = await node.ask("start", {
      networkName: benchNetwork,
      dataDir,
      dial,
      faultPort: this.#faultPort,
      transport,
    });
    node.peer = peer;
    node.address = address;
    return node;
  }

  /** Nodes with empty stores, each linked with each, and settled. */
  async linked(count: number, transport: NodeSettings["transport"] = "tcp"): Promise<readonly BenchNode[]> {
    const nodes: BenchNode[] = [];
    while (nodes.length < count) {
      const dial = nodes.map(({ address }) => address);
      nodes.push(await this.node(dial, this.newFolder(), [], transport));
    }
    await Promise.all(nodes.map((node) => node.ask("awaitPeers", { peers: count - 1 })));
    await pause(settleMs);
    return nodes;
  }

  /** Nodes with empty stores, each linked with those it dialed at least, the few before it, and settled. */
  async sparse(count: number, dials: number): Promise<readonly BenchNode[]> {
    const nodes: BenchNode[] = [];
    while (nodes.length < count) nodes.push(await this.node(nodes.slice(-dials).map(({ address }) => address)));
    await Promise.all(nodes.map((node) => node.ask("awaitPeers", { peers: dials })));
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
