/**
 * What an operator is told of old entries, and may decide: how long this replica was away, from whom
 * it is apart, what it set aside. The shapes; `old-entries.ts` answers.
 */
import type { Instant, PeerId, Stamp } from "../base/brand.ts";

/** Keys of one `reissue` or `drop`. Guess: at the largest values 6 MB in one turn, a tenth of a second. */
export const asideKeysMax = 100;

/** Which entries that were set aside are meant. */
export interface StaleOptions {
  readonly prefix?: string;
  /** Entries set aside that are told; 1 to 1,000, default 100. */
  readonly limit?: number;
  /** Only those behind this one of an earlier answer's `next`. */
  readonly after?: number;
}

/** Whether this node was away for too long, from whom it is apart, and what it set aside. */
export interface StaleReport {
  /** `young`: new here, takes everything; `current`; `stale`: was away for over half a horizon. */
  readonly age: "young" | "current" | "stale";
  readonly createdAt: Instant;
  /** When this replica last had all of another member's set; undefined where it never had. */
  readonly reconciledAt: Instant | undefined;
  /** From when on that is too long ago; undefined while young. */
  readonly staleAt: Instant | undefined;
  /** How long tombstones are kept; half of it without having had all of another's set makes a replica stale. */
  readonly horizonDays: number;
  /** Members that are linked now. */
  readonly peers: number;
  /** Linked peers that lack old entries of ours and will not take them. */
  readonly apart: readonly ApartPeer[];
  /** The latest order to follow a peer since this node was started. */
  readonly adoption: AdoptionState | undefined;
  /** The comparison of whole sets under way. */
  readonly comparing: { readonly peer: PeerId; readonly nodes: number; readonly entries: number } | undefined;
  /** Entries set aside under the prefix, in all. */
  readonly setAside: number;
  /** The newest first. */
  readonly entries: readonly SetAsideEntry[];
  /** `after` of the next page, undefined at the end. */
  readonly next: number | undefined;
}

/** A member that holds old entries this node does not take, or the other way round. */
export interface ApartPeer {
  readonly peer: PeerId;
  readonly entries: number;
  readonly at: Instant;
}

/** How far following another member in what is old has come. */
export interface AdoptionState {
  readonly peer: PeerId;
  /** `waiting` until everything is compared; `linkLost`: it was not, and nothing more comes of it. */
  readonly state: "waiting" | "done" | "linkLost";
  readonly setAside: number;
  readonly taken: number;
}

/** An entry that is part of the set no more and is kept for the operator. */
export interface SetAsideEntry {
  readonly key: string;
  /** Undefined where the value was never here. */
  readonly sizeBytes: number | undefined;
  readonly writer: PeerId;
  readonly stamp: Stamp;
  readonly at: Instant;
  /** What happened to the key in the set since, if anything. */
  readonly since: "written" | "deleted" | undefined;
}

/** Keys that were dealt with, and those under which nothing fit for it is set aside. */
export interface AsideOutcome {
  readonly done: readonly string[];
  readonly unknown: readonly string[];
}

/** An operator's decisions about old entries. */
export interface StaleFacade {
  /** Throws `invalid_argument`. */
  report(options?: StaleOptions): Promise<StaleReport>;
  /** Writes values that were set aside again, stamped now. At most 100 keys. Throws `invalid_argument`, `clock_refused` or `overloaded`. */
  reissue(keys: readonly string[]): Promise<AsideOutcome>;
  /** Forgets what was set aside under these keys. At most 100. Throws `invalid_argument`. */
  drop(keys: readonly string[]): Promise<AsideOutcome>;
  /**
   * Follows a linked peer (its id, or the beginning of it) once in what is old: takes what it has, sets
   * aside what it has not. Resolves when that is under way; `report` tells what comes of it. Throws
   * `invalid_argument` or `peer_not_connected`.
   */
  adopt(peer: string): Promise<{ readonly peer: PeerId }>;
}
