/**
 * What a proof proves, to somebody who knows of a set nothing but its root: that the key has this
 * operation in it, signed by its author, or that the key is not in it. Stands alone: no trie, no
 * store, no node.
 *
 * The root is computed anew from the bottom up; where it comes out as the one that is known,
 * everything that went into it is true, or SHA-256 is broken:
 *
 * 1. Which child of each branch the path takes follows from SHA-256(key), not from the proof.
 * 2. A bucket and a branch are hashed with different first bytes, so neither passes for the other.
 * 3. The digest of the key's entry commits to the batch's header and to the operation; the
 *    signature, which the root does not cover, is checked by itself.
 * 4. An absence proof holds for all keys whose positions lead the same way, and for no other.
 */
import type { Author, BatchId, Incarnation, Instant, NetworkId, Stamp } from "../../../base/brand.ts";
import { type Bytes, compareBytes, concat, equalBytes, fromHex } from "../../../base/bytes.ts";
import { type Result, ok, refused } from "../../../base/result.ts";
import { type OpContent, isValidKey } from "../../../codec/op.ts";
import type { Parcel, PlacedOp } from "../../../codec/parcel.ts";
import {
  type ProofBranch,
  type ProofEntry,
  type TrieProofRefusal,
  decodeTrieProof,
} from "../../../codec/trie-proof.ts";
import { bucketEntriesMax, digitAt, trieHashBytes } from "../../../codec/trie-shape.ts";
import { ed25519PublicKey, ed25519Verify } from "../../../crypto/ed25519.ts";
import { type TrieChild, branchHash, bucketHash, entryDigest, triePosition } from "../../../crypto/trie-hash.ts";
import { checkParcel, signedPart } from "../batch.ts";
import { instantOf, opStamp } from "../stamp.ts";

/** What is known now; `count` is how many entries the set has, tombstones included. */
export type Proven =
  | { readonly type: "absent"; readonly count: number }
  | { readonly type: "present"; readonly count: number; readonly entry: ProvenEntry };

/** The operation on a key that a proof shows to be in the set. */
export interface ProvenEntry {
  readonly key: string;
  /** A tombstone is an entry: the key was deleted, by this author at this stamp. */
  readonly content: OpContent;
  readonly stamp: Stamp;
  /** From when on readers are not shown the value; the entry stays in the set. */
  readonly expiresAt: Instant | undefined;
  readonly author: Author;
  readonly network: NetworkId;
  readonly batch: BatchId;
  readonly incarnation: Incarnation;
  readonly sequence: number;
}

/** Why a proof was not believed. */
export type ProofRefusal =
  | TrieProofRefusal
  /** No set can have this key. */
  | "invalidKey"
  /** It is a proof about another key. */
  | "otherKey"
  /** No trie has this form: a branch over too few entries, entries where they do not belong. */
  | "wrongShape"
  /** The operation is not of the batch it came with. */
  | "batchMismatch"
  | "badSignature"
  /** It leads to another root. */
  | "rootMismatch";

/** Checks a proof about a key against a root of 32 bytes. */
export function checkProof(root: Bytes, key: string, proof: Bytes): Result<Proven, ProofRefusal> {
  if (!isValidKey(key)) return refused("invalidKey");
  const decoded = decodeTrieProof(proof);
  if (!decoded.ok) return decoded;
  const { branches, end } = decoded.value;
  const own = end.type === "present" ? entryOf(end.parcel, key) : ok(undefined);
  if (!own.ok) return own;
  const position = triePosition(key);
  const below =
    end.type === "empty" ? ok(undefined) : bucketOf(end.others, position, branches.length, own.value?.digest);
  const whole = below.ok ? climb(below.value, branches, position) : below;
  if (!whole.ok) return whole;
  const { count, hash } = whole.value;
  if (!equalBytes(hash, root)) return refused("rootMismatch");
  if (end.type !== "present" || own.value === undefined) return ok({ type: "absent", count });
  return isSigned(end.parcel) ? ok({ type: "present", count, entry: own.value.entry }) : refused("badSignature");
}

/** The bucket at the end of a path: of the other entries and, where it is there, the key's own with its digest. */
function bucketOf(
  others: readonly ProofEntry[],
  position: Bytes,
  depth: number,
  own: Bytes | undefined,
): Result<TrieChild, "wrongShape"> {
  for (const entry of others)
    if (sharedDigits(entry.position, position) < depth || equalBytes(entry.position, position))
      return refused("wrongShape");
  const all = own === undefined ? others : [...others, { position, digest: own }].sort(byPosition);
  const packed = concat(all.flatMap((entry) => [entry.position, entry.digest]));
  return ok({ count: all.length, hash: bucketHash(packed, 0, all.length, 2 * trieHashBytes) });
}

/** The whole, from the node below the last branch (undefined where there is none) upwards. */
function climb(
  below: TrieChild | undefined,
  branches: readonly ProofBranch[],
  position: Bytes,
): Result<TrieChild, "wrongShape"> {
  let node = below;
  for (let depth = branches.length - 1; depth >= 0; depth--) {
    const digit = digitAt(position, 0, depth);
    const branch = branches[depth] as ProofBranch;
    if (branch[digit] !== undefined) return refused("wrongShape");
    const children = branch.with(digit, node);
    const count = children.reduce((sum, child) => sum + (child?.count ?? 0), 0);
    if (count <= bucketEntriesMax || count > Number.MAX_SAFE_INTEGER) return refused("wrongShape");
    node = { count, hash: branchHash(children) };
  }
  return node === undefined ? refused("wrongShape") : ok(node);
}

interface OwnEntry {
  readonly digest: Bytes;
  readonly entry: ProvenEntry;
}

function entryOf(parcel: Parcel, key: string): Result<OwnEntry, "otherKey" | "batchMismatch"> {
  const { op } = parcel.ops[0] as PlacedOp;
  if (op.key !== key) return refused("otherKey");
  const { network, author, incarnation, sequence, stamp: batchStamp } = parcel.header;
  const checked = checkParcel(parcel, network);
  if (!checked.ok) return refused("batchMismatch");
  const { id: batch, leaves } = checked.value;
  const stamp = opStamp(batchStamp, op.replaces);
  const expiresAt = op.ttlSeconds === undefined ? undefined : ((instantOf(stamp) + op.ttlSeconds * 1_000) as Instant);
  return ok({
    digest: entryDigest(fromHex(batch) as Bytes, leaves[0] as Bytes),
    entry: { key, content: op.content, stamp, expiresAt, author, network, batch, incarnation, sequence },
  });
}

function isSigned(parcel: Parcel): boolean {
  const key = ed25519PublicKey(parcel.header.author);
  const { message, signature } = signedPart(parcel);
  return key !== undefined && ed25519Verify(key, message, signature);
}

function byPosition(a: ProofEntry, b: ProofEntry): number {
  return compareBytes(a.position, b.position);
}

function sharedDigits(a: Bytes, b: Bytes): number {
  let depth = 0;
  while (depth < 2 * trieHashBytes && digitAt(a, 0, depth) === digitAt(b, 0, depth)) depth += 1;
  return depth;
}
