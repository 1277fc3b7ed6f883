/**
 * A node that runs: data folder, replica's thread, network driver and observers wired together.
 *
 * Started in dependency order (folder and lock, store and replica, network), stopped in reverse:
 * goodbyes are said, links closed, the store closed, the lock released. What the replica orders
 * is carried out here; what the network reports is handed to it.
 */
// tidy: long because it wires the parts of a node together, and each question of the facade goes to one of them
import { createHash } from "node:crypto";
import type { Instant, NetworkId } from "../base/brand.ts";
import { familyRefusal } from "../base/address-family.ts";
import { Fault } from "../base/fault.ts";
import { isDialableAddress, isPeerAlone } from "../config/text-formats.ts";
import { networkDescriptor } from "../config/network-descriptor.ts";
import { limitOf } from "../config/size-value.ts";
import { type Config, settings } from "../config/settings.ts";
import { createLibp2pDriver } from "../drivers/libp2p/driver.ts";
import type { NetworkFaults } from "../drivers/faults/network-faults.ts";
import type { NetworkDriver } from "../drivers/libp2p/driver-types.ts";
import { Metrics } from "../drivers/observe/metrics.ts";
import { Observer } from "../drivers/observe/observer.ts";
import { type DataFolder, openDataFolder } from "../drivers/storage/data-folder.ts";
import { SqliteReader } from "../drivers/storage/sqlite-reader.ts";
import { collectGarbage } from "../drivers/system/collect-garbage.ts";
import type { NetworkEvent, NetworkOrder } from "../ports/network.ts";
import type {
  ConflictEntry,
  Entry,
  EventOptions,
  EventType,
  Explanation,
  Health,
  Info,
  KeyProof,
  KeyWriteOptions,
  ListOptions,
  NodeEvent,
  NodeFacade,
  NodeState,
  PeerStatus,
  Receipt,
  RunningNode,
  Status,
  Watch,
  WatchOptions,
  WriteOp,
  WriteOptions,
} from "./facade.ts";
import { abortable } from "./abortable.ts";
import { Border } from "./border.ts";
import { eventQueue, eventsQueuedMax, onlyOf } from "./event-queue.ts";
import type { Convergence, ConvergenceOptions, KeyExplanation, Partition } from "./insight.ts";
import { type NodeFaults, openFaults } from "./faults.ts";
import type { Diagnosis } from "./doctor/diagnosis.ts";
import type { NetCheck } from "./netcheck.ts";
import { type Reload, type Takers, reloadConfig } from "./live-settings.ts";
import { MemoryBudget } from "./memory/budget.ts";
import { NodeMapping } from "./node-mapping.ts";
import {
  driverOptionsOf,
  liveDriverOptionsOf,
  liveOptionsOf,
  loggerOf,
  memoryPlanOf,
  threadOptionsOf,
} from "./node-options.ts";
import { OldEntries } from "./old-entries.ts";
import { type AskedNode, Questions } from "./questions.ts";
import { PeerControl } from "./peer-control.ts";
import { Reports } from "./reports.ts";
import { ReplicaClient } from "./replica-client.ts";
import type { SpentTime } from "./step-costs.ts";
import type { OutwardEffect } from "./turn.ts";
import { programVersion } from "./version.ts";
import { type Page, Reads } from "./reads.ts";
import { mdnsBlocked } from "./mdns-words.ts";
import { wordsOfMissing } from "./missing-transport.ts";
import { infoOf } from "./node-status.ts";
import { WatchHub } from "./watch-hub.ts";
import { conditionsIn, receiptOf, refusalOf, wishOf, writtenOps } from "./write-request.ts";

/** Throws a `Fault` that says what kept the node from starting; nothing is left open then. */
export async function createRunningNode(config: Config): Promise<RunningNode> {
  const folder = openDataFolder(config.dataDir);
  let node: LiveNode | undefined;
  try {
    node = new LiveNode(config, folder);
    await node.start();
    return node;
  } catch (error) {
    await node?.end(undefined);
    folder.release();
    throw error;
  }
}

