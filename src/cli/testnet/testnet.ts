/**
 * A testnet in its folder: real node processes that outlive the command, and everything that can
 * be done to them. Each method leaves the record in the folder as the nodes are.
 *
 * 1. A wish is written down before any node is told, so that a node that starts meanwhile has it.
 * 2. A node's number, ports and identity are its own for good; only its store can be wiped.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "../../base/fault.ts";
import { faultUrlFile } from "../../drivers/faults/fault-server.ts";
import { writeFaultFile } from "../../drivers/faults/fault-set.ts";
import { makeFolder } from "../../drivers/system/make-folder.ts";
import { identityIn } from "../../node/identity.ts";
import { addressOf, writeConfigFiles } from "./config-files.ts";
import {
  configFileOf,
  dataDirOf,
  folders,
  logFileOf,
  type NodeRecord,
  pidFileOf,
  readRecord,
  recordFileOf,
  type TestnetRecord,
  writeRecord,
} from "./files.ts";
import { lastLines } from "./logs.ts";
import { dialFrom, type NodeAccess, setFaults } from "./node-access.ts";
import {
  addressIn,
  cutLinks,
  drawNetns,
  ensureNamespaces,
  missingForNetns,
  namespaceOf,
  type NetnsRecord,
  removeNamespaces,
} from "./netns.ts";
import { claimPorts, planPorts } from "./ports.ts";
import { findProcess, killNode, signalNode, startProcess, stopNode } from "./processes.ts";
import { Relays } from "./relay.ts";
import { type NodeView, viewNodes } from "./views.ts";
import { areCut, faultSetOf, noWishes, type Wishes } from "./wishes.ts";
import { nodesMax } from "./words.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CreateOptions {
  readonly nodes: number;
  readonly basePort: number;
  readonly httpBase: number;
  readonly network: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly seed: number;
  /** Whether every node gets a network namespace. */
  readonly netns: boolean;
}

export interface Progress {
  readonly ready: number;
  readonly nodes: number;
  readonly links: number;
  readonly linksWanted: number;
  readonly elapsedMs: number;
}

/** How long all nodes may take to be linked, in ms. Guess: four times what 20 nodes need on two cores. */
const linkedMsMax = 120_000;

const loopback = "127.0.0.1";

export class Testnet implements NodeAccess {
  readonly dir: string;
  readonly #environment: Environment;
  readonly #relays = new Relays();
  #record: TestnetRecord;

  /** Throws `invalid_argument` where there is no testnet in the folder. */
  static open(dir: string, environment: Environment): Testnet {
    const record = readRecord(dir);
    if (record === undefined)
      throw new Fault(
        "invalid_argument",
        `There is no testnet in ${dir}. Make one: p2p-sync testnet up --dir ${dir}.`,
        {
          dir,
        },
      );
    return new Testnet(dir, record, environment);
  }

  /** Identities, ports and configuration files, all checked; nothing runs yet. */
  static async create(dir: string, options: CreateOptions, environment: Environment): Promise<Testnet> {
    if (options.netns) checkNetns();
    const record: TestnetRecord = {
      layout: 1,
      network: options.network,
      settings: options.settings,
      netns: options.netns ? drawNetns() : null,
      bases: { p2p: options.basePort, http: options.httpBase },
      nodes: [],
      wishes: { ...noWishes, seed: options.seed },
    };
    const testnet = new Testnet(dir, record, environment);
    await testnet.#addNodes(options.nodes);
    return testnet;
  }

  private constructor(dir: string, record: TestnetRecord, environment: Environment) {
    this.dir = dir;
    this.#record = record;
    this.#environment = environment;
  }

  get record(): TestnetRecord {
    return this.#record;
  }

  async entryTo({ number }: NodeRecord, port: number): Promise<(() => Socket) | undefined> {
    const { netns } = this.#record;
    return netns === null ? undefined : await this.#relays.into(namespaceOf(netns, number), port);
  }

  /** Throws `invalid_argument` where there is no such node. */
  node(number: number): NodeRecord {
    const node = this.#record.nodes.find((each) => each.number === number);
    if (node === undefined) {
      const numbers = this.#record.nodes.map((each) => each.number);
      throw new Fault("invalid_argument", `There is no node ${number}; this testnet has nodes ${numbers.join(", ")}.`);
    }
    return node;
  }

