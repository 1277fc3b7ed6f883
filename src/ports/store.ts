/**
 * The disk as the replica sees it. One implementation is SQLite, one is memory for simulations;
 * both pass the contract suite in `test/support/store-contract.ts`.
 *
 * A *turn* is: `begin`, then reads and writes in any order, then `commit`. Reads inside a turn see
 * its writes. `commit` returns only when everything of the turn is durable; a failure of `apply`
 * or `commit` is thrown and the store is not used again.
 *
 * Space: an operation that was superseded is dropped when its batch has none living, or, with the
 * rest of the dead ones, when less than half of the batch's stored operations live (the batch is
 * then a fragment). So stored operations stay under twice the living ones plus one per batch.
 */
import type { Author, BatchId, Incarnation, Instant, PeerId, Stamp } from "../base/brand.ts";
import type { Bytes } from "../base/bytes.ts";
import type { OriginRanges } from "../codec/frontier.ts";
import type { Range } from "../codec/ranges-wire.ts";
import type { PartitionRecord } from "./partition.ts";
import type { KnownAddress } from "./known-address.ts";
import type { PeerRule } from "./peer-rule.ts";
import type { PlacedOp } from "../codec/parcel.ts";
import type { Version } from "../core/data/version.ts";

/** Handle of a living operation. The first of a merged parcel gets `StoreView.nextId()`, the others follow in order. */
export type OpId = number;

export interface LivingOp {
  readonly id: OpId;
  readonly stamp: Stamp;
}

/** What a turn needs to know of the whole store; written once per turn. */
export interface StoreState {
  readonly incarnation: Incarnation;
  /** Number of this node's last batch. */
  readonly sequence: number;
  /** Stamp of this node's last batch. */
  readonly lastStamp: Stamp;
  /** Living entries that are values or blobs. */
  readonly values: number;
  readonly conflicts: number;
  /** When this store was made. */
  readonly createdAt: Instant;
  /** When this store was last equal to a peer's, or undefined where it never was. */
  readonly reconciledAt: Instant | undefined;
}

/** By which way a parcel came: written here, or brought by a peer, which need not be its writer. */
export type Via =
  | { readonly type: "own" }
  /** A walk's fetches count as pulls. `peer` is undefined where the store had no room left for another peer's name. */
  | { readonly type: "gossip" | "pull"; readonly peer: PeerId | undefined };

/** When a parcel came here, by our wall clock, and by which way. */
export interface Arrival {
  readonly at: Instant;
  readonly via: Via;
}

/** A parcel to be stored, with which of its operations live from now on. */
export interface ParcelRow {
  readonly author: Author;
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly batch: BatchId;
  readonly signedHeader: Bytes;
  readonly opsCount: number;
  readonly proof: readonly Bytes[];
  readonly arrival: Arrival;
  readonly ops: readonly StoredOp[];
}

export interface StoredOp extends PlacedOp {
  readonly stamp: Stamp;
  /** The stamp from which its age counts for collection; undefined where it is never collected. */
  readonly due: Stamp | undefined;
  readonly living: boolean;
}

export interface ConflictRow {
  readonly key: string;
  readonly at: Instant;
  readonly loser: Version;
  readonly winner: Version;
  /** The losing value, or undefined for a tombstone or blob. */
  readonly value: Bytes | undefined;
}

/** A page of the Merkle trie as the replica's summary of it; its entries are read by path when they are needed. */
export interface TriePageSummary {
  /** Hex digits all its positions begin with. */
  readonly path: string;
  readonly count: number;
  readonly hash: Bytes;
}

export interface TriePageRow extends TriePageSummary {
  /** The packed entries, as the trie lays them out. */
  readonly body: Bytes;
}

/** An entry that was here and that the current members do not hold: shown to the operator, part of nothing. */
export interface AsideEntry {
  readonly key: string;
  readonly value: Bytes | undefined;
  readonly stamp: Stamp;
  readonly author: Author;
  readonly at: Instant;
}

