/**
 * What an operator can ask of a node beside its data: the answers' shapes. Kept apart from the
 * facade so that each can be read alone.
 */
import type { Author, BatchId, Incarnation, Instant, Millis, PeerId, Stamp } from "../base/brand.ts";
import type { PartitionRecord } from "../ports/partition.ts";
import type { Arrival } from "../ports/store.ts";

/** Which keys are compared, and how long it may take until all members hold the same. */
export interface ConvergenceOptions {
  /** How long to go on asking until all are equal; 0 to 600,000, default 0: every member is asked once. */
  readonly waitMs?: Millis;
  /** Compares only what lies under it; then nothing is known of batches and times. A key's beginning. */
  readonly prefix?: string;
  /** Ends the asking; what is known then is the answer. */
  readonly signal?: AbortSignal;
}

/** Whether all reachable members hold what this node holds, as far as they told. */
export interface Convergence {
  /** Every reachable member told since the question that its set equals ours; false where none is reachable. */
  readonly converged: boolean;
  readonly waitedMs: Millis;
  /** Where only a part was compared. */
  readonly prefix: string | undefined;
  /** Living entries here, of that part, tombstones included; and their root or digest. */
  readonly entries: number;
  readonly root: string;
  /** Batches held back here because they come from the future. */
  readonly heldBack: number;
  /** This node takes nothing from others, because a limit of its disk is reached: which one, and what to do. */
  readonly full: string | undefined;
  readonly members: readonly MemberConvergence[];
  /** Peers known by their id that are not linked now, so that nothing can be said of them; at most 50. */
  readonly notReachable: readonly PeerId[];
}

/** How one member's set compares with this node's. */
export interface MemberConvergence {
  readonly peer: PeerId;
  /** `silent`: admitted, but it has not answered since the question. */
  readonly state: "equal" | "differs" | "silent";
  /** When it last told how it stands. */
  readonly heardAt: Instant | undefined;
  readonly entries: number | undefined;
  /** Ours minus theirs at that time: negative where it has more. Equal counts may still be other entries. */
  readonly lagEntries: number | undefined;
  /** Since when it differs, or is silent. */
  readonly since: Instant | undefined;
  readonly lastEqualAt: Instant | undefined;
  /** Batches it holds back because they come from the future. */
  readonly heldBack: number | undefined;
  /** It takes nothing from others, because a limit of its disk is reached, when it last told how it stands. */
  readonly full: boolean;
  /** By its own latest question to us: an upper bound, for some batches no longer have anything living. */
  readonly frontier: FrontierDifference | undefined;
  /** Up to 20 keys here that it may lack: those of batches it did not name, and those that came here since it was last heard to be equal. */
  readonly keysItMayLack: readonly string[];
}

/** Batches of one writer that one of two members holds and the other does not. */
export interface FrontierDifference {
  readonly at: Instant;
  /** Batches here that it did not name; they were sent to it then. */
  readonly theyLack: number;
  /** Batches it named that are not here. Their keys cannot be known before they come. */
  readonly weLack: number;
  readonly weLackFrom: readonly {
    readonly author: Author;
    readonly incarnation: Incarnation;
    /** First and last number of each stretch. */
    readonly numbers: readonly (readonly [number, number])[];
  }[];
}

/** A write that lost to one whose writer had not seen it. The last 4 of a key are kept for 24 h. */
export interface ConflictEntry {
  readonly key: string;
  /** When this node saw them meet. */
  readonly at: Instant;
  readonly winner: { readonly stamp: Stamp; readonly author: PeerId };
  readonly loser: { readonly stamp: Stamp; readonly author: PeerId };
  /** What the loser had written; absent for a delete. */
  readonly value?: Uint8Array;
}

/** What this node knows of one key. */
export interface KeyExplanation {
  readonly key: string;
  /** `neverSeen`: no version is held, not even of a deletion. */
  readonly state: "living" | "deleted" | "expired" | "neverSeen";
  readonly version: LivingVersion | undefined;
  /** Other members known to hold this very version; there may be more. */
  readonly holders: readonly KeyHolder[];
  /** Writes to this key that lost in the last 24 h, newest first; at most 4. */
  readonly conflicts: readonly ConflictEntry[];
}

/** The version of a key that wins over all others known here. */
export interface LivingVersion {
  readonly kind: "value" | "tombstone" | "blob";
  /** Absent for a deletion and for a blob. */
  readonly value: Uint8Array | undefined;
  readonly sizeBytes: number;
  readonly writer: PeerId;
  readonly stamp: Stamp;
  readonly batch: BatchId;
  /** The batch's number among those of its writer, and how many operations were signed with it. */
  readonly sequence: number;
  readonly batchOps: number;
  /** The version its writer saw; undefined where it saw none. */
  readonly replaces: { readonly stamp: Stamp; readonly batch: BatchId } | undefined;
  readonly expiresAt: Instant | undefined;
  /** Undefined where it was stored before stores kept this. */
  readonly arrival: Arrival | undefined;
}

/** A member that is known to hold the living version of a key, and how that is known. */
export interface KeyHolder {
  readonly peer: PeerId;
  /** How it is known: it said so, it sent the batch here, or its whole set was equal to ours since. */
  readonly how: "acknowledged" | "sentIt" | "equalSince";
}

/** Members that vanished without a goodbye, and what came of it. This is one node's view. */
export interface Partition extends Omit<PartitionRecord, "lost"> {
  /** `healing`: what a returned member had is still coming; `lapsed`: nobody returned within a day. */
  readonly phase: "open" | "healing" | "ended" | "lapsed";
  /** Up to 20 writes of one side that lost to one of the other. */
  readonly lost: readonly {
    readonly key: string;
    readonly winner: { readonly stamp: Stamp; readonly author: PeerId };
    readonly loser: { readonly stamp: Stamp; readonly author: PeerId };
    readonly lostOn: "here" | "there";
  }[];
}