  async views(): Promise<readonly NodeView[]> {
    return await viewNodes(this, this.#record);
  }

  /** Starts every node that does not run. Throws `port_in_use` before any is started. */
  async start(): Promise<void> {
    const idle = this.#record.nodes.filter(({ number }) => findProcess(this.dir, number) === undefined);
    if (this.#record.netns === null) await claimPorts(idle, loopback);
    else {
      checkNetns();
      this.#layCables(this.#record.netns);
    }
    for (const node of idle) await this.#start(node);
  }

  /** One node more, with a file of its own; the others' files name it from their next start on. */
  async add(): Promise<NodeRecord> {
    const [node] = await this.#addNodes(1);
    if (node === undefined) throw new Fault("testnet_failed", "no node was added");
    if (this.#record.netns !== null) this.#layCables(this.#record.netns);
    await this.#start(node);
    return node;
  }

  /** kill -9. Throws `invalid_argument` where it does not run. */
  async kill(number: number): Promise<void> {
    this.node(number);
    if (!(await killNode(this.dir, number))) throw notRunning(number);
  }

  pause(number: number): void {
    this.node(number);
    if (!signalNode(this.dir, number, "SIGSTOP")) throw notRunning(number);
  }

  /** Also tells it of the wishes that came while it slept. */
  async resume(number: number): Promise<void> {
    const node = this.node(number);
    if (!signalNode(this.dir, number, "SIGCONT")) throw notRunning(number);
    await setFaults(this, node, this.#faultsOf(node));
  }

  /** Stops it politely where it runs, then starts it. */
  async restart(number: number): Promise<void> {
    const node = this.node(number);
    await stopNode(this.dir, number);
    await this.#start(node);
  }

  /** A new store under the old identity, which the other nodes' files name. */
  async wipe(number: number): Promise<void> {
    const node = this.node(number);
    await stopNode(this.dir, number);
    const dataDir = dataDirOf(this.dir, number);
    const kept = new Set(["identity.key", "api-token", ".gitignore"]);
    for (const name of readdirSync(dataDir))
      if (!kept.has(name)) rmSync(join(dataDir, name), { recursive: true, force: true });
    await this.#start(node);
  }

  /** Puts wishes in force on every node. */
  async wish(change: (wishes: Wishes) => Wishes): Promise<void> {
    this.#keep({ ...this.#record, wishes: change(this.#record.wishes) });
    if (this.#record.netns !== null) this.#layCables(this.#record.netns);
    await Promise.all(this.#record.nodes.map((node) => setFaults(this, node, this.#faultsOf(node))));
  }

  async partition(groups: Wishes["groups"]): Promise<void> {
    for (const number of groups.flat()) this.node(number);
    await this.wish((wishes) => ({ ...wishes, groups }));
  }

  /**
   * Ends the partition, or everything that was wished. The nodes are then asked to dial those they
   * were cut off from: left alone they would wait for the time that failed dials had grown to.
   */
  async heal(all: boolean): Promise<void> {
    const { wishes: before, nodes } = this.#record;
    await this.wish((wishes) => (all ? { ...noWishes, seed: wishes.seed } : { ...wishes, groups: [] }));
    const runs = nodes.filter(({ number }) => findProcess(this.dir, number)?.state === "running");
    const lost = runs.flatMap((from) =>
      runs
        .filter((to) => from.number < to.number && areCut(before, from.number, to.number))
        .map((to) => ({ from, to })),
    );
    await Promise.all(lost.map(async ({ from, to }) => await dialFrom(this, from, addressOf(to))));
  }

  /** Resolves when every node that runs has all links it can have. Throws `testnet_failed` with what is missing. */
  async untilLinked(onProgress: (progress: Progress) => void): Promise<void> {
    await this.#until(onProgress, ({ links, linksWanted }) => links >= linksWanted);
  }

  /** Resolves when every node that runs answers, whatever links it has. */
  async untilReady(onProgress: (progress: Progress) => void): Promise<void> {
    await this.#until(onProgress, () => true);
  }

  async #until(onProgress: (progress: Progress) => void, isEnough: (progress: Progress) => boolean): Promise<void> {
    const began = performance.now();
    for (;;) {
      const views = await this.views();
      const progress = progressOf(views, performance.now() - began);
      onProgress(progress);
      if (progress.ready === progress.nodes && isEnough(progress)) return;
      this.#refuseEnded(views);
      if (progress.elapsedMs > linkedMsMax)
        throw new Fault(
          "testnet_failed",
          `After ${linkedMsMax / 1_000} s ${progress.ready} of ${progress.nodes} nodes are ready and ${progress.links} of ${progress.linksWanted} links stand. Look at p2p-sync testnet status and logs.`,
        );
      await wait(Math.min(500, 40 + 10 * progress.nodes)); // many nodes have better things to do than to answer
    }
  }

  /** Stops all nodes; resolves with how many ran. */
  async down(): Promise<number> {
    const ends = await Promise.all(this.#record.nodes.map(({ number }) => stopNode(this.dir, number)));
    if (this.#record.netns !== null) removeNamespaces(this.#record.netns);
    return ends.filter((end) => end !== "was not running").length;
  }

  /** Removes what the testnet has made, and the folder where nothing else is in it; true if so. */
  wipeFolder(): boolean {
    for (const { number } of this.#record.nodes) rmSync(configFileOf(this.dir, number), { force: true });
    for (const folder of folders) rmSync(join(this.dir, folder), { recursive: true, force: true });
    rmSync(recordFileOf(this.dir), { force: true });
    if (readdirSync(this.dir).length > 0) return false;
    rmdirSync(this.dir);
    return true;
  }

  async #addNodes(count: number): Promise<readonly NodeRecord[]> {
    const { bases, nodes } = this.#record;
    const first = Math.max(0, ...nodes.map(({ number }) => number)) + 1;
    const last = first + count - 1;
    if (last > nodesMax) throw new Fault("invalid_argument", `A testnet has at most ${nodesMax} nodes.`);
    const { netns } = this.#record;
    const plan = planPorts(first, last, bases.p2p, bases.http);
    const ports = netns === null ? await claimPorts(plan, loopback) : plan;
    for (const folder of folders) makeFolder(join(this.dir, folder));
    const added = ports.map(({ p2p, http }, place): NodeRecord => {
      const number = first + place;
      return {
        number,
        peer: identityIn(dataDirOf(this.dir, number)).peer,
        p2p,
        http,
        host: netns === null ? loopback : addressIn(netns, number),
      };
    });
    this.#keep({ ...this.#record, nodes: [...nodes, ...added] });
    writeConfigFiles(this.dir, this.#record);
    return added;
  }

  async #start(node: NodeRecord): Promise<void> {
    const dataDir = dataDirOf(this.dir, node.number);
    rmSync(faultUrlFile(dataDir), { force: true }); // of a process that was killed
    writeFaultFile(dataDir, this.#faultsOf(node));
    const { netns } = this.#record;
    const wrap = netns === null ? [] : ["ip", "netns", "exec", namespaceOf(netns, node.number)];
    await startProcess(this.dir, node.number, this.#environment, wrap);
  }

  #faultsOf(node: NodeRecord): ReturnType<typeof faultSetOf> {
    const { wishes, nodes, netns } = this.#record;
    return faultSetOf(node.number, netns === null ? wishes : { ...wishes, groups: [] }, nodes);
  }

  /** Namespaces for all nodes, and at their bridge the cuts that are wished. */
  #layCables(netns: NetnsRecord): void {
    const { nodes, wishes } = this.#record;
    const numbers = nodes.map(({ number }) => number);
    ensureNamespaces(netns, numbers);
    const pairs = numbers.flatMap((a) =>
      numbers.filter((b) => a < b && areCut(wishes, a, b)).map((b) => [a, b] as const),
    );
    cutLinks(netns, pairs);
  }

  #keep(record: TestnetRecord): void {
    writeRecord(this.dir, record);
    this.#record = record;
  }

  /** A node that has just been started and is gone again has said why. */
  #refuseEnded(views: readonly NodeView[]): void {
    const ended = views.filter(({ node, state }) => state === "stopped" && existsSync(pidFileOf(this.dir, node)));
    const [first] = ended;
    if (first === undefined) return;
    const words = lastLines(logFileOf(this.dir, first.node), 3).join(" / ");
    throw new Fault(
      "testnet_failed",
      `Node ${first.node} has ended: ${words}. Its log: ${logFileOf(this.dir, first.node)}`,
    );
  }
}

function progressOf(views: readonly NodeView[], elapsedMs: number): Progress {
  const running = views.filter(({ state }) => state === "running" || state === "silent");
  const ready = running.filter(({ state }) => state === "running");
  return {
    ready: ready.length,
    nodes: running.length,
    links: Math.floor(ready.reduce((sum, { links }) => sum + (links ?? 0), 0) / 2),
    linksWanted: Math.floor(running.reduce((sum, { linksWanted }) => sum + linksWanted, 0) / 2),
    elapsedMs,
  };
}

function checkNetns(): void {
  const missing = missingForNetns();
  if (missing !== undefined) throw new Fault("testnet_failed", `Network namespaces cannot be used: ${missing}.`);
}

function notRunning(number: number): Fault {
  return new Fault("invalid_argument", `Node ${number} does not run. Start it: p2p-sync testnet restart ${number}.`);
}
