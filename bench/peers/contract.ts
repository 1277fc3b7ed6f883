/**
 * What a system must be able to do to take part, and what the driver asks of a node. Every system,
 * ours among them, stands behind the same `Adapter` in a process of its own, and the same driver
 * puts the same questions to all. Instants are those of the machine's monotonic clock, in ms.
 */
import type { WorkEntry } from "../workload.ts";

/** Where a node keeps its data, and whose set it shares: the ticket of another node, or none for the first. */
export interface Place {
  readonly dataDir: string;
  readonly ticket: string | undefined;
}

export interface Adapter {
  /** Starts a node, or opens it again over what it kept; answers with the ticket that others join by. */
  start(place: Place): Promise<string>;
  /** Links with the node of a ticket and shares the set from then on. */
  connect(ticket: string): Promise<void>;
  /** Resolves when the system says that it is written. */
  put(key: string, value: Uint8Array): Promise<void>;
  /** Several puts in one call, or what the system lacks it for. */
  readonly putBatch: ((entries: readonly WorkEntry[]) => Promise<void>) | "none";
  /** Reads from this node only, never from another one. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** All entries whose keys begin so, with values, from this node only; how many there are. */
  scan(prefix: string): Promise<number>;
  /** The cheapest count of entries that can be read here; what it shows is checked by reading all of them. */
  count(): Promise<number>;
  /** Ends cleanly; the folder stays. */
  stop(): Promise<void>;
}

/** `batch` is entries per call; 1 is a put. */
export interface Way {
  readonly batch: number;
  readonly inFlight: number;
}

/** What the driver asks of the process of a node. */
export interface Orders {
  start(place: Place): { readonly ticket: string };
  connect(to: { readonly ticket: string }): { readonly begunAt: number };
  /** Makes the entries of a set ready in memory, so that making them is not measured. */
  prepare(work: { readonly set: string; readonly count: number }): void;
  /** Writes prepared entries until all are written or the time is over. */
  write(work: Way & { readonly msMax: number }): {
    readonly begunAt: number;
    readonly endedAt: number;
    readonly written: number;
  };
  /** The instant at which the node counted so many entries, or when it was given up. */
  awaitCount(wanted: { readonly count: number; readonly msMax: number }): {
    readonly at: number;
    readonly counted: number;
  };
  /** Reads the first so many prepared entries and compares each value; how many were right. */
  readAll(work: { readonly count: number; readonly msMax: number }): { readonly right: number; readonly read: number };
  /** Puts one prepared entry; when it was begun and acknowledged. */
  putOne(which: { readonly number: number }): { readonly begunAt: number; readonly acknowledgedAt: number };
  /** The instant at which a prepared entry could be read with its right value. */
  awaitEntry(which: { readonly number: number; readonly msMax: number }): { readonly at: number | undefined };
  /** Point reads of prepared entries in random order, one after the other. */
  get(work: Reads): { readonly perSecond: number };
  /** Reads all entries of a prefix, again and again; fails where some are missing. */
  scan(work: Reads & { readonly prefix: string }): { readonly perSecond: number };
  memory(): { readonly rssBytes: number };
  /** Processor time the process has used, user and system, in all threads. */
  cpu(): { readonly ms: number };
  stop(): void;
}

/** So many reads, or as many as the time allows, of the first so many prepared entries. */
export interface Reads {
  readonly count: number;
  readonly of: number;
  readonly msMax: number;
}

/** What a system does and does not do, as the reader of a figure has to know. */
export interface Policy {
  /** Whether what is acknowledged is on the disk; syncs of 50 puts, then of a batch of 200. */
  readonly fsync: string;
  readonly signatures: string;
  readonly writers: string;
  readonly transport: string;
}

export interface System {
  readonly name: string;
  readonly title: string;
  readonly versions: string;
  /** Folder of the packages it needs, beside this file; undefined where the project's own suffice. */
  readonly folder: string | undefined;
  readonly policy: Policy;
  /** How many times as good ours is meant to be, where there is a figure of both. */
  readonly targets: Targets | undefined;
  load(): Promise<Adapter>;
}

/** Ratios to reach: on writes until readable everywhere and late joiners, and on everything else. */
export interface Targets {
  readonly sharing: number;
  readonly others: number;
}
