/**
 * Ascending, disjoint, non-touching ranges of sequence numbers, inclusive at both ends:
 * count u8 | (from u64, to u64) × count.
 */
import type { ByteReader, ByteWriter } from "./byte-io.ts";

export type Range = readonly [from: number, to: number];

export function writeRanges(writer: ByteWriter, ranges: readonly Range[]): void {
  writer.u8(ranges.length);
  for (const [from, to] of ranges) writer.u64(from).u64(to);
}

export function readRanges(reader: ByteReader, rangesMax: number): readonly Range[] {
  const count = reader.u8();
  if (count > rangesMax) reader.fail();
  const ranges: Range[] = [];
  let least = 1;
  for (let i = 0; i < count && !reader.failed; i++) {
    const from = reader.u64();
    const to = reader.u64();
    if (from < least || to < from || to >= Number.MAX_SAFE_INTEGER) reader.fail();
    ranges.push([from, to]);
    least = to + 2;
  }
  return ranges;
}
