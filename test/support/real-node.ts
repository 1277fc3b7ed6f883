/**
 * Real node processes for tests and the demo: `bin/p2p-sync start` in a folder of its own, known
 * by its ready line, spoken to over HTTP, ended by whatever signal a test wants to see it survive.
 *
 * 1. Every process and folder belongs to a nursery, and its `end` leaves neither, whatever failed.
 * 2. A node that ended without being told to is an error at `end`: nothing may bring it down.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeClient } from "./node-client.ts";
import { until } from "./until.ts";

export const command: string = join(import.meta.dirname, "../../bin/p2p-sync");

/** Guess: a hundred times what a start needs on an idle machine; some machines do much else meanwhile. */
const readyMsMax = 60_000;

export interface StartOptions {
  readonly dataDir: string;
  readonly network: string;
  readonly dial?: readonly string[];
  /** Default 0: a free one. */
  readonly port?: number;
  readonly httpPort?: number;
  /** Address to listen on; default 127.0.0.1, `undefined` for all. */
  readonly listen?: string | undefined;
  /** Default false. */
  readonly mdns?: boolean;
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Program and arguments put in front, such as `ip netns exec NAME`. */
  readonly wrap?: readonly string[];
  /** The way to a port of the 127.0.0.1 it runs on, where that is not ours. */
  readonly entryTo?: (port: number) => Promise<() => Socket>;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the signal that was sent, or from the start where none was. */
  readonly afterMs: number;
}

export interface Ready {
  readonly p2p: readonly string[];
  readonly http: string;
  readonly peer: string;
}

/** A node process from its start to its end, ready or not. */
export class NodeProcess {
  readonly options: StartOptions;
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  /** Set by the first signal sent from here. */
  endedOnPurpose = false;
  stdout = "";
  stderr = "";
  #from: number = performance.now();
  #exit: Exit | undefined;

