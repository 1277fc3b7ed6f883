/** Plain data that checkers are handed: what stands on a disk, as bytes and names. */
import type { Bytes } from "../../src/base/bytes.ts";
import type { Op } from "../../src/codec/op.ts";
import type { BatchHeader } from "../../src/codec/parcel.ts";

/** A living operation with the signed header it came under. */
export interface LivingFact {
  readonly key: string;
  readonly batch: string;
  readonly index: number;
  readonly signedHeader: Bytes;
  readonly opBytes: Bytes;
  /** What was read of it (`versions.ts`); kept here, since a table beside it would hold every fact there ever was. */
  seen: Seen | undefined;
}

/** What the bytes of a living operation say. */
export interface Seen {
  /** Names the version among those of its key. */
  readonly place: string;
  readonly stamp: number;
  readonly author: string;
  readonly batch: string;
  readonly header: BatchHeader;
  readonly op: Op;
  /** Two hashes of the key and the batch it is read under. */
  readonly nameHash: number;
  readonly otherNameHash: number;
}

/** What a durable turn did to one key. */
export interface KeyChange {
  readonly key: string;
  readonly before: LivingFact | undefined;
  readonly after: LivingFact | undefined;
}

/** A whole disk: its living operations and what its summary says of them. */
export interface DiskFact {
  readonly node: number;
  readonly living: readonly LivingFact[];
  readonly count: number;
  readonly root: string;
  readonly values: number;
  readonly storedOps: number;
  readonly storedBatches: number;
}
