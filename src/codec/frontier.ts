/**
 * Messages of frontier/1: a node says which batches of which writers it holds, and its peer
 * sends what is missing. The asker paces the answer: at most `windowFrames` frames of parcels
 * are on the way, and each `more` allows one further.
 *
 *   pull       = 0x01 | session u32 | clock u64 (ms) | count u64 | root 32 | flags u8 | held back u16 | last u8 (0, 1) | origins u16
 *                | (author 32, incarnation 8, ranges) × origins
 *   parcels    = 0x02 | session u32 | count u16 | (length u32, parcel) × count
 *   superseded = 0x03 | session u32 | origins u16 | (author 32, incarnation 8, ranges) × origins
 *   done       = 0x04 | session u32 | clock u64 (ms) | count u64 | root 32 | flags u8 | held back u16 | status u8
 *   more       = 0x05 | session u32
 *   summarise  = 0x06 and summarised = 0x07: see `prefix.ts`
 *   serving    = 0x08 | session u32 | batches u64 (≥ 1)
 *   fresh      = 0x09 | 0 u32 | gossip message
 *
 * `superseded` names batches of which nothing lives any more: the asker may count them as held.
 * `fresh` belongs to no session: it is what its sender gossiped while the link was down.
 * `serving` comes first where anything does. Both are hints; equality of two replicas is shown by the roots.
 */
import type { Author, Incarnation } from "../base/brand.ts";
import { assert } from "../base/assert.ts";
import { type Bytes, fromHex, toHex } from "../base/bytes.ts";
import { type Result, ok, refused } from "../base/result.ts";
import { type Beacon, readBeacon, writeBeacon } from "./beacon.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import { readParcels } from "./gossip.ts";
import { frontierFrameBytesMax, frontierOriginsMax, frontierRangesMax } from "./limits.ts";
import type { Parcel } from "./parcel.ts";
import { type SummariseMessage, type SummarisedMessage, readSummarise, readSummarised } from "./prefix.ts";
import { type Range, readRanges, writeRanges } from "./ranges-wire.ts";

export type { Beacon, SetSummary } from "./beacon.ts";

/** One writer's numbering: a new one begins with every store it creates or restores. */
export interface OriginRanges {
  readonly author: Author;
  readonly incarnation: Incarnation;
  readonly ranges: readonly Range[];
}

/** How a served pull ended: all was sent, or the server has no room for another session now. */
export const doneStatuses = ["complete", "busy"] as const;
export type DoneStatus = (typeof doneStatuses)[number];

export type FrontierMessage =
  | {
      readonly type: "pull";
      readonly session: number;
      readonly beacon: Beacon;
      readonly last: boolean;
      readonly origins: readonly OriginRanges[];
    }
  | { readonly type: "parcels"; readonly session: number; readonly parcels: readonly Parcel[] }
  | { readonly type: "superseded"; readonly session: number; readonly origins: readonly OriginRanges[] }
  | { readonly type: "done"; readonly session: number; readonly beacon: Beacon; readonly status: DoneStatus }
  | { readonly type: "more"; readonly session: number }
  /** How many batches are to come, so that the asker can tell how long it takes. */
  | { readonly type: "serving"; readonly session: number; readonly batches: number }
  /** Not looked at yet; perhaps of a later version of gossip. */
  | { readonly type: "fresh"; readonly payload: Bytes }
  | SummariseMessage
  | SummarisedMessage;

export function encodePull(session: number, beacon: Beacon, last: boolean, origins: readonly OriginRanges[]): Bytes {
  const writer = new ByteWriter(64 + 64 * origins.length).u8(1).u32(session);
  writeBeacon(writer, beacon);
  writer.u8(last ? 1 : 0);
  writeOrigins(writer, origins);
  return writer.finish();
}

