/**
 * One operation of a batch: a key gets a value, a tombstone or a reference to a blob.
 *
 * Layout: flags u8 | key length u16 | key | [ttl u32, seconds] | [replaces: stamp u64, batch id 32]
 * | content. Content of a value is length u32 and bytes; of a blob its hash (32) and size u64; of
 * a tombstone nothing. Flags: bits 0-1 the kind (0 value, 1 tombstone, 2 blob), bit 2 a ttl
 * follows, bit 3 `replaces` follows; all other bits are zero. There is one form for each operation.
 */
import type { BatchId, Stamp } from "../base/brand.ts";
import { type Bytes, fromHex, toHex, utf8Decode, utf8Encode, utf8Length } from "../base/bytes.ts";
import { assert } from "../base/assert.ts";
import type { Fault } from "../base/fault.ts";
import { storeDamaged } from "../base/store-damaged.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import { keyBytesMax, valueBytesMax } from "./limits.ts";

export type OpContent =
  | { readonly type: "value"; readonly value: Bytes }
  | { readonly type: "tombstone" }
  | { readonly type: "blob"; readonly hash: Bytes; readonly sizeBytes: number };

/** The version of a key that a writer saw when it wrote the next one. */
export interface Replaces {
  readonly stamp: Stamp;
  readonly batch: BatchId;
}

export interface Op {
  readonly key: string;
  readonly content: OpContent;
  /** Seconds after its stamp at which the entry expires. */
  readonly ttlSeconds: number | undefined;
  readonly replaces: Replaces | undefined;
}

/** An operation with the very bytes it came in. */
export interface EncodedOp {
  readonly op: Op;
  readonly bytes: Bytes;
}

const kindOfContent = { value: 0, tombstone: 1, blob: 2 } as const;
const flagTtl = 4;
const flagReplaces = 8;
/** Bytes in front of the key: flags and key length. */
export const opKeyOffset = 3;

/** True for 1 to 256 bytes of UTF-8 without control characters or unpaired surrogates. */
export function isValidKey(key: string): boolean {
  return key.length <= keyBytesMax && hasNoControls(key) && key.isWellFormed() && utf8Length(key) <= keyBytesMax;
}

/** True for at least one character, none of them a control character. */
function hasNoControls(key: string): boolean {
  return /^[^\u0000-\u001f\u007f-\u009f]+$/.test(key);
}

export function encodeOp(op: Op): Bytes {
  const key = utf8Encode(op.key);
  const writer = new ByteWriter(
    opKeyOffset + key.length + 64 + (op.content.type === "value" ? op.content.value.length : 0),
  );
  const flags =
    kindOfContent[op.content.type] |
    (op.ttlSeconds === undefined ? 0 : flagTtl) |
    (op.replaces === undefined ? 0 : flagReplaces);
  writer.u8(flags).u16(key.length).bytes(key);
  if (op.ttlSeconds !== undefined) writer.u32(op.ttlSeconds);
  if (op.replaces !== undefined) writer.u64(op.replaces.stamp).bytes(hexBytes(op.replaces.batch));
  if (op.content.type === "value") writer.u32(op.content.value.length).bytes(op.content.value);
  if (op.content.type === "blob") writer.bytes(op.content.hash).u64(op.content.sizeBytes);
  return writer.finish();
}

/** Reads one operation; a malformed or over-long one fails the reader. */
export function readOp(reader: ByteReader): EncodedOp {
  const start = reader.offset;
  const flags = reader.u8();
  const kind = flags & 3;
  if (flags >= 16 || kind === 3) reader.fail();
  const key = readKey(reader);
  const ttlSeconds = (flags & flagTtl) === 0 ? undefined : readTtl(reader);
  const replaces =
    (flags & flagReplaces) === 0
      ? undefined
      : { stamp: reader.u64() as Stamp, batch: toHex(reader.bytes(32)) as BatchId };
  const content = readContent(reader, kind);
  return { op: { key, content, ttlSeconds, replaces }, bytes: reader.since(start) };
}