export type StoreWrite =
  /** The living operations named here lose their place; `parcel` brings what takes it. */
  | { readonly type: "merge"; readonly parcel: ParcelRow; readonly supersedes: readonly OpId[] }
  | { readonly type: "setOrigin"; readonly origin: OriginRanges }
  | { readonly type: "setState"; readonly state: StoreState }
  | { readonly type: "addConflict"; readonly conflict: ConflictRow }
  /** Written anew by its id; the last 32 are kept. */
  | { readonly type: "savePartition"; readonly partition: PartitionRecord }
  /** In the place of the one with its target. */
  | { readonly type: "setPeerRule"; readonly rule: PeerRule }
  | { readonly type: "dropPeerRule"; readonly target: string }
  | { readonly type: "setAddress"; readonly known: KnownAddress }
  | { readonly type: "dropAddress"; readonly address: string }
  | { readonly type: "addEvidence"; readonly first: Bytes; readonly second: Bytes; readonly at: Instant }
  /** Pages of the trie take the place of those of the same paths; `from` is the first operation that some page may lack. */
  | {
      readonly type: "setTrie";
      readonly pages: readonly TriePageRow[];
      readonly dropped: readonly string[];
      readonly from: OpId;
    }
  /** Forgets living operations without a successor: what is collected, set aside, or was written by a wrong clock. */
  | { readonly type: "retract"; readonly ops: readonly OpId[] }
  /** Keeps, beside the set, entries that others do not hold any more; the oldest beyond 10,000 go. */
  | { readonly type: "setAside"; readonly entries: readonly AsideEntry[] }
  /** Forgets entries set aside under these keys. */
  | { readonly type: "dropAside"; readonly keys: readonly string[] };

/** A stored parcel as it is sent. */
export interface StoredParcel {
  readonly sequence: number;
  readonly bytes: Bytes;
}

export interface LivingEntry {
  readonly id: OpId;
  readonly op: PlacedOp;
  readonly version: Version;
  /** Of the parcel that brought it; undefined for what an older layout of the store did not write down. */
  readonly arrival: Arrival | undefined;
}

/** A living operation that can be forgotten. */
export interface Collectable {
  readonly id: OpId;
  readonly key: string;
  readonly tombstone: boolean;
}

/** What is asked of one origin's parcels. */
export interface ParcelStretch {
  readonly author: Author;
  readonly incarnation: Incarnation;
  /** First and last number. */
  readonly from: number;
  readonly to: number;
  /** How many parcels of the number `from` are left out. */
  readonly skip: number;
  /** Bytes after which no further parcel follows: the last one may go beyond. */
  readonly bytesMax: number;
}

export interface StoreView {
  /** The living operation on a key, tombstones included. */
  living(key: string): LivingOp | undefined;
  /** All of a living operation. */
  entry(id: OpId): LivingEntry;
  /** The same, or undefined where it lives no longer. */
  livingEntry(id: OpId): LivingEntry | undefined;
  /** The parcels of a stretch, with ascending numbers. */
  parcels(stretch: ParcelStretch): readonly StoredParcel[];
  /**
   * Living operations as fragments, one or more for each of their batches: `ids` ascend, those that
   * live no longer are passed over. `taken` of them were dealt with when about `bytesMax` were reached.
   */
  fragments(ids: readonly OpId[], bytesMax: number): { readonly parcels: readonly Bytes[]; readonly taken: number };
  /** Signed headers stored under one number: more than one is an equivocation. */
  headers(author: Author, incarnation: Incarnation, sequence: number): readonly Bytes[];
  /** Numbers of an origin, from `from` up, whose batch is stored and lives with all of its operations. */
  whollyLiving(author: Author, incarnation: Incarnation, from: number): readonly Range[];
  /** Living operations of one author stamped behind `stamp`, at most `max`. */
  livingAfter(author: Author, stamp: Stamp, max: number): readonly LivingEntry[];
  origins(): readonly OriginRanges[];
  /** The id of the next operation that is merged; grows, never used twice. */
  nextId(): OpId;
  /** Living operations from an id up, ascending, at most `max`. */
  livingFrom(id: OpId, max: number): readonly LivingEntry[];
  /** Living operations on keys that begin with a prefix, behind a key, in the order of their keys, at most `max`. */
  livingUnder(prefix: string, after: string, max: number): readonly { readonly id: OpId; readonly key: string }[];
  /** Living operations due before a stamp, the longest due first, at most `max`. */
  collectable(before: Stamp, max: number): readonly Collectable[];
  /** What was set aside, the latest first, at most `max`. */
  aside(max: number): readonly AsideEntry[];
  /** What was set aside under a key. */
  asideEntry(key: string): AsideEntry | undefined;
  /** The pages of the trie in order of their paths, and the first operation that some page may lack. */
  trie(): { readonly pages: readonly TriePageSummary[]; readonly from: OpId };
  /** The packed entries of a page; it must be there. */
  triePage(path: string): Bytes;
  state(): StoreState | undefined;
  /** Shows the living operations whose keys begin so and lie behind `after`, in the order of the keys' bytes; false, after `max` of them, where there are more. */
  under(prefix: string, after: string, max: number, visit: (key: string, batch: BatchId) => void): boolean;
  /** Oldest first. */
  partitions(): readonly PartitionRecord[];
  /** In no order. */
  peerRules(): readonly PeerRule[];
  /** The address book. */
  addresses(): readonly KnownAddress[];
}

export interface Store extends StoreView {
  begin(): void;
  apply(write: StoreWrite): void;
  commit(): void;
  close(): void;
}
