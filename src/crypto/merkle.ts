/**
 * The Merkle tree over a batch's operations: its root, and multiproofs for some of them. Leaves
 * and nodes are hashed with different prefixes; the shape is that of RFC 6962 (`merkle-shape`).
 */
import type { Bytes } from "../base/bytes.ts";
import { assert } from "../base/assert.ts";
import { foldShape } from "../codec/merkle-shape.ts";
import { merkleLeaf, merkleNode } from "./hash.ts";

/** The root over all leaves in order. */
export function merkleRoot(leaves: readonly Bytes[]): Bytes {
  assert(leaves.length > 0, "a batch has operations");
  return foldShape<Bytes>(
    leaves.length,
    leaves.map((_, index) => index),
    {
      leaf: (index) => leaves[index] as Bytes,
      absent: () => assertNever(),
      join: merkleNode,
    },
  );
}

export interface PlacedLeaf {
  readonly index: number;
  readonly leaf: Bytes;
}

/**
 * The root that these leaves and this proof lead to. The proof's length must fit the leaves, as
 * the decoder has checked.
 */
export function rootOfPart(count: number, leaves: readonly PlacedLeaf[], proof: readonly Bytes[]): Bytes {
  let nextLeaf = 0;
  let nextProof = 0;
  return foldShape<Bytes>(
    count,
    leaves.map(({ index }) => index),
    {
      leaf: () => (leaves[nextLeaf++] as PlacedLeaf).leaf,
      absent: () => proof[nextProof++] as Bytes,
      join: merkleNode,
    },
  );
}

/**
 * The multiproof for a smaller part of what is known: `leaves` and `proof` describe the tree as
 * in `rootOfPart`, `keep` (ascending, some of their indices) is what is to remain provable.
 */
export function narrowProof(
  count: number,
  leaves: readonly PlacedLeaf[],
  proof: readonly Bytes[],
  keep: ReadonlySet<number>,
): readonly Bytes[] {
  assert(keep.size > 0, "something is kept");
  let nextLeaf = 0;
  let nextProof = 0;
  const whole = foldShape<Part>(
    count,
    leaves.map(({ index }) => index),
    {
      leaf: (index) => ({ hash: (leaves[nextLeaf++] as PlacedLeaf).leaf, kept: keep.has(index), proof: [] }),
      absent: () => ({ hash: proof[nextProof++] as Bytes, kept: false, proof: [] }),
      join: joinParts,
    },
  );
  return whole.proof;
}

interface Part {
  readonly hash: Bytes;
  readonly kept: boolean;
  /** Hashes needed to prove the kept leaves up to here; empty where nothing is kept. */
  readonly proof: readonly Bytes[];
}

function joinParts(left: Part, right: Part): Part {
  const hash = merkleNode(left.hash, right.hash);
  if (!left.kept && !right.kept) return { hash, kept: false, proof: [] };
  const leftProof = left.kept ? left.proof : [left.hash];
  const rightProof = right.kept ? right.proof : [right.hash];
  return { hash, kept: true, proof: [...leftProof, ...rightProof] };
}

export function leafOf(opBytes: Bytes): Bytes {
  return merkleLeaf(opBytes);
}

function assertNever(): never {
  assert(false, "a tree around all its leaves has no absent subtree");
}
