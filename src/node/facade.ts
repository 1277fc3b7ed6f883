/**
 * What a running node offers to whoever holds it: the HTTP API, the prompt and the library all
 * stand on this one interface and on nothing behind it.
 */
import type { PeerClass } from "../core/peers/classes.ts";
import type { Author, BatchId, Instant, Millis, PeerId, Stamp } from "../base/brand.ts";
import type { Fault } from "../base/fault.ts";
import type { Config } from "../config/settings.ts";
import type { CandidateSource, Counters, Direction, LinkId } from "../ports/network.ts";
import type { EventType, NodeEvent } from "../ports/observer.ts";
import type { Reload } from "./live-settings.ts";
import type { PeersFacade } from "./peers-facade.ts";
import type { Diagnosis } from "./doctor/diagnosis.ts";
import type { NetCheck } from "./netcheck.ts";
import type { StaleFacade, StaleReport } from "./stale.ts";
import type { ConflictEntry, Convergence, ConvergenceOptions, KeyExplanation, Partition } from "./insight.ts";

export type { Counters } from "../ports/network.ts";
export type { EventDetails, EventType, NodeEvent } from "../ports/observer.ts";
export type { SettingChange } from "./live-settings.ts";
export type { ConflictEntry } from "./insight.ts";

/** How sure a write is: fsynced here, held durably by k other members, or in a final block. */
export type Certainty = "local" | "shared";

/** How sure a write has to be before it is answered, on which condition it is made, and for how long it lasts. */
export interface WriteOptions {
  /** Default `local`. With `shared` the promise resolves once `copies` other members hold the write durably. */
  readonly certainty?: Certainty;
  /** Other members that must hold it; 1 to 50, default 1. Only with `shared`. */
  readonly copies?: number;
  /** How long to wait for `shared`, default 5,000 ms, at most 600,000. The write itself stays either way. */
  readonly timeoutMs?: Millis;
  /** Seconds until the entry expires, 1 to 2^32 − 1. */
  readonly ttlSeconds?: number;
  /** Ends the waiting, which then rejects with the signal's reason; a write that was begun stays. */
  readonly signal?: AbortSignal;
}

/**
 * What must be under a key, on this node at this moment, for a write to be done; else it fails
 * with `precondition_failed`. Another node may hold a version that has not come here yet.
 */
export interface WriteConditions {
  /** One of these versions, by `Entry.etag`; `*` for any value. */
  readonly ifMatch?: string | readonly string[];
  /** None of these versions; `*` for no value at all. */
  readonly ifNoneMatch?: string | readonly string[];
}

/** A write of one key. */
export interface KeyWriteOptions extends WriteOptions, WriteConditions {}

/** One operation of a batch. */
export type WriteOp = { readonly key: string } & WriteConditions &
  ({ readonly type: "put"; readonly value: Uint8Array; readonly ttlSeconds?: number } | { readonly type: "delete" });

/** Proof to the caller that a write is durable. */
export interface Receipt {
  readonly batch: BatchId;
  readonly stamp: Stamp;
  readonly certainty: Certainty;
  /** Members known to hold it durably when `shared` was reached; empty for `local`. */
  readonly holders: readonly PeerId[];
  /** Of the value, where one key was put: what `ifMatch` of the next write takes. */
  readonly etag?: string;
}

/** A live value. */
export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly stamp: Stamp;
  readonly author: PeerId;
  /** Names this version of the key; changes with every write. */
  readonly etag: string;
  readonly expiresAt?: Instant;
}

/** One change seen by a watcher, in the order this node applied them. */
export interface Change {
  /** Position to resume after; grows, but with holes. */
  readonly position: number;
  /** `expire`: the time to live of the value is over, by this node's clock. */
  readonly type: "put" | "delete" | "expire";
  readonly key: string;
  /** Of a put only. */
  readonly value?: Uint8Array;
  /** Of the version that was put, deleted or has expired. */
  readonly stamp: Stamp;
  readonly author: PeerId;
}

/**
 * Changes to a node's keys as they come, until the signal aborts or the node stops. Of a key that
 * changes often a slow reader sees the latest version; it misses no key.
 */
