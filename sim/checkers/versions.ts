/**
 * The order of versions, written a second time from the design and not from the code under test:
 * stamp, then author, then batch, the larger wins. An operation's stamp is its batch's or one
 * microsecond after the version it replaces, whichever is later.
 */
import { assert } from "../../src/base/assert.ts";
import type { Bytes } from "../../src/base/bytes.ts";
import { ByteReader } from "../../src/codec/byte-io.ts";
import { type Op, readOp } from "../../src/codec/op.ts";
import { type BatchHeader, decodeStoredHeader } from "../../src/codec/parcel.ts";
import type { LivingFact, Seen } from "./facts.ts";

const headers = new WeakMap<Bytes, BatchHeader>();
/** The facts decoded last, by batch and index: other nodes show the same bytes a moment later. */
const recent = new Map<string, Map<number, LivingFact>>();
const recentBatchesMax = 5_000;

export function seen(fact: LivingFact): Seen {
  return (fact.seen ??= likeOther(fact));
}

function likeOther(fact: LivingFact): Seen {
  const beside = recent.get(fact.batch) ?? new Map<number, LivingFact>();
  const like = beside.get(fact.index);
  if (like?.seen !== undefined && isSame(like, fact)) return like.seen;
  if (recent.size >= recentBatchesMax) recent.clear();
  recent.set(fact.batch, beside.set(fact.index, fact));
  return decode(fact);
}

function isSame(a: LivingFact, b: LivingFact): boolean {
  if (a.key !== b.key) return false;
  return isSameBytes(a.opBytes, b.opBytes) && isSameBytes(a.signedHeader, b.signedHeader);
}

function isSameBytes(a: Bytes, b: Bytes): boolean {
  return a === b || Buffer.compare(a, b) === 0;
}

function headerOf(signedHeader: Bytes): BatchHeader {
  const known = headers.get(signedHeader);
  if (known !== undefined) return known;
  const header = decodeStoredHeader(signedHeader);
  headers.set(signedHeader, header);
  return header;
}

function decode(fact: LivingFact): Seen {
  const header = headerOf(fact.signedHeader);
  const reader = new ByteReader(fact.opBytes);
  const { op } = readOp(reader);
  assert(reader.finished, "a stored operation is well-formed");
  const stamp = stampOfOp(header.stamp, op);
  const { key, batch } = fact;
  const nameHash = textHash(key, textHash(batch, 0x811c_9dc5));
  const otherNameHash = textHash(batch, textHash(key, 0x9e37_79b9));
  const place = `${batch}/${fact.index}`;
  return { place, stamp, author: header.author, batch, header, op, nameHash, otherNameHash };
}

/** FNV-1a over the characters. */
function textHash(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash >>> 0;
}

export function stampOfOp(batchStamp: number, op: Op): number {
  const pushed = op.replaces === undefined ? 0 : op.replaces.stamp + 1;
  return batchStamp > pushed ? batchStamp : pushed;
}

/** Positive where `a` wins over `b`, 0 for the same version. */
export function order(a: VersionName, b: VersionName): number {
  if (a.stamp !== b.stamp) return a.stamp - b.stamp;
  if (a.author !== b.author) return a.author > b.author ? 1 : -1;
  if (a.batch !== b.batch) return a.batch > b.batch ? 1 : -1;
  return 0;
}

export interface VersionName {
  readonly stamp: number;
  readonly author: string;
  readonly batch: string;
}

export function nameOf({ stamp, author, batch }: VersionName): string {
  return `${stamp}/${author.slice(0, 8)}/${batch.slice(0, 8)}`;
}
