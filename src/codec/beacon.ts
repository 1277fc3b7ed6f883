/** What a node tells of itself whenever it compares itself with another: its clock, its set, how fresh that is, and what waits. */
import { assert } from "../base/assert.ts";
import type { Instant } from "../base/brand.ts";
import type { Bytes } from "../base/bytes.ts";
import type { ByteReader, ByteWriter } from "./byte-io.ts";

/** Size and root of a set of entries; equal sets have equal summaries. */
export interface SetSummary {
  readonly count: number;
  readonly root: Bytes;
}

export interface Beacon {
  readonly clock: Instant;
  readonly summary: SetSummary;
  /** Not to be followed in what is old: it is new, or was away so long that it may hold what others have collected since. */
  readonly stale: boolean;
  /** It takes nothing from others for now, because a limit of its disk is reached. */
  readonly full: boolean;
  /** Batches that it holds back because they come from the future, as far as its clock tells; 65,535 stands for more. */
  readonly heldBack: number;
}

/** What is true of it, a bit each. */
const flags = { stale: 1, full: 2 } as const;

export function writeBeacon(writer: ByteWriter, { clock, summary, stale, full, heldBack }: Beacon): void {
  assert(summary.root.length === 32, "a root is 32 bytes");
  writer
    .u64(clock)
    .u64(summary.count)
    .bytes(summary.root)
    .u8((stale ? flags.stale : 0) | (full ? flags.full : 0))
    .u16(Math.min(heldBack, 0xffff));
}

export function readBeacon(reader: ByteReader): Beacon {
  const clock = reader.u64() as Instant;
  const summary = { count: reader.u64(), root: reader.bytes(32) };
  const told = reader.u8();
  if (told > (flags.stale | flags.full)) reader.fail();
  const [stale, full] = [(told & flags.stale) !== 0, (told & flags.full) !== 0];
  return { clock, summary, stale, full, heldBack: reader.u16() };
}
