/** Plain data that checkers are handed: what stands on a disk, as bytes and names. */
import type { Bytes } from "../../src/base/bytes.ts";

/** A living operation with the signed header it came under. */
export interface LivingFact {
  readonly key: string;
  readonly batch: string;
  readonly index: number;
  readonly signedHeader: Bytes;
  readonly opBytes: Bytes;
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