/** An operation without its key, as it is stored beside it. */
export interface KeylessOp {
  readonly flags: number;
  readonly rest: Bytes;
}

export function withoutKey(opBytes: Bytes): KeylessOp {
  const keyLength = ((opBytes[1] as number) << 8) + (opBytes[2] as number);
  return { flags: opBytes[0] as number, rest: opBytes.subarray(opKeyOffset + keyLength) };
}

/** The bytes an operation was split from. */
export function withKey(key: string, { flags, rest }: KeylessOp): Bytes {
  const keyBytes = utf8Encode(key);
  return new ByteWriter(opKeyOffset + keyBytes.length + rest.length)
    .u8(flags)
    .u16(keyBytes.length)
    .bytes(keyBytes)
    .bytes(rest)
    .finish();
}

/** A stored operation with its key, as it came. Throws `store_damaged` where the disk changed it into none. */
export function storedOp({ key, flags, rest }: KeylessOp & { readonly key: string }): EncodedOp {
  checkStored({ flags, rest });
  if (typeof key !== "string" || !isValidKey(key)) throw damagedOp();
  const reader = new ByteReader(withKey(key, { flags, rest }));
  const read = readOp(reader);
  if (!reader.finished) throw damagedOp();
  return read;
}

/** What a reader of values wants of a stored operation, without building all of it. */
export type StoredValue =
  | { readonly type: "value"; readonly value: Bytes; readonly ttlSeconds: number | undefined }
  | { readonly type: "tombstone" }
  | { readonly type: "blob" };

/** Throws `store_damaged` where the disk changed it into something else than an operation. */
export function storedValue({ flags, rest }: KeylessOp): StoredValue {
  checkStored({ flags, rest });
  const kind = flags & 3;
  if (kind === kindOfContent.tombstone) return { type: "tombstone" };
  if (kind === kindOfContent.blob) return { type: "blob" };
  const hasTtl = (flags & flagTtl) !== 0;
  const start = (hasTtl ? 4 : 0) + ((flags & flagReplaces) !== 0 ? 40 : 0) + 4;
  const ttlSeconds = hasTtl
    ? (((rest[0] as number) << 24) | ((rest[1] as number) << 16) | ((rest[2] as number) << 8) | (rest[3] as number)) >>>
      0
    : undefined;
  const value = rest.subarray(start);
  const [a = -1, b = 0, c = 0, d = 0] = rest.subarray(start - 4, start);
  if (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d !== value.length) throw damagedOp();
  return { type: "value", value, ttlSeconds };
}

/** One bit of a SQLite record tells bytes from text. */
function checkStored({ flags, rest }: KeylessOp): void {
  const isFlags = Number.isInteger(flags) && flags >= 0 && flags < 16 && (flags & 3) !== 3;
  if (!isFlags || !(rest instanceof Uint8Array)) throw damagedOp();
}

function damagedOp(): Fault {
  return storeDamaged("a stored operation is none any more");
}

function readKey(reader: ByteReader): string {
  const length = reader.u16();
  if (length === 0 || length > keyBytesMax) reader.fail();
  const key = utf8Decode(reader.bytes(length)); // of valid length, and well-formed
  if (key === undefined || !hasNoControls(key)) {
    reader.fail();
    return "";
  }
  return key;
}

function readTtl(reader: ByteReader): number {
  const ttl = reader.u32();
  if (ttl === 0) reader.fail();
  return ttl;
}

function readContent(reader: ByteReader, kind: number): OpContent {
  if (kind === kindOfContent.tombstone) return { type: "tombstone" };
  if (kind === kindOfContent.blob) return { type: "blob", hash: reader.bytes(32), sizeBytes: reader.u64() };
  const length = reader.u32();
  if (length > valueBytesMax) reader.fail();
  return { type: "value", value: reader.bytes(length) };
}

function hexBytes(hex: string): Bytes {
  const bytes = fromHex(hex);
  assert(bytes !== undefined && bytes.length === 32, "a batch id is 64 hex digits");
  return bytes;
}
