/**
 * A node in memory with no network and no disk, for tests of what stands on the facade. It keeps
 * the facade's contract where callers can see it: bounds, fault codes, positions, paging, ends
 * of streams. Tests reach behind it through `control`.
 */
// tidy: long because it is one class with a short method for each of the many things a facade can be asked
import { createHash } from "node:crypto";
import type { Author, BatchId, Instant, PeerId, Stamp } from "../../src/base/brand.ts";
import { toHex } from "../../src/base/bytes.ts";
import { Fault } from "../../src/base/fault.ts";
import type {
  Change,
  Entry,
  EventOptions,
  EventType,
  Health,
  HealthCheck,
  Info,
  KeyProof,
  KeyWriteOptions,
  ConflictEntry,
  Explanation,
  LimitStatus,
  ListOptions,
  NetworkHealth,
  NodeEvent,
  NodeFacade,
  PeerStatus,
  Receipt,
  Status,
  ToldView,
  Watch,
  WatchOptions,
  WriteOp,
  WriteOptions,
} from "../../src/node/facade.ts";

import type { Convergence, KeyExplanation, KeyHolder, LivingVersion, Partition } from "../../src/node/insight.ts";
import { eventQueue, eventsQueuedMax, onlyOf } from "../../src/node/event-queue.ts";
import type { Diagnosis } from "../../src/node/doctor/diagnosis.ts";
import type { NetCheck } from "../../src/node/netcheck.ts";
import type { Arrival } from "../../src/ports/store.ts";
import { quietNetwork } from "./quiet-network.ts";
import { MemoryPeers } from "./memory-peers.ts";
import { MemoryStale } from "./memory-stale.ts";
import { checkCondition, checkKey, checkOp, conditionsIn, placeBehind } from "./memory-checks.ts";
import { ProvenSet, tombstoneOp, valueOp } from "./proven-set.ts";

export const memoryPeerId = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf" as PeerId;
const startedAt = Date.UTC(2026, 0, 2, 3, 4, 5) as Instant;

export interface MemoryControl {
  readonly changes: Change[];
  /** Changes up to this position cannot be told any more. */
  forgotten: number;
  readonly conflicts: ConflictEntry[];
  convergence: Convergence;
  partitions: readonly Partition[];
  readonly stale: MemoryStale;
  readonly peersRuled: MemoryPeers;
  /** What `explain` tells of every key beside its entry. */
  arrival: Arrival | undefined;
  holders: readonly KeyHolder[];
  readonly dialed: string[];
  network: NetworkHealth;
  netcheck: NetCheck;
  diagnosis: Diagnosis;
  /** What others say to `why`. */
  views: readonly ToldView[];
  limits: readonly LimitStatus[];
  readonly writes: WriteOptions[];
  peers: PeerStatus[];
  checks: HealthCheck[];
  http: string | undefined;
  stopped: string | undefined;
  /** Thrown by the next call, whichever it is. */
  failNext: unknown;
  emit(event: NodeEvent): void;
  listeners(): number;
  watchers(): number;
  /** A change as if another member had written it. */
  arrive(key: string, value: Uint8Array | undefined, author: PeerId): void;
}

export interface MemoryNode {
  readonly facade: NodeFacade;
  readonly control: MemoryControl;
}

export function createMemoryNode(): MemoryNode {
  const node = new MemoryFacade();
  return { facade: node, control: node.control };
}

class MemoryFacade implements NodeFacade {
  readonly #entries = new Map<string, Entry>();
  readonly #deleted = new Set<string>();
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  readonly #wakes = new Set<() => void>();
  #stamp = 1_700_000_000_000_000;

  readonly control: MemoryControl = {
    changes: [],
    forgotten: 0,
    conflicts: [],
    arrival: { at: startedAt, via: { type: "own" } },
    peersRuled: new MemoryPeers(),
    stale: new MemoryStale((key, value) => void this.put(key, value)),
    holders: [],
    partitions: [],
    convergence: {
      converged: false,
      waitedMs: 0,
      prefix: undefined,
      entries: 0,
      root: "ab".repeat(32),
      heldBack: 0,
      full: undefined,
      members: [],
      notReachable: [],
    },
    dialed: [],
    views: [],
    netcheck: quietNetwork,
    diagnosis: { status: "ok", areas: [], causes: [] },
    network: { level: "healthy", causes: [], linked: 0, known: 0 },
    limits: [{ setting: "limits.max_disk", unit: "bytes", used: 4_096, limit: undefined, state: "ok", message: "" }],
    writes: [],
    peers: [],
    checks: [{ name: "storage", status: "ok", message: "writes reach the disk" }],
    http: undefined,
    stopped: undefined,
    failNext: undefined,
    emit: (event) => this.#listeners.forEach((listener) => listener(event)),
    listeners: () => this.#listeners.size,
    watchers: () => this.#wakes.size,
    arrive: (key, value, author) =>
      this.#apply(value === undefined ? { type: "delete", key } : { type: "put", key, value }, author),
  };