  constructor(options: StartOptions) {
    this.options = options;
    const [program = command, ...rest] = [...(options.wrap ?? []), command, "start", ...flagsOf(options)];
    this.child = spawn(program, rest, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...withoutSettings(process.env), ...options.environment },
    });
    this.child.stdout?.on("data", (data: Buffer) => (this.stdout += data.toString()));
    this.child.stderr?.on("data", (data: Buffer) => (this.stderr += data.toString()));
    this.exited = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code, signal) => {
        this.#exit = { code, signal, afterMs: performance.now() - this.#from };
        resolve(this.#exit);
      });
    });
    this.exited.catch(() => undefined); // told to whoever awaits it
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error("the process did not start");
    return this.child.pid;
  }

  /** Throws where the process ends instead, with its own words. */
  async ready(deadlineMs = readyMsMax): Promise<Ready> {
    const look = (): Ready | undefined => {
      if (this.#exit !== undefined)
        throw new Error(`ended with ${this.#exit.code} before it was ready: ${this.stderr}`);
      return readyIn(this.stdout);
    };
    return await until("the ready line", look, { deadlineMs, everyMs: 2, seen: () => this.stderr });
  }

  signal(name: NodeJS.Signals): void {
    if (!this.endedOnPurpose) this.#from = performance.now();
    if (name !== "SIGSTOP" && name !== "SIGCONT" && name !== "SIGHUP") this.endedOnPurpose = true;
    if (this.#exit === undefined) this.child.kill(name);
  }
}

/** A node that serves. */
export class RealNode extends NodeClient {
  readonly name: string;
  readonly process: NodeProcess;
  readonly id: string;
  /** Those it can be dialed at, with its peer id. */
  readonly addresses: readonly string[];
  /** The first of them. */
  readonly address: string;
  readonly startMs: number;

  constructor(name: string, process: NodeProcess, ready: Ready, startMs: number, connect?: () => Socket) {
    const token = readFileSync(join(process.options.dataDir, "api-token"), "utf8").trim();
    super(ready.http, token, connect);
    this.name = name;
    this.process = process;
    this.id = ready.peer;
    this.addresses = ready.p2p;
    this.address = ready.p2p[0] ?? "";
    this.startMs = startMs;
  }

  get p2pPort(): number {
    return Number(/\/tcp\/(\d+)/.exec(this.address)?.[1]);
  }

  /** SIGTERM; resolves with how it ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    this.process.signal(signal);
    const exit = await this.process.exited;
    this.close();
    return exit;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.stop("SIGKILL");
  }

  /** Peers with which data can flow now. */
  async connected(): Promise<readonly string[]> {
    const peers = await this.peers();
    return peers.filter(({ state }) => state === "Connected" || state === "Syncing").map(({ id }) => id ?? "");
  }
}

export class Nursery {
  readonly folder: string = mkdtempSync(join(tmpdir(), "p2p-sync-nodes-"));
  readonly network: string = `test-${randomBytes(5).toString("hex")}`;
  readonly #processes: NodeProcess[] = [];
  readonly #nodes: RealNode[] = [];
  readonly #undo: (() => void)[] = [];
  readonly #onExit = (): void => this.#clear();
  #ended = false;

  constructor() {
    process.on("exit", this.#onExit);
  }

  dataDirOf(name: string): string {
    return join(this.folder, name);
  }

  /** The process only, for starts that are meant to fail. */
  spawn(name: string, options: Partial<StartOptions> = {}): NodeProcess {
    if (this.#ended) throw new Error("this nursery has ended");
    const started = new NodeProcess({ dataDir: this.dataDirOf(name), network: this.network, ...options });
    this.#processes.push(started);
    return started;
  }

  /** Started again under the same name, a node finds its old data folder. */
  async start(name: string, options: Partial<StartOptions> = {}): Promise<RealNode> {
    const began = performance.now();
    const started = this.spawn(name, options);
    const ready = await started.ready();
    const startMs = performance.now() - began;
    const connect = await options.entryTo?.(Number(new URL(ready.http).port));
    const node = new RealNode(name, started, ready, startMs, connect);
    this.#nodes.push(node);
    return node;
  }

  /** What has to be undone between the end of the processes and the removal of the folder. */
  beforeRemoval(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Leaves no process and no folder; throws where a node had ended by itself. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const node of this.#nodes) node.close();
    const died = this.#processes.filter(({ exit, endedOnPurpose }) => exit !== undefined && !endedOnPurpose);
    for (const each of this.#processes) each.signal("SIGKILL");
    await Promise.allSettled(this.#processes.map(({ exited }) => exited));
    this.#clear();
    process.off("exit", this.#onExit);
    const unexpected = died.find((each) => readyIn(each.stdout) !== undefined);
    if (unexpected !== undefined) {
      throw new Error(`a node ended by itself: ${JSON.stringify(unexpected.exit)}\n${unexpected.stderr.slice(-4_000)}`);
    }
  }

  #clear(): void {
    for (const each of this.#processes) each.signal("SIGKILL");
    for (const undo of this.#undo.splice(0).toReversed()) undo();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

/** For programs: a signal ends them through `exit`, where nurseries clear up. */
export function exitOnSignals(): void {
  process.on("SIGINT", () => process.exit(130)).on("SIGTERM", () => process.exit(143)); // Source: 128 + signal, as shells do
}

/** Resolves once every node is linked to every other. */
export async function untilMeshed(nodes: readonly RealNode[], deadlineMs = 15_000): Promise<void> {
  const missing = new Map<string, number>();
  const meshed = async (): Promise<boolean> => {
    for (const node of nodes) {
      const ids = await node.connected();
      missing.set(node.name, nodes.filter(({ id }) => id !== node.id && !ids.includes(id)).length);
    }
    return [...missing.values()].every((count) => count === 0);
  };
  await until("every node is linked to every other", meshed, { deadlineMs, seen: () => Object.fromEntries(missing) });
}

/** Resolves with the one root once all nodes have it and as many entries. */
export async function untilConverged(
  nodes: readonly RealNode[],
  entries?: number,
  deadlineMs = 15_000,
): Promise<string> {
  let seen: readonly { readonly name: string; readonly entries: number; readonly root: string }[] = [];
  const look = async (): Promise<string | undefined> => {
    seen = await Promise.all(
      nodes.map(async (node) => {
        const status = await node.status();
        return { name: node.name, entries: status.entries, root: status.root.slice(0, 16) };
      }),
    );
    const [first] = seen;
    if (first === undefined || seen.some(({ root }) => root !== first.root)) return undefined;
    return entries === undefined || seen.every((each) => each.entries === entries) ? first.root : undefined;
  };
  const what = `equal roots${entries === undefined ? "" : ` over ${entries} entries`} on ${nodes.map(({ name }) => name).join(", ")}`;
  return await until(what, look, { deadlineMs, seen: () => seen });
}

function flagsOf(options: StartOptions): string[] {
  const { dataDir, network, dial = [], port = 0, httpPort = 0, mdns = false, flags = [] } = options;
  const listen = "listen" in options ? options.listen : "127.0.0.1";
  return [
    ...["--data-dir", dataDir, "--network", network, "--port", String(port), "--http-port", String(httpPort)],
    ...(listen === undefined ? [] : ["--listen", listen]),
    ...(mdns ? [] : ["--no-mdns"]),
    ...dial.flatMap((address) => ["--dial", address]),
    "--no-prompt",
    ...flags,
  ];
}

/** The environment of whoever runs the tests says nothing about the nodes in them. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("P2P_SYNC_")));
}

function readyIn(stdout: string): Ready | undefined {
  const line = /^ready p2p=(\S*) http=(\S+) peer=(\S+)$/m.exec(stdout);
  if (line === null) return undefined;
  const [, p2p = "", http = "", peer = ""] = line;
  return { p2p: p2p.split(","), http, peer };
}
