/**
 * The shape of the Merkle tree over a batch's operations, as arithmetic only.
 *
 * Source: RFC 6962 §2.1: a tree of n > 1 leaves has its left child over the largest power of two
 * below n. A multiproof of some leaves is the hash of every subtree that holds none of them and
 * whose sibling holds one, left to right. So the proof's length follows from the indices, and a
 * decoder knows it beforehand.
 */
import { assert } from "../base/assert.ts";

/** Leaves of the left child of a tree with `count` > 1 leaves. */
export function leftLeaves(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/**
 * What a walker does with the parts of the tree that a set of leaves splits it into. `absent`
 * is called once for each maximal subtree holding none of the leaves.
 */
export interface ShapeVisitor<T> {
  leaf(index: number): T;
  absent(from: number, to: number): T;
  join(left: T, right: T): T;
}

/** Folds the tree over [0, count) around the leaves `indices` (ascending, unique, at least one). */
export function foldShape<T>(count: number, indices: readonly number[], visitor: ShapeVisitor<T>): T {
  assert(indices.length > 0, "a tree is folded around at least one leaf");
  return foldRange(0, count, indices, 0, indices.length, visitor);
}

/** Hashes in the multiproof of these leaves. */
export function proofLength(count: number, indices: readonly number[]): number {
  return foldShape<number>(count, indices, { leaf: () => 0, absent: () => 1, join: (left, right) => left + right });
}

function foldRange<T>(
  from: number,
  to: number,
  indices: readonly number[],
  first: number,
  last: number,
  visitor: ShapeVisitor<T>,
): T {
  if (first === last) return visitor.absent(from, to);
  if (to - from === 1) return visitor.leaf(from);
  const middle = from + leftLeaves(to - from);
  let split = first;
  while (split < last && (indices[split] as number) < middle) split++;
  const left = foldRange(from, middle, indices, first, split, visitor);
  const right = foldRange(middle, to, indices, split, last, visitor);
  return visitor.join(left, right);
}