export function encodeParcels(session: number, parcels: readonly Bytes[]): Bytes {
  const writer = new ByteWriter(parcels.reduce((sum, parcel) => sum + parcel.length + 4, 7))
    .u8(2)
    .u32(session)
    .u16(parcels.length);
  for (const parcel of parcels) writer.u32(parcel.length).bytes(parcel);
  return writer.finish();
}

export function encodeSuperseded(session: number, origins: readonly OriginRanges[]): Bytes {
  const writer = new ByteWriter(16 + 64 * origins.length).u8(3).u32(session);
  writeOrigins(writer, origins);
  return writer.finish();
}

export function encodeDone(session: number, beacon: Beacon, status: DoneStatus): Bytes {
  const writer = new ByteWriter(56).u8(4).u32(session);
  writeBeacon(writer, beacon);
  return writer.u8(doneStatuses.indexOf(status)).finish();
}

export function encodeMore(session: number): Bytes {
  return new ByteWriter(5).u8(5).u32(session).finish();
}

export function encodeServing(session: number, batches: number): Bytes {
  return new ByteWriter(13).u8(8).u32(session).u64(batches).finish();
}

/** `payload` is a gossip message. */
export function encodeFresh(payload: Bytes): Bytes {
  return new ByteWriter(payload.length + 5).u8(9).u32(0).bytes(payload).finish();
}

export function decodeFrontier(bytes: Bytes): Result<FrontierMessage, "malformed" | "tooLarge"> {
  if (bytes.length > frontierFrameBytesMax) return refused("tooLarge");
  const reader = new ByteReader(bytes);
  const message = readMessage(reader);
  if (message === "tooLarge") return refused(message);
  return message !== undefined && reader.finished ? ok(message) : refused("malformed");
}

function readMessage(reader: ByteReader): FrontierMessage | "tooLarge" | undefined {
  const tag = reader.u8();
  const session = reader.u32();
  switch (tag) {
    case 1: {
      const beacon = readBeacon(reader);
      const last = reader.u8();
      if (last > 1) reader.fail();
      return { type: "pull", session, beacon, last: last === 1, origins: readOrigins(reader) };
    }
    case 2: {
      const parcels = readParcels(reader);
      return parcels === "tooLarge" || parcels === undefined ? parcels : { type: "parcels", session, parcels };
    }
    case 3:
      return nonEmpty({ type: "superseded", session, origins: readOrigins(reader) });
    case 4: {
      const beacon = readBeacon(reader);
      const status = doneStatuses[reader.u8()];
      return status === undefined ? undefined : { type: "done", session, beacon, status };
    }
    case 5:
      return { type: "more", session };
    case 6:
      return readSummarise(reader, session);
    case 7:
      return readSummarised(reader, session);
    case 8: {
      const batches = reader.u64();
      return batches === 0 ? undefined : { type: "serving", session, batches };
    }
    case 9:
      return session === 0 ? { type: "fresh", payload: reader.bytes(reader.remaining) } : undefined;
    default:
      return undefined;
  }
}

/** A frame that says nothing is not sent. */
function nonEmpty(message: Extract<FrontierMessage, { type: "superseded" }>): FrontierMessage | undefined {
  return message.origins.length === 0 ? undefined : message;
}

function writeOrigins(writer: ByteWriter, origins: readonly OriginRanges[]): void {
  writer.u16(origins.length);
  for (const origin of origins) {
    const author = fromHex(origin.author);
    const incarnation = fromHex(origin.incarnation);
    assert(author?.length === 32 && incarnation?.length === 8, "an origin is 40 bytes");
    writer.bytes(author).bytes(incarnation);
    writeRanges(writer, origin.ranges);
  }
}

function readOrigins(reader: ByteReader): readonly OriginRanges[] {
  const count = reader.u16();
  if (count > frontierOriginsMax) reader.fail();
  const origins: OriginRanges[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const author = toHex(reader.bytes(32)) as Author;
    const incarnation = toHex(reader.bytes(8)) as Incarnation;
    origins.push({ author, incarnation, ranges: readRanges(reader, frontierRangesMax) });
  }
  return origins;
}
