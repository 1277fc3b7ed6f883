/**
 * Ascending, disjoint, non-touching ranges of sequence numbers, inclusive at both ends:
 * count u8 | (gap varint | span varint) × count, where span is the last number less the first, and gap the numbers
 * left out before it, less the one that always lies there: before the first range number 0, between two the one that keeps them apart.
 */
import type { ByteReader, ByteWriter } from "./byte-io.ts";

export type Range = readonly [from: number, to: number];

export function writeRanges(writer: ByteWriter, ranges: readonly Range[]): void {
  writer.u8(ranges.length);
  let least = 1;
  for (const [from, to] of ranges) {
    writer.varint(from - least).varint(to - from);
    least = to + 2;
  }
}

export function readRanges(reader: ByteReader, rangesMax: number): readonly Range[] {
  const count = reader.u8();
  if (count > rangesMax) reader.fail();
  const ranges: Range[] = [];
  let least = 1;
  for (let i = 0; i < count && !reader.failed; i++) {
    const from = least + reader.varint();
    const to = from + reader.varint();
    if (to >= Number.MAX_SAFE_INTEGER) reader.fail();
    ranges.push([from, to]);
    least = to + 2;
  }
  return ranges;
}
