/**
 * A signed batch on the wire and on disk, whole or as a fragment.
 *
 * A writer signs the header once; the header commits to the operations by a Merkle root. A
 * *whole* batch carries all of them. A *fragment* carries some, with the hashes that prove they
 * belong to the root, so that entries stay provable after other operations of the batch were
 * overwritten. Both have one layout (all integers big-endian):
 *
 *   version u8 = 1 | network 32 | author 32 | incarnation 8 | sequence u64 ≥ 1 | stamp u64
 *   | opsRoot 32 | opsCount u16 (1…1000) | signature 64
 *   | present u16 | [index u16 × present, only if present < opsCount] | operations | [proof 32 × n]
 *
 * The first 123 bytes are what is signed and hashed. Indices ascend; keys ascend strictly by
 * their bytes, so no key stands twice; the number of proof hashes follows from the indices.
 * Exactly one byte string exists for each parcel, and the received bytes are what is kept.
 */
import type { Author, Incarnation, NetworkId, Stamp } from "../base/brand.ts";
import { assert } from "../base/assert.ts";
import { type Bytes, compareBytes, concat, fromHex, toHex } from "../base/bytes.ts";
import { type Result, ok, refused } from "../base/result.ts";
import { storeDamaged } from "../base/store-damaged.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import { batchBytesMax, batchOpsMax, parcelBytesMax } from "./limits.ts";
import { proofLength } from "./merkle-shape.ts";
import { type EncodedOp, opKeyOffset, readOp } from "./op.ts";

export const parcelVersion = 1;
/** Bytes of the header that are signed. */
export const headerBytes = 123;
/** Bytes of an Ed25519 signature. */
export const signatureBytes = 64;
/** Bytes of header and signature together. */
export const signedHeaderBytes: number = headerBytes + signatureBytes;

export interface BatchHeader {
  readonly network: NetworkId;
  readonly author: Author;
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly stamp: Stamp;
  readonly opsRoot: Bytes;
  readonly opsCount: number;
}

export interface PlacedOp extends EncodedOp {
  /** Position in the batch, from 0. */
  readonly index: number;
}

export interface Parcel {
  readonly header: BatchHeader;
  /** Header and signature as received. */
  readonly signedHeader: Bytes;
  readonly ops: readonly PlacedOp[];
  /** Empty for a whole batch. */
  readonly proof: readonly Bytes[];
}

export type ParcelRefusal = "malformed" | "versionUnknown" | "tooLarge";

export function isWhole(parcel: Parcel): boolean {
  return parcel.ops.length === parcel.header.opsCount;
}

/** How many operations an encoded parcel says that it has, before any of it is checked; 0 where it is too short to say. */
export function presentOps(parcel: Bytes): number {
  return ((parcel[signedHeaderBytes] ?? 0) << 8) + (parcel[signedHeaderBytes + 1] ?? 0);
}

export function encodeHeader(header: BatchHeader): Bytes {
  const writer = new ByteWriter(headerBytes);
  writer
    .u8(parcelVersion)
    .bytes(fixedHex(header.network, 32))
    .bytes(fixedHex(header.author, 32))
    .bytes(fixedHex(header.incarnation, 8));
  return writer.u64(header.sequence).u64(header.stamp).bytes(header.opsRoot).u16(header.opsCount).finish();
}

export function encodeParcel(
  signedHeader: Bytes,
  opsCount: number,
  ops: readonly { readonly index: number; readonly bytes: Bytes }[],
  proof: readonly Bytes[],
): Bytes {
  assert(ops.length > 0 && ops.length <= opsCount, "a parcel has between one and all of its operations");
  const indices = new ByteWriter(2 + 2 * ops.length).u16(ops.length);
  if (ops.length < opsCount) for (const placed of ops) indices.u16(placed.index);
  return concat([signedHeader, indices.finish(), ...ops.map((placed) => placed.bytes), ...proof]);
}

export function decodeParcel(bytes: Bytes): Result<Parcel, ParcelRefusal> {
  if (bytes.length > parcelBytesMax) return refused("tooLarge");
  if (bytes[0] !== parcelVersion) return refused(bytes.length === 0 ? "malformed" : "versionUnknown");
  const reader = new ByteReader(bytes);
  const header = readHeader(reader);
  reader.bytes(signatureBytes);
  const indices = readIndices(reader, header.opsCount);
  if (reader.failed) return refused("malformed");
  const ops = readOps(reader, indices);
  if (reader.failed) return refused("malformed");
  const opsEnd = reader.offset;
  const proof = Array.from({ length: proofLength(header.opsCount, indices) }, () => reader.bytes(32));
  if (!reader.finished) return refused("malformed");
  if (opsEnd > batchBytesMax) return refused("tooLarge");
  return ok({ header, signedHeader: bytes.subarray(0, signedHeaderBytes), ops, proof });
}

/** Reads only the fixed part in front, from bytes this node stored itself. Throws `store_damaged` where the disk changed them. */
export function decodeStoredHeader(signedHeader: Bytes): BatchHeader {
  const isBytes = signedHeader instanceof Uint8Array; // one bit of a SQLite record tells bytes from text
  const reader = new ByteReader(isBytes ? signedHeader : new Uint8Array(0));
  const header = readHeader(reader);
  if (reader.failed || signedHeader.length !== signedHeaderBytes)
    throw storeDamaged("the header of a stored batch is none any more");
  return header;
}

function readHeader(reader: ByteReader): BatchHeader {
  if (reader.u8() !== parcelVersion) reader.fail();
  const network = toHex(reader.bytes(32)) as NetworkId;
  const author = toHex(reader.bytes(32)) as Author;
  const incarnation = toHex(reader.bytes(8)) as Incarnation;
  const sequence = reader.u64();
  const stamp = reader.u64() as Stamp;
  const opsRoot = reader.bytes(32);
  const opsCount = reader.u16();
  if (sequence === 0 || sequence >= Number.MAX_SAFE_INTEGER || opsCount === 0 || opsCount > batchOpsMax) reader.fail();
  return { network, author, incarnation, sequence, stamp, opsRoot, opsCount };
}

function readIndices(reader: ByteReader, opsCount: number): readonly number[] {
  const present = reader.u16();
  if (present === 0 || present > opsCount) reader.fail();
  if (reader.failed) return [];
  if (present === opsCount) return Array.from({ length: present }, (_, index) => index);
  const indices: number[] = [];
  let least = 0;
  for (let i = 0; i < present && !reader.failed; i++) {
    const index = reader.u16();
    if (index < least || index >= opsCount) reader.fail();
    indices.push(index);
    least = index + 1;
  }
  return indices;
}

function readOps(reader: ByteReader, indices: readonly number[]): readonly PlacedOp[] {
  const ops: PlacedOp[] = [];
  let previousKey: Bytes | undefined;
  for (const index of indices) {
    const { op, bytes } = readOp(reader);
    if (reader.failed) break;
    const key = keyOf(bytes);
    if (previousKey !== undefined && compareBytes(previousKey, key) >= 0) reader.fail();
    previousKey = key;
    ops.push({ index, op, bytes });
  }
  return ops;
}

/** The key's bytes within an encoded operation. */
export function keyOf(opBytes: Bytes): Bytes {
  return opBytes.subarray(opKeyOffset, opKeyOffset + ((opBytes[1] as number) << 8) + (opBytes[2] as number));
}

function fixedHex(hex: string, length: number): Bytes {
  const bytes = fromHex(hex);
  assert(bytes !== undefined && bytes.length === length, `an identifier is ${length} bytes of hex`);
  return bytes;
}
