/**
 * A gossip message: fresh whole batches that one writer made durable together.
 *   version u8 = 1 | count u16 ≥ 1 | (length u32, batch) × count
 *
 * Of the smallest operations many times more would fit its bytes than anybody sends, and each costs a hash or two: so
 * they are counted in all batches together, before one is decoded.
 */
import type { Bytes } from "../base/bytes.ts";
import { type Result, ok, refused } from "../base/result.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import { batchBytesMax, gossipBytesMax, messageOpsMax, parcelBytesMax } from "./limits.ts";
import { type Parcel, decodeParcel, isWhole, presentOps } from "./parcel.ts";

/** Bytes a batch takes in a message beside its own. */
export const gossipOverheadBytes = 4;
/** Bytes of a message before its first batch. */
export const gossipPreambleBytes = 3;

export function encodeGossip(batches: readonly Bytes[]): Bytes {
  const writer = new ByteWriter(
    batches.reduce((sum, batch) => sum + batch.length + gossipOverheadBytes, gossipPreambleBytes),
  );
  writer.u8(1).u16(batches.length);
  for (const batch of batches) writer.u32(batch.length).bytes(batch);
  return writer.finish();
}

export function decodeGossip(bytes: Bytes): Result<readonly Parcel[], "malformed" | "tooLarge" | "versionUnknown"> {
  if (bytes.length > gossipBytesMax) return refused("tooLarge");
  const reader = new ByteReader(bytes);
  if (reader.u8() !== 1) return refused("versionUnknown");
  const parcels = readParcels(reader);
  if (parcels === "tooLarge") return refused("tooLarge");
  if (parcels === undefined || !parcels.every(isWhole)) return refused("malformed");
  return ok(parcels);
}

/** Reads a count and as many length-prefixed parcels, up to the end of the message. `tooLarge`: of more operations than may be. */
export function readParcels(reader: ByteReader): readonly Parcel[] | "tooLarge" | undefined {
  const count = reader.u16();
  if (count > messageOpsMax) return "tooLarge"; // there is no batch without an operation
  const encoded = readEncoded(reader, count);
  if (encoded.length === 0) return undefined;
  if (encoded.reduce((sum, bytes) => sum + presentOps(bytes), 0) > messageOpsMax) return "tooLarge";
  const parcels: Parcel[] = [];
  for (const bytes of encoded) {
    const parcel = decodeParcel(bytes);
    if (!parcel.ok) return undefined;
    parcels.push(parcel.value);
  }
  return parcels;
}

/** Empty where they are not what was counted. */
function readEncoded(reader: ByteReader, count: number): readonly Bytes[] {
  const encoded: Bytes[] = [];
  for (let i = 0; i < count; i++) {
    const length = reader.u32();
    if (length > parcelBytesMax) reader.fail();
    encoded.push(reader.bytes(length));
    if (reader.failed) break;
  }
  return reader.finished ? encoded : [];
}

/** True while a batch of this size still fits behind `lengthBytes` of message. */
export function fitsGossip(lengthBytes: number, batchLengthBytes: number): boolean {
  return batchLengthBytes <= batchBytesMax && lengthBytes + batchLengthBytes + gossipOverheadBytes <= gossipBytesMax;
}
