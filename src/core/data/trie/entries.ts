/**
 * Entries of the trie packed into one array, ascending by position: 32 bytes of position, 32 of
 * digest, 6 of the operation's id. A million of them are 70 MB and three thousand objects, where
 * an object each would be five times as much.
 *
 * The functions here see only the array; which subtree it stands for is the caller's knowledge, as
 * a number of leading hex digits that all its positions share.
 */
import type { Bytes } from "../../../base/bytes.ts";
import { bucketEntriesMax, digitAt, trieFanout, trieHashBytes } from "../../../codec/trie-shape.ts";
import { type TrieChild, branchHash, bucketHash } from "../../../crypto/trie-hash.ts";
import type { OpId } from "../../../ports/store.ts";

/** Bytes of one packed entry. */
export const entryBytes: number = 2 * trieHashBytes + 6;

/** One entry: where it stands, what it is, and the operation that it is here. */
export interface TrieEntry {
  readonly position: Bytes;
  readonly digest: Bytes;
  readonly id: OpId;
}

/** A stretch of packed entries: `from` inclusive, `to` exclusive, counted in entries. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Index of the first entry not before `position`, and whether it is that very one. */
export function find(body: Bytes, count: number, position: Bytes): { readonly at: number; readonly found: boolean } {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = comparePosition(body, middle * entryBytes, position);
    if (order === 0) return { at: middle, found: true };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return { at: low, found: false };
}

/** Writes an entry over the one at `index`. */
export function write(body: Bytes, index: number, { position, digest, id }: TrieEntry): void {
  const at = index * entryBytes;
  body.set(position, at);
  body.set(digest, at + trieHashBytes);
  let rest = id;
  for (let i = entryBytes - 1; i >= 2 * trieHashBytes; i--) {
    body[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** The entry at `index`; its arrays are views. */
export function read(body: Bytes, index: number): TrieEntry {
  const at = index * entryBytes;
  let id = 0;
  for (let i = 2 * trieHashBytes; i < entryBytes; i++) id = id * 256 + (body[at + i] as number);
  return {
    position: body.subarray(at, at + trieHashBytes),
    digest: body.subarray(at + trieHashBytes, at + 2 * trieHashBytes),
    id,
  };
}

/** The stretches of a subtree's 16 children; `depth` is how many digits its entries share. */
export function childStretches(body: Bytes, { from, to }: Stretch, depth: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let at = from;
  for (let digit = 0; digit < trieFanout; digit++) {
    const start = at;
    while (at < to && digitAt(body, at * entryBytes, depth) === digit) at += 1;
    stretches.push({ from: start, to: at });
  }
  return stretches;
}

/** The hash of the subtree that a stretch is, as the shape of the trie demands. */
export function hashOf(body: Bytes, stretch: Stretch, depth: number): Bytes {
  const count = stretch.to - stretch.from;
  if (count <= bucketEntriesMax) return bucketHash(body, stretch.from * entryBytes, count, entryBytes);
  return branchHash(childrenOf(body, stretch, depth));
}

/** What a branch over the stretch says of its children. */
export function childrenOf(body: Bytes, stretch: Stretch, depth: number): readonly (TrieChild | undefined)[] {
  return childStretches(body, stretch, depth).map((child) => {
    const count = child.to - child.from;
    return count === 0 ? undefined : { count, hash: hashOf(body, child, depth + 1) };
  });
}

function comparePosition(body: Bytes, at: number, position: Bytes): number {
  for (let i = 0; i < trieHashBytes; i++) {
    const difference = (body[at + i] as number) - (position[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
