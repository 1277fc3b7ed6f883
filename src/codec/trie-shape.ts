/**
 * The sizes that give the Merkle trie over a set of entries its shape. They are part of the
 * protocol: another number would give the same set another root.
 */
import type { Bytes } from "../base/bytes.ts";

/** Bytes of a position, of a digest and of a node's hash. */
export const trieHashBytes = 32;
/** Children of a branch: one for each hex digit. */
export const trieFanout = 16;
/** Entries up to which a subtree is one bucket. Source: DESIGN of the data model. */
export const bucketEntriesMax = 16;
/** Branches above a bucket: 17 positions cannot share 63 of their 64 digits, as they would have 16 last ones. */
export const trieDepthMax: number = 2 * trieHashBytes - 1;

/** The digit at `depth` of a position that begins at byte `at` of the array. */
export function digitAt(bytes: Bytes, at: number, depth: number): number {
  const byte = bytes[at + (depth >> 1)] as number;
  return depth % 2 === 0 ? byte >> 4 : byte & 15;
}