export interface Watch extends AsyncIterable<Change> {
  /** Where this watch stands: behind the change handed out last. `after` of another watch goes on there. */
  readonly cursor: string;
}

/** Proves of a key that it is in a set with this operation, or is not in it, to who knows the set's root. */
export interface KeyProof {
  /** Of this node's set when it was asked, hex. */
  readonly root: string;
  /** Entries of that set, tombstones included. */
  readonly count: number;
  /** For `checkProof`; at most 112 KiB, in a set of a million entries 3 KB and the operation. */
  readonly proof: Uint8Array;
}

/** Which keys are wanted, and how many at once. */
export interface ListOptions {
  readonly prefix?: string;
  /** Start behind this key. */
  readonly after?: string;
  /** Page size; 1 to 1,000, default 100. A page also ends after 1 MiB of values. */
  readonly limit?: number;
  /** Ends a listing, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Which events are wanted, and for how long. */
export interface EventOptions<Type extends EventType> {
  /** Only these; all where it is left out. */
  readonly types?: readonly Type[];
  readonly signal?: AbortSignal;
}

/** Which changes are wanted, and where to begin. */
export interface WatchOptions {
  readonly prefix?: string;
  /**
   * Resume behind this `cursor` of an earlier watch of the same node, which also tells what expired since; or behind
   * the `position` of a change, which does not; 0 for everything that is there. Without it the watch starts now.
   */
  readonly after?: string | number;
  readonly signal?: AbortSignal;
}

/** The connection state machine of a peer, in the order a link passes through it. */
export type PeerState =
  | "PeerFound"
  | "Connecting"
  | "Handshaking"
  | "Authenticating"
  | "Negotiating"
  | "Identifying"
  | "Subscribing"
  | "Connected"
  | "Syncing"
  | "Disconnected"
  | "Failed";

/** What the node itself is doing: looking for peers, or connected to at least one. */
export type NodeState = "Starting" | "Listening" | "Discovering" | "Connected";

/** One state of a peer's connection, from its beginning to its end. */
export interface StateVisit {
  readonly state: PeerState;
  readonly enteredAt: Instant;
  /** Absent while the state lasts. */
  readonly durationMs?: Millis;
  /** Why it ended, where it ended badly. */
  readonly reason?: string;
}

/** One peer: who it is, how its link stands, and what went before. */
export interface PeerStatus {
  /** Undefined until a dialed address has told who lives there. */
  readonly id: PeerId | undefined;
  readonly state: PeerState;
  readonly class: PeerClass;
  /** How good it has been, 0 to 100; undefined before it was linked. */
  readonly score: number | undefined;
  readonly direction: Direction | undefined;
  readonly address: string | undefined;
  readonly source: CandidateSource | "inbound";
  readonly link: LinkId | undefined;
  readonly rttMs: Millis | undefined;
  /** Their clock minus ours, from hello; half the round trip is allowed for. */
  readonly clockOffsetMs: Millis | undefined;
  readonly connectedSince: Instant | undefined;
  /** Its link stands and is silent: since when, and whether another member reaches it (`unreachableDirectly`) or nobody does (`suspected`). */
  readonly suspicion: { readonly kind: "suspected" | "unreachableDirectly"; readonly since: Instant } | undefined;
  /** `code` is the family of a failed dial, the code of a goodbye, or `closed`. Gone once connected again. */
  readonly lastError: { readonly code: string; readonly reason: string; readonly at: Instant } | undefined;
  readonly nextDialAt: Instant | undefined;
  /** The last 32 states, oldest first. */
  readonly history: readonly StateVisit[];
}

/** One thing that is known of a peer, for people. */
export interface ExplanationFact {
  readonly name: string;
  readonly text: string;
}

/** How another node says that it, or the peer itself, stands. */
export interface ToldView {
  /** Whose view it is: the peer's own of this node, or a neighbour's of the peer. */
  readonly by: PeerId;
  /** The neighbour that passed it on; undefined where it came from `by` itself. */
  readonly through: PeerId | undefined;
  readonly cause: string;
  readonly conclusion: string;
  readonly next: string;
}

/** Why a peer is or is not connected. */
export interface Explanation {
  readonly target: string;
  readonly peer: PeerId | undefined;
  /** Stable word for scripts: `self`, `unknown`, `ambiguous`, `connected`, `connecting`, `notDialed`, `left`, `banned`, `suspected`, `unreachableDirectly`, or the last error's code. */
  readonly cause: string;
  /** What is the matter, in a sentence. */
  readonly conclusion: string;
  /** What happens next, or what to do. */
  readonly next: string;
  readonly facts: readonly ExplanationFact[];
  /** What the other side says, or where no link leads there and nobody could ask it, what neighbours see of it. */
  readonly views: readonly ToldView[];
}

/** Data on its way to this node now. */
export interface SyncProgress {
  readonly peer: PeerId;
  /** Batches by a pull, or entries found by comparing whole sets. */
  readonly what: "batches" | "entries";
  readonly done: number;
  /** As many as are to come at most; undefined where it is not known. */
  readonly total: number | undefined;
  readonly perSecond: number;
  readonly etaSeconds: number | undefined;
}

/** How the network around this node is, as seen from here. */
export interface NetworkHealth {
  readonly level: "healthy" | "degraded" | "critical";
  /** Empty where it is healthy. */
  readonly causes: readonly NetworkCause[];
  readonly linked: number;
  /** Members that are linked, or should be. */
  readonly known: number;
}

/** One thing that keeps the network from being healthy. */
export interface NetworkCause {
  /** Stable word for scripts: `clock`, `heldBack`, `alone`, `fewLinks`, `partition`, `healing`, `handshakes`, `flapping`, `membersBehind`, `behind`. */
  readonly code: string;
  readonly level: "degraded" | "critical";
  /** What is the matter and where to look, in a sentence. */
  readonly message: string;
}

/** How a node stands: what it holds, who is linked, what it counts. */
export interface Status {
  readonly peerId: PeerId;
  readonly network: string;
  readonly state: NodeState;
  /** Live keys with a value (tombstones and expired ones not counted where known). */
  readonly entries: number;
  /** Root of the Merkle trie over the whole set, hex; equal roots mean equal sets. */
  readonly root: string;
  /** Admitted links now. */
  readonly peers: number;
  readonly heldBack: number;
  readonly sync: SyncProgress | undefined;
  readonly uptimeSeconds: number;
  readonly clock: { readonly offsetMs: Millis | undefined; readonly refusingWrites: boolean };
  readonly conflicts: number;
  readonly networkHealth: NetworkHealth;
  /** Whether this replica was away for long; see `StaleReport`. */
  readonly age: StaleReport["age"];
  /** Entries set aside. */
  readonly setAside: number;
  /** Each limit of this node's resources, those that are off too. */
  readonly limits: readonly LimitStatus[];
  readonly counters: Counters;
}

/** A limit on what this node may use, and how it stands. */
export interface LimitStatus {
  /** Key of the setting that raises it. */
  readonly setting: "limits.max_disk" | "limits.disk_reserve" | "limits.max_memory" | "limits.max_bandwidth";
  /** Of which part, where a setting limits several alike. */
  readonly part?: "in" | "out";
  readonly unit: "bytes" | "bytes/s";
  /** What is used of it; of `limits.disk_reserve` what is free. */
  readonly used: number;
  /** Undefined where it is off. */
  readonly limit: number | undefined;
  /** `near` only warns. */
  readonly state: "ok" | "near" | "slowing" | "refusing";
  /** What follows and what to do; empty while `ok`. */
  readonly message: string;
}

/** What a node is: its identity, network, addresses and versions. */
export interface Info {
  readonly version: string;
  readonly nodeVersion: string;
  readonly peerId: PeerId;
  readonly author: Author;
  readonly network: { readonly name: string; readonly id: string };
  readonly p2p: readonly string[];
  readonly http: string | undefined;
  readonly dataDir: string;
  readonly startedAt: Instant;
  /** Peers of other networks met on the LAN since start. */
  readonly strangers: number;
  /** As configured, in order of preference. */
  readonly transports: readonly string[];
  /** Of each of them that cannot be used here, why and what to do. */
  readonly missingTransports: readonly string[];
}

/** One check of a node's health. */
export interface HealthCheck {
  readonly name: string;
  readonly status: "ok" | "degraded" | "critical";
  /** What is wrong and what to do, in one sentence; what was seen when ok. */
  readonly message: string;
}

/** Whether a node is fit for work, with every check behind it. */
export interface Health {
  readonly status: "ok" | "degraded" | "critical";
  readonly checks: readonly HealthCheck[];
}

/** What can be asked of a node. Every method that can fail rejects with a `Fault`. */
export interface NodeFacade {
  put(key: string, value: Uint8Array, options?: KeyWriteOptions): Promise<Receipt>;
  delete(key: string, options?: KeyWriteOptions): Promise<Receipt>;
  /** All or nothing; conditions are those of each operation. */
  batch(ops: readonly WriteOp[], options?: WriteOptions): Promise<Receipt>;
  get(key: string): Promise<Entry | undefined>;
  /** Throws `invalid_key` or `overloaded`. */
  prove(key: string): Promise<KeyProof>;
  page(options?: ListOptions): Promise<{ readonly entries: readonly Entry[]; readonly next: string | undefined }>;
  list(options?: Omit<ListOptions, "limit">): AsyncIterable<Entry>;
  /** Throws `watch_gap` where changes behind the place to resume at are no longer known, `invalid_argument` where it is none. */
  watch(options?: WatchOptions): Watch;
  /** Lost writes under a prefix, newest first; at most `limit` (1 to 1,000, default 100). */
  conflicts(options?: { readonly prefix?: string; readonly limit?: number }): Promise<readonly ConflictEntry[]>;
  peers(): readonly PeerStatus[];
  /** Orders about single peers, and links that ended. */
  readonly peerControl: PeersFacade;
  /** Why this peer (its id, the beginning of it, or an address) is or is not connected. */
  why(target: string): Promise<Explanation>;
  /** Whether all reachable members hold what this node holds. Throws `invalid_argument` or `overloaded`. */
  converged(options?: ConvergenceOptions): Promise<Convergence>;
  /** What is known of one key: its version, how that came here, what it beat. Throws `invalid_key`. */
  explain(key: string): Promise<KeyExplanation>;
  /** Members that vanished without a goodbye, and what came of it: the last 32 partitions, newest first. */
  partitions(): Promise<readonly Partition[]>;
  /** Old entries: who is apart from whom, what was set aside, and what to do with it. */
  readonly stale: StaleFacade;
  status(): Promise<Status>;
  info(): Info;
  health(): Promise<Health>;
  /** What lies between this node and others: interfaces, ports, NAT, reachability. */
  netcheck(): Promise<NetCheck>;
  /** What is wrong with this node and its machine, and what to do; takes up to some seconds. */
  doctor(): Promise<Diagnosis>;
  /** Adds the address as a candidate and dials it at once. Throws `invalid_address`. */
  dial(address: string): Promise<void>;
  /** Re-issues what this node wrote with a clock that was too far ahead. Returns how many entries. */
  repairClock(): Promise<{ readonly reissued: number }>;
  /** Prometheus text format. */
  metrics(): Promise<string>;
  /**
   * Events as they happen, from the first `next` on, until the signal aborts or the node stops.
   * Throws `slow_consumer` where the reader falls behind by more than 1,000.
   */
  events<Type extends EventType = EventType>(options?: EventOptions<Type>): AsyncIterable<NodeEvent<Type>>;
  /** Calls back for every event until the returned function is called. */
  onEvent(listener: (event: NodeEvent) => void): () => void;
  stop(reason?: string): Promise<void>;
}

/** A node and what its owner, the process, needs beside the facade. */
export interface RunningNode {
  readonly facade: NodeFacade;
  readonly apiToken: string;
  /** Tells the node where its HTTP API is, for `info`. */
  announceHttp(url: string): void;
  /** Takes over the settings that can change while running; says what became of each changed one. */
  applyConfig(config: Config): Reload;
  /** Resolves when the node has stopped, with the fault that made it stop by itself. */
  readonly stopped: Promise<Fault | undefined>;
}