class LiveNode implements NodeFacade, RunningNode {
  readonly facade: NodeFacade = this;
  readonly apiToken: string;
  readonly stopped: Promise<Fault | undefined>;
  readonly #folder: DataFolder;
  readonly #network: NetworkId;
  readonly #metrics = new Metrics();
  readonly #observer: Observer;
  readonly #border: Border;
  readonly #memory: MemoryBudget;
  readonly #faults: NodeFaults;
  /** Between the driver and the rest of the node. */
  readonly #wire: NetworkFaults;
  readonly #startedAt = Date.now() as Instant;
  readonly #asked: AskedNode = {
    client: () => this.#running(this.#client),
    reader: () => this.#running(this.#reader),
    self: () => this.#running(this.#driver).peerId,
    peers: () => this.peers(),
    links: () => this.#running(this.#driver).links(),
    closed: () => this.#border.closed(),
    configuredPeers: () => this.#config.p2pDial.length,
    config: () => this.#config,
    announced: () => this.#running(this.#driver).addresses(),
    mdnsFailure: () => this.#border.mdnsFailure ?? mdnsBlocked(this.#running(this.#driver).mdnsHealth()),
    missingTransports: () => this.#border.missingTransports,
    mdnsHealth: () => this.#running(this.#driver).mdnsHealth(),
    mapping: () => this.#mapping.state,
    relaying: () => this.#running(this.#driver).relaying(),
    handshakesSince: (since) => this.#border.handshakesSince(since),
    horizonDays: () => this.#config.networkHorizonDays,
    upSeconds: () => (Date.now() - this.#startedAt) / 1_000,
  };
  readonly #mapping = new NodeMapping((state) => this.#observer.log("net", "info", "port mapping", { ...state }));
  readonly #questions = new Questions(this.#asked);
  readonly #reports = new Reports({
    client: this.#asked.client,
    reader: this.#asked.reader,
    driver: () => this.#running(this.#driver),
    border: () => this.#border,
    config: () => this.#config,
    metrics: this.#metrics,
    memory: () => this.#memory,
    state: () => this.#state,
    dataDir: () => this.#folder.path,
    network: (snapshot) => this.#questions.network(snapshot),
  });
  readonly #takers: Takers = {
    log: (_, after) => this.#observer.useLogger(loggerOf(after)),
    replica: (_, after) => this.#tellOptions(after),
    network: (_, after) => this.#running(this.#driver).adjust(liveDriverOptionsOf(after)),
    links: (_, after) => {
      this.#running(this.#driver).adjust(liveDriverOptionsOf(after));
      this.#tellOptions(after);
    },
    memory: (_, after) => this.#memory.limitTo(limitOf(settings.limitsMaxMemory, after.limitsMaxMemory)),
    dials: (before, after) => this.#redial(before.p2pDial, after.p2pDial),
  };
  readonly #reads = new Reads(() => this.#running(this.#reader));
  readonly stale: OldEntries = new OldEntries(this.#asked, (target) => this.#questions.whyHere(target));
  readonly peerControl: PeerControl = new PeerControl(this.#asked, (target) => this.#questions.whyHere(target));
  #config: Config;
  #client: ReplicaClient | undefined;
  #driver: NetworkDriver | undefined;
  #reader: SqliteReader | undefined;
  #hub: WatchHub | undefined;
  #httpUrl: string | undefined;
  #state: NodeState = "Starting";
  #ending: Promise<void> | undefined;
  /** Why the node ends, where it did not choose to; also one met while it was stopping. */
  #fault: Fault | undefined;
  readonly #gone = new AbortController();
  #resolveStopped: (fault: Fault | undefined) => void = () => undefined;

  constructor(config: Config, folder: DataFolder) {
    this.#config = config;
    this.#folder = folder;
    this.apiToken = folder.apiToken;
    this.#network = createHash("sha256").update(networkDescriptor(config)).digest("hex") as NetworkId;
    this.#observer = new Observer(loggerOf(config), this.#metrics);
    this.#border = new Border(this.#observer, this.#metrics);
    this.#memory = new MemoryBudget(limitOf(settings.limitsMaxMemory, config.limitsMaxMemory), {
      pace: (bytesPerSecond) => this.#driver?.pace(bytesPerSecond),
      relieve: () => this.#relieve(),
      changed: (level, usedBytes, limitBytes) => this.#border.memory(level, usedBytes, limitBytes),
    });
    this.#faults = openFaults(config, folder, process.env);
    this.#wire = this.#faults.connect({
      carryOut: (order) => this.#driver?.carryOut(order),
      taken: (link, bytes) => this.#driver?.taken(link, bytes),
      hear: (event) => this.#hear(event),
      onFact: (fact) => this.#border.fact(fact),
    });
    this.stopped = new Promise((resolve) => (this.#resolveStopped = resolve));
  }

  async start(): Promise<void> {
    const config = this.#config;
    this.#observer.log("node", "info", "starting", {
      version: programVersion,
      node: process.version,
      network: config.networkName,
      dataDir: config.dataDir,
    });
    const plan = memoryPlanOf(config);
    this.#client = await ReplicaClient.start(
      threadOptionsOf(config, this.#folder, this.#network, plan, this.#faults.thread),
      plan,
      {
        onEffects: (effects, wrote) => this.#carryOut(effects, wrote),
        onTaken: (taken) => taken.forEach(({ link, bytes }) => this.#driver?.taken(link, bytes)),
        onSpent: (spent) => this.#charge(spent),
        onFailure: (fault) => void this.end(fault),
      },
    );
    this.#reader = new SqliteReader(this.#folder.storePath, plan.cacheMiB);
    this.#hub = new WatchHub(this.#reader.log);
    this.#driver = await createLibp2pDriver(
      driverOptionsOf(config, this.#folder, this.#network, plan, {
        onEvent: (event) => this.#wire.hear(event),
        onFact: (fact) => this.#border.fact(fact),
      }),
    );
    this.#mustGoOn();
    await this.#driver.start();
    this.#mapping.start(config, this.#driver);
    this.#mustGoOn();
    await this.#faults.serve((faults) => this.#client?.setFaults(faults));
    this.#mustGoOn();
    this.#enter("Listening");
    for (const address of config.p2pDial)
      this.#hear({ type: "candidateFound", address, peer: undefined, source: "static" });
    this.#enter("Discovering");
    await this.#memory.start();
    this.#mustGoOn();
    this.#observer.log("node", "info", "listening", { peer: this.#driver.peerId, addresses: this.#driver.addresses() });
  }

  /** A fault may have ended the node while it was starting. */
  #mustGoOn(): void {
    if (this.#ending !== undefined) throw this.#fault ?? new Fault("stopping", "the node was stopped while it started");
  }

  announceHttp(url: string): void {
    this.#httpUrl = url;
  }

  applyConfig(wanted: Config): Reload {
    const reload = reloadConfig(this.#config, wanted, this.#takers);
    this.#config = reload.config;
    this.#border.reloaded(reload.changes);
    return reload;
  }

  put(key: string, value: Uint8Array, options: KeyWriteOptions = {}): Promise<Receipt> {
    return this.batch([{ type: "put", key, value, ...conditionsIn(options) }], options);
  }

  delete(key: string, options: KeyWriteOptions = {}): Promise<Receipt> {
    return this.batch([{ type: "delete", key, ...conditionsIn(options) }], options);
  }

  async batch(ops: readonly WriteOp[], options: WriteOptions = {}): Promise<Receipt> {
    options.signal?.throwIfAborted();
    const written = writtenOps(ops, options); // copied before anything waits
    if (this.#memory.level !== "ok") await this.#memory.admit(ops.some(({ type }) => type === "put"));
    const started = performance.now();
    const asked = this.#running(this.#client).ask({
      type: "writeRequested",
      ops: written,
      wish: wishOf(options),
    });
    const outcome = await abortable(asked, options.signal);
    this.#metrics.observe("write_seconds", (performance.now() - started) / 1000);
    return receiptOf(outcome, ops, options);
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.#reads.get(key);
  }

  async page(options: ListOptions = {}): Promise<Page> {
    return this.#reads.page(options);
  }

  list(options: Omit<ListOptions, "limit"> = {}): AsyncIterable<Entry> {
    return this.#reads.list(options);
  }

  watch(options: WatchOptions = {}): Watch {
    return this.#running(this.#hub).watch(options);
  }

  async conflicts(
    options: { readonly prefix?: string; readonly limit?: number } = {},
  ): Promise<readonly ConflictEntry[]> {
    return this.#reads.conflicts(options);
  }

  peers(): readonly PeerStatus[] {
    return this.#border.peers();
  }

  why(target: string): Promise<Explanation> {
    return this.#questions.why(target);
  }

  async prove(key: string): Promise<KeyProof> {
    await this.#memory.admit(true);
    return this.#questions.prove(key);
  }

  converged(options: ConvergenceOptions = {}): Promise<Convergence> {
    return this.#questions.converged({ ...options, signal: this.#untilGone(options.signal) });
  }

  explain(key: string): Promise<KeyExplanation> {
    return this.#questions.explain(key);
  }

  partitions(): Promise<readonly Partition[]> {
    return this.#questions.partitions();
  }

  status(): Promise<Status> {
    return this.#reports.status();
  }

  info(): Info {
    const driver = this.#running(this.#driver);
    return infoOf(driver, {
      network: { name: this.#config.networkName, id: this.#network },
      http: this.#httpUrl,
      dataDir: this.#folder.path,
      startedAt: this.#startedAt,
      strangers: this.#border.strangers,
      transports: this.#config.p2pTransports,
      missingTransports: this.#border.missingTransports.map(wordsOfMissing),
    });
  }

  health(): Promise<Health> {
    return this.#reports.health();
  }

  netcheck(): Promise<NetCheck> {
    return this.#questions.netcheck();
  }

  doctor(): Promise<Diagnosis> {
    return this.#questions.doctor(async () => (await this.status()).limits);
  }

  async dial(address: string): Promise<void> {
    if (!isDialableAddress(address) && !isPeerAlone(address))
      throw new Fault(
        "invalid_address",
        `${JSON.stringify(address.slice(0, 200))} is not an address this node can dial; a form like /ip4/192.168.1.5/tcp/4001 is, and so is /p2p/<peer id>`,
      );
    const refusal = familyRefusal(address, this.#config.p2pFamily);
    if (refusal !== undefined) throw new Fault("invalid_address", `${address}: ${refusal}`, { address });
    const outcome = await this.#running(this.#client).ask({ type: "dialRequested", address });
    if (outcome.type !== "done") throw refusalOf(outcome);
  }

  repairClock(): Promise<{ readonly reissued: number }> {
    return this.#questions.repairClock();
  }

  metrics(): Promise<string> {
    return this.#reports.metrics();
  }

  events<Type extends EventType = EventType>({ types, signal }: EventOptions<Type> = {}): AsyncIterable<
    NodeEvent<Type>
  > {
    this.#running(this.#driver);
    const onEvent = (listener: (event: NodeEvent<Type>) => void): (() => void) => this.onEvent(onlyOf(types, listener));
    return eventQueue<NodeEvent<Type>>(onEvent, eventsQueuedMax, this.#untilGone(signal));
  }

  onEvent(listener: (event: NodeEvent) => void): () => void {
    return this.#observer.onEvent(listener);
  }

  stop(reason = "stopped"): Promise<void> {
    this.#observer.log("node", "info", "stopping", { reason });
    return this.end(undefined);
  }

  /** Stops everything once; `fault` is why, where the node did not choose to. */
  end(fault: Fault | undefined): Promise<void> {
    if (fault !== undefined && this.#fault === undefined) {
      this.#fault = fault;
      this.#observer.log("node", "fatal", fault.message, { code: fault.code, ...fault.details });
    }
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** In the opposite order of the start; a step that fails keeps none of the others from being taken. */
  async #end(): Promise<void> {
    const steps: readonly (() => unknown)[] = [
      () => (this.#fault === undefined ? this.#client?.ask({ type: "stopRequested" }) : undefined),
      () => this.#memory.stop(),
      () => this.#faults.close(),
      () => this.#hub?.close(),
      () => this.#gone.abort(),
      () => Promise.all([this.#mapping.stop(), this.#driver?.stop()]),
      () => this.#reader?.close(), // before the writer, whose close as the last one folds the log into the store
      () => this.#client?.close(),
      () => this.#folder.release(),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        if (!(error instanceof Fault && error.code === "stopping"))
          this.#observer.log("node", "error", "a step of stopping failed", { error: String(error) });
      }
    }
    this.#resolveStopped(this.#fault);
  }

  /** Who costs the replica much is read more slowly. */
  #charge(spent: readonly SpentTime[]): void {
    for (const { peer, ms } of spent) {
      this.#driver?.spent(peer, ms);
      this.#metrics.count("peers_replica_seconds_total", {}, ms / 1_000);
    }
  }

  #hear(event: NetworkEvent): void {
    if (this.#config.testDropFrontier && event.type === "frameReceived" && event.protocol === "frontier")
      return this.#driver?.taken(event.link, event.frame.length);
    if (event.type === "addressesChanged") this.#mapping.lookAgain();
    if (event.type !== "drained") this.#client?.tell(event); // pulls are paced by their own window
  }

  #carryOut(effects: readonly Exclude<OutwardEffect, { type: "answer" }>[], wrote: boolean): void {
    for (const effect of effects) {
      if (effect.type === "network") this.#order(effect.order);
      else if (effect.type === "viewWanted") this.#questions.giveView(effect);
      else this.#border.effect(effect);
    }
    if (wrote) this.#hub?.wake();
  }

  #order(order: NetworkOrder): void {
    if (this.#config.testDropFrontier && order.type === "send" && order.protocol === "frontier") return;
    this.#wire.carryOut(order);
  }

  #tellOptions(config: Config): void {
    this.#running(this.#client).tell({ type: "optionsChanged", options: liveOptionsOf(config) });
  }

  /** Addresses that are named no more are not dialed any more; links that stand stay. */
  #redial(before: readonly string[], after: readonly string[]): void {
    for (const address of after)
      if (!before.includes(address)) this.#hear({ type: "candidateFound", address, peer: undefined, source: "static" });
    for (const target of before)
      if (!after.includes(target)) void this.#running(this.#client).ask({ type: "forgetRequested", target });
  }

  async #relieve(): Promise<void> {
    this.#reader?.shrink();
    collectGarbage();
    await this.#client?.relieve();
  }

  #enter(state: NodeState): void {
    this.#state = state;
    this.#observer.emit({ type: "nodeState", at: Date.now() as Instant, detail: { state } });
  }

  /** Comes when the caller or the node is gone. */
  #untilGone(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#gone.signal : AbortSignal.any([signal, this.#gone.signal]);
  }

  #running<T>(part: T | undefined): T {
    if (part === undefined || this.#ending !== undefined) throw new Fault("stopping", "the node is shutting down");
    return part;
  }
}
