/**
 * Message of ack/1: "these batches of yours are durable here".
 *   version u8 = 1 | incarnation 8 | ranges of sequence numbers
 */
import type { Incarnation } from "../base/brand.ts";
import { assert } from "../base/assert.ts";
import { type Bytes, fromHex, toHex } from "../base/bytes.ts";
import { type Result, ok, refused } from "../base/result.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import { ackFrameBytesMax, ackRangesMax } from "./limits.ts";
import { type Range, readRanges, writeRanges } from "./ranges-wire.ts";

export interface Ack {
  readonly incarnation: Incarnation;
  readonly ranges: readonly Range[];
}

export function encodeAck(ack: Ack): Bytes {
  const incarnation = fromHex(ack.incarnation);
  assert(incarnation?.length === 8, "an incarnation is 8 bytes");
  const writer = new ByteWriter(16 + 16 * ack.ranges.length).u8(1).bytes(incarnation);
  writeRanges(writer, ack.ranges);
  return writer.finish();
}

export function decodeAck(bytes: Bytes): Result<Ack, "malformed" | "tooLarge"> {
  if (bytes.length > ackFrameBytesMax) return refused("tooLarge");
  const reader = new ByteReader(bytes);
  if (reader.u8() !== 1) reader.fail();
  const incarnation = toHex(reader.bytes(8)) as Incarnation;
  const ranges = readRanges(reader, ackRangesMax);
  return reader.finished && ranges.length > 0 ? ok({ incarnation, ranges }) : refused("malformed");
}
