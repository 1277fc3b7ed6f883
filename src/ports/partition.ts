/** A partition as this node saw it, as it is stored and shown. All times are by this node's wall clock. */
import type { Author, Instant, PeerId, Stamp } from "../base/brand.ts";

export interface PartitionRecord {
  /** Grows with each partition of this store. */
  readonly id: number;
  /** When the first of them was lost. */
  readonly since: Instant;
  /** When the first of them returned, or all of them had been away too long to be members. */
  readonly endedAt: Instant | undefined;
  /** Members linked to this node when it noticed: its side, as far as it could see. */
  readonly here: readonly PeerId[];
  /** Members that were lost without a goodbye: cut off, or crashed; from here both look alike. */
  readonly there: readonly CutMember[];
  /** Batches written here, and batches received from this side, until it ended. */
  readonly ownWrites: number;
  readonly receivedWrites: number;
  /** Batches of the other side that came with pulls after the return. */
  readonly arrivedWrites: number;
  /** Writes of one side that lost to one of the other. */
  readonly conflicts: number;
  /** The first of them. */
  readonly lost: readonly PartitionConflict[];
}

export interface CutMember {
  readonly peer: PeerId;
  readonly lostAt: Instant;
  /** Undefined while it is away. */
  readonly returnedAt: Instant | undefined;
  /** When a pull from it was complete after its return, so that what it had is here. */
  readonly settledAt: Instant | undefined;
  /** A member of this side through which a write came that it made after it was lost: the cut was not whole. */
  readonly heardThrough: PeerId | undefined;
}

export interface PartitionConflict {
  readonly key: string;
  readonly winner: { readonly author: Author; readonly stamp: Stamp };
  readonly loser: { readonly author: Author; readonly stamp: Stamp };
  /** On which side the losing write was made. */
  readonly lostOn: "here" | "there";
}
