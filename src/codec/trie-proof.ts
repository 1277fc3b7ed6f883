/**
 * A proof that a key has this very operation in a set of entries, or none, for somebody who knows
 * of the set nothing but its root: as if of a tree one was shown the branches between the root and
 * one leaf, and of every other branch only where it was sawn off.
 *
 *   proof  = version u8 = 1 | depth u8 (0…63) | branch × depth, from the root down | end
 *   branch = siblings u16 | (count u64 ≥ 1 | hash 32) × bits set
 *   end    = 0x00                                                nothing stands where the key would
 *          | 0x01 | n u8 (≤ 16) | (position 32 | digest 32) × n          a bucket without the key
 *          | 0x02 | n u8 (≤ 15) | (position 32 | digest 32) × n | parcel the key's bucket
 *
 * Nothing is said twice: a branch has its other children, for the one on the path follows from
 * what is below it; the bucket of a key that is there has its other entries, for its own follows
 * from the parcel, which is a fragment (or a batch) of exactly one operation. Positions ascend. An
 * empty bucket is the empty set (depth 0), an empty child has a branch above it (depth ≥ 1). So
 * there is one form of each proof. What it proves is found out by `core/data/trie/check-proof.ts`.
 */
import { assert } from "../base/assert.ts";
import { type Bytes, compareBytes } from "../base/bytes.ts";
import { type Result, ok, refused } from "../base/result.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import { trieProofBytesMax } from "./limits.ts";
import { type Parcel, decodeParcel } from "./parcel.ts";
import { bucketEntriesMax, trieDepthMax, trieFanout, trieHashBytes } from "./trie-shape.ts";

export const trieProofVersion = 1;

/** What a branch says of a child. */
export interface ProofChild {
  readonly count: number;
  readonly hash: Bytes;
}

/** By digit; undefined for the child on the path and for those that are empty. */
export type ProofBranch = readonly (ProofChild | undefined)[];

export interface ProofEntry {
  readonly position: Bytes;
  readonly digest: Bytes;
}

export interface TriePath<End> {
  /** From the root down. */
  readonly branches: readonly ProofBranch[];
  readonly end: End;
}

/** `others` are the entries of the bucket besides the key's own. */
export type ProofEnd<Operation> =
  | { readonly type: "empty" }
  | { readonly type: "absent"; readonly others: readonly ProofEntry[] }
  | { readonly type: "present"; readonly others: readonly ProofEntry[]; readonly parcel: Operation };

/** As decoded: with the one operation of the key. */
export type TrieProof = TriePath<ProofEnd<Parcel>>;

export type TrieProofRefusal = "malformed" | "versionUnknown" | "tooLarge";

const endTags = { empty: 0, absent: 1, present: 2 } as const;

/** The parcel is given as the bytes it has; it must be one of a single operation. */
export function encodeTrieProof({ branches, end }: TriePath<ProofEnd<Bytes>>): Bytes {
  assert(branches.length <= trieDepthMax, "a path is no longer than its positions differ");
  const writer = new ByteWriter(1024).u8(trieProofVersion).u8(branches.length);
  for (const branch of branches) writeBranch(writer, branch);
  writer.u8(endTags[end.type]);
  if (end.type !== "empty") writeEntries(writer, end.others);
  if (end.type === "present") writer.bytes(end.parcel);
  assert(writer.length <= trieProofBytesMax, "a proof of one operation has room in its limit");
  return writer.finish();
}

export function decodeTrieProof(bytes: Bytes): Result<TrieProof, TrieProofRefusal> {
  if (bytes.length > trieProofBytesMax) return refused("tooLarge");
  if (bytes[0] !== trieProofVersion) return refused(bytes.length === 0 ? "malformed" : "versionUnknown");
  const reader = new ByteReader(bytes);
  reader.u8();
  const depth = reader.u8();
  if (depth > trieDepthMax) return refused("malformed");
  const branches: ProofBranch[] = [];
  while (branches.length < depth && !reader.failed) branches.push(readBranch(reader));
  const end = readEnd(reader, depth);
  return end !== undefined && reader.finished ? ok({ branches, end }) : refused("malformed");
}

function readEnd(reader: ByteReader, depth: number): ProofEnd<Parcel> | undefined {
  switch (reader.u8()) {
    case endTags.empty:
      return depth > 0 && !reader.failed ? { type: "empty" } : undefined;
    case endTags.absent: {
      const others = readEntries(reader, bucketEntriesMax);
      return others.length > 0 || depth === 0 ? { type: "absent", others } : undefined;
    }
    case endTags.present: {
      const others = readEntries(reader, bucketEntriesMax - 1);
      const parcel = decodeParcel(reader.bytes(reader.remaining));
      return parcel.ok && parcel.value.ops.length === 1 ? { type: "present", others, parcel: parcel.value } : undefined;
    }
    default:
      return undefined;
  }
}

function writeBranch(writer: ByteWriter, branch: ProofBranch): void {
  let siblings = 0;
  branch.forEach((child, digit) => (siblings += child === undefined ? 0 : 2 ** digit));
  writer.u16(siblings);
  for (const child of branch) if (child !== undefined) writer.u64(child.count).bytes(child.hash);
}

function readBranch(reader: ByteReader): ProofBranch {
  const siblings = reader.u16();
  if (siblings === 0xffff) reader.fail(); // one digit is the path's own
  return Array.from({ length: trieFanout }, (_, digit) => {
    if (((siblings >> digit) & 1) === 0) return undefined;
    const count = reader.u64();
    if (count === 0) reader.fail();
    return { count, hash: reader.bytes(trieHashBytes) };
  });
}

function writeEntries(writer: ByteWriter, entries: readonly ProofEntry[]): void {
  writer.u8(entries.length);
  for (const { position, digest } of entries) writer.bytes(position).bytes(digest);
}

function readEntries(reader: ByteReader, max: number): readonly ProofEntry[] {
  const count = reader.u8();
  if (count > max) reader.fail();
  const entries: ProofEntry[] = [];
  while (entries.length < count && !reader.failed) {
    const entry = { position: reader.bytes(trieHashBytes), digest: reader.bytes(trieHashBytes) };
    const before = entries.at(-1);
    if (before !== undefined && compareBytes(before.position, entry.position) >= 0) reader.fail();
    entries.push(entry);
  }
  return entries;
}