  readonly stale: MemoryStale = this.control.stale;
  readonly peerControl: MemoryPeers = this.control.peersRuled;

  put(key: string, value: Uint8Array, options: KeyWriteOptions = {}): Promise<Receipt> {
    const { ttlSeconds, ifMatch, ifNoneMatch, ...rest } = options;
    const ttl = ttlSeconds === undefined ? {} : { ttlSeconds };
    return this.batch([{ type: "put", key, value, ...ttl, ...conditionsIn({ ifMatch, ifNoneMatch }) }], rest);
  }

  delete(key: string, { ifMatch, ifNoneMatch, ...rest }: KeyWriteOptions = {}): Promise<Receipt> {
    return this.batch([{ type: "delete", key, ...conditionsIn({ ifMatch, ifNoneMatch }) }], rest);
  }

  async batch(ops: readonly WriteOp[], options: WriteOptions = {}): Promise<Receipt> {
    this.#maybeFail();
    options.signal?.throwIfAborted();
    for (const op of ops) checkOp(op);
    if (ops.length === 0 || ops.length > 1_000 || new Set(ops.map((op) => op.key)).size !== ops.length) {
      throw new Fault("invalid_batch", "A batch has 1 to 1,000 operations on different keys.", { ops: ops.length });
    }
    for (const op of ops) checkCondition(op, this.#entries.get(op.key)?.etag);
    this.control.writes.push(options);
    for (const op of ops) this.#apply(op, memoryPeerId);
    const copies = options.copies ?? 1;
    const holders = this.control.peers.flatMap(({ id }) => (id === undefined ? [] : [id])).slice(0, copies);
    if (options.certainty === "shared" && holders.length < copies) {
      throw new Fault("not_shared", `Only ${holders.length} of ${copies} members confirmed the write.`, {
        holders,
        missing: copies - holders.length,
      });
    }
    const batch = createHash("sha256").update(String(this.#stamp)).digest("hex") as BatchId;
    return {
      batch,
      stamp: this.#stamp as Stamp,
      certainty: options.certainty ?? "local",
      holders: options.certainty === "shared" ? holders : [],
      ...(ops.length === 1 && ops[0]?.type === "put" && { etag: this.#stamp.toString(16) }),
    };
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#maybeFail();
    return this.#entries.get(key);
  }

  async page(options: ListOptions = {}): Promise<{ entries: readonly Entry[]; next: string | undefined }> {
    this.#maybeFail();
    const { prefix = "", after, limit = 100 } = options;
    const found = [...this.#entries.values()]
      .filter(({ key }) => key.startsWith(prefix) && (after === undefined || key > after))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const entries = found.slice(0, limit);
    return { entries, next: found.length > limit ? entries.at(-1)?.key : undefined };
  }

  async why(target: string): Promise<Explanation> {
    this.#maybeFail();
    const words = { cause: "unknown", conclusion: "Never heard of it.", next: "Dial it." };
    return { target, peer: undefined, ...words, facts: [], views: this.control.views };
  }

  /** Every entry as a batch of its own, all by one author. */
  async prove(key: string): Promise<KeyProof> {
    this.#maybeFail();
    checkKey(key);
    const set = new ProvenSet();
    for (const [each, entry] of this.#entries) set.write([valueOp(each, entry.value)]);
    for (const each of this.#deleted) set.write([tombstoneOp(each)]);
    return { root: toHex(set.root), count: set.count, proof: set.prove(key) };
  }

  async converged(): Promise<Convergence> {
    this.#maybeFail();
    return this.control.convergence;
  }

  async explain(key: string): Promise<KeyExplanation> {
    this.#maybeFail();
    checkKey(key);
    const entry = this.#entries.get(key);
    if (entry === undefined) return { key, state: "neverSeen", version: undefined, holders: [], conflicts: [] };
    const version: LivingVersion = {
      kind: "value",
      value: entry.value,
      sizeBytes: entry.value.length,
      writer: entry.author,
      stamp: entry.stamp,
      batch: "ab".repeat(32) as BatchId,
      sequence: 1,
      batchOps: 1,
      replaces: undefined,
      expiresAt: entry.expiresAt,
      arrival: this.control.arrival,
    };
    return { key, state: "living", version, holders: this.control.holders, conflicts: this.control.conflicts };
  }

  async partitions(): Promise<readonly Partition[]> {
    this.#maybeFail();
    return this.control.partitions;
  }

  async conflicts(): Promise<readonly ConflictEntry[]> {
    this.#maybeFail();
    return this.control.conflicts;
  }

  async *list(options: Omit<ListOptions, "limit"> = {}): AsyncGenerator<Entry> {
    options.signal?.throwIfAborted();
    yield* (await this.page({ ...options, limit: this.#entries.size + 1 })).entries;
  }

  watch({ prefix = "", after, signal }: WatchOptions = {}): Watch {
    const place = { position: placeBehind(after, this.control.changes.length, this.control.forgotten) };
    const changes = this.#changes(place, prefix, signal);
    return {
      get cursor() {
        return String(place.position);
      },
      [Symbol.asyncIterator]: () => changes,
    };
  }

  async *#changes(
    place: { position: number },
    prefix: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Change> {
    this.#maybeFail();
    let wake = (): void => undefined;
    const onWake = (): void => wake();
    this.#wakes.add(onWake);
    signal?.addEventListener("abort", onWake);
    try {
      while (signal?.aborted !== true) {
        const change = this.control.changes[place.position];
        if (change === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        place.position = change.position;
        if (change.key.startsWith(prefix)) yield change;
      }
    } finally {
      this.#wakes.delete(onWake);
    }
  }

  peers(): readonly PeerStatus[] {
    return this.control.peers;
  }

  async status(): Promise<Status> {
    this.#maybeFail();
    return {
      peerId: memoryPeerId,
      network: "p2p-sync",
      state: "Discovering",
      entries: this.#entries.size,
      root: "ab".repeat(32),
      peers: this.control.peers.length,
      heldBack: 0,
      sync: undefined,
      uptimeSeconds: 61,
      clock: { offsetMs: undefined, refusingWrites: false },
      conflicts: 0,
      networkHealth: this.control.network,
      age: this.control.stale.told.age,
      setAside: this.control.stale.aside.length,
      limits: this.control.limits,
      counters: {
        total_connections: 0,
        active_connections: 0,
        messages_sent: 0,
        messages_received: 0,
        bytes_sent: 0,
        bytes_received: 0,
        blocks_propagated: 0,
        transactions_propagated: 0,
      },
    };
  }

  info(): Info {
    return {
      version: "0.0.0",
      nodeVersion: process.versions.node,
      peerId: memoryPeerId,
      author: "cd".repeat(32) as Author,
      network: { name: "p2p-sync", id: "ef".repeat(32) },
      p2p: [`/ip4/127.0.0.1/tcp/4001/p2p/${memoryPeerId}`],
      http: this.control.http,
      dataDir: "/nowhere",
      startedAt,
      strangers: 2,
      transports: ["tcp", "quic"],
      missingTransports: [],
    };
  }

  async netcheck(): Promise<NetCheck> {
    this.#maybeFail();
    return this.control.netcheck;
  }

  async doctor(): Promise<Diagnosis> {
    this.#maybeFail();
    return this.control.diagnosis;
  }

  async health(): Promise<Health> {
    this.#maybeFail();
    const { checks } = this.control;
    const worst =
      (["critical", "degraded"] as const).find((status) => checks.some((check) => check.status === status)) ?? "ok";
    return { status: worst, checks };
  }

  async dial(address: string): Promise<void> {
    this.#maybeFail();
    if (!address.startsWith("/ip4/"))
      throw new Fault("invalid_address", `${JSON.stringify(address)} is not an address.`, { address });
    this.control.dialed.push(address);
  }

  async repairClock(): Promise<{ reissued: number }> {
    this.#maybeFail();
    return { reissued: 3 };
  }

  async metrics(): Promise<string> {
    this.#maybeFail();
    return "# TYPE p2p_sync_entries gauge\np2p_sync_entries 0\n";
  }

  events<Type extends EventType = EventType>({ types, signal }: EventOptions<Type> = {}): AsyncIterable<
    NodeEvent<Type>
  > {
    const until = signal ?? new AbortController().signal;
    return eventQueue<NodeEvent<Type>>((listener) => this.onEvent(onlyOf(types, listener)), eventsQueuedMax, until);
  }

  onEvent(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(reason = "asked"): Promise<void> {
    this.control.stopped = reason;
    for (const wake of this.#wakes) wake();
  }

  #apply(op: WriteOp, author: PeerId): void {
    const stamp = ++this.#stamp as Stamp;
    const etag = stamp.toString(16);
    this.#deleted.delete(op.key);
    if (op.type === "put") {
      const expires = op.ttlSeconds === undefined ? {} : { expiresAt: (startedAt + 1_000 * op.ttlSeconds) as Instant };
      this.#entries.set(op.key, { key: op.key, value: op.value, stamp, author, etag, ...expires });
    } else {
      this.#entries.delete(op.key);
      this.#deleted.add(op.key);
    }
    const position = this.control.changes.length + 1;
    this.control.changes.push({
      position,
      type: op.type,
      key: op.key,
      ...(op.type === "put" && { value: op.value }),
      stamp,
      author,
    });
    for (const wake of this.#wakes) wake();
  }

  #maybeFail(): void {
    const error = this.control.failNext;
    this.control.failNext = undefined;
    if (error !== undefined) throw error as Error;
  }
}
