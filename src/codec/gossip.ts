/**
 * A gossip message: fresh whole batches that one writer made durable together.
 *   version u8 = 1 | count u16 ≥ 1 | (length u32, batch) × count
 */
import type { Bytes } from "../base/bytes.ts";
import { type Result, ok, refused } from "../base/result.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import { batchBytesMax, gossipBytesMax, gossipParcelsMax, parcelBytesMax } from "./limits.ts";
import { type Parcel, decodeParcel, isWhole } from "./parcel.ts";

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
  const count = reader.u16();
  if (count === 0 || count > gossipParcelsMax) return refused("malformed");
  const parcels = readParcels(reader, count);
  if (parcels === undefined || !parcels.every(isWhole)) return refused("malformed");
  return ok(parcels);
}

/** Reads `count` length-prefixed parcels up to the end of the message. */
export function readParcels(reader: ByteReader, count: number): readonly Parcel[] | undefined {
  const parcels: Parcel[] = [];
  for (let i = 0; i < count; i++) {
    const length = reader.u32();
    if (length > parcelBytesMax) return undefined;
    const parcel = decodeParcel(reader.bytes(length));
    if (reader.failed || !parcel.ok) return undefined;
    parcels.push(parcel.value);
  }
  return reader.finished ? parcels : undefined;
}

/** True while a batch of this size still fits behind `lengthBytes` of message. */
export function fitsGossip(lengthBytes: number, batchLengthBytes: number): boolean {
  return batchLengthBytes <= batchBytesMax && lengthBytes + batchLengthBytes + gossipOverheadBytes <= gossipBytesMax;
}
