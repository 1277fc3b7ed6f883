/**
 * The hashes of the Merkle trie over living entries: where an entry stands, what it is, and what a
 * node of the trie commits to. Each kind has its own first byte, so that none can be taken for
 * another (Source: the reasoning of RFC 6962 §2.1); 0 and 1 belong to the tree inside a batch.
 */
import type { Bytes } from "../base/bytes.ts";
import { utf8Encode } from "../base/bytes.ts";
import { bucketEntriesMax, trieFanout, trieHashBytes } from "../codec/trie-shape.ts";
import { sha256 } from "./hash.ts";

const entryTag = 2;
const bucketTag = 3;
const branchTag = 4;

const entryScratch = new Uint8Array(1 + 2 * trieHashBytes);
const bucketScratch = new Uint8Array(2 + bucketEntriesMax * 2 * trieHashBytes);
const branchScratch = new Uint8Array(3 + trieFanout * (8 + trieHashBytes));

/** What a branch says of one child. */
export interface TrieChild {
  readonly count: number;
  readonly hash: Bytes;
}

/** Where a key's entry stands: its digits, the first half of each byte first, lead from the root to its bucket. */
export function triePosition(key: string): Bytes {
  return sha256(utf8Encode(key));
}

/** What the entry is: the batch that wrote it (32 bytes of id) and the operation's leaf in that batch's tree. */
export function entryDigest(batch: Bytes, leaf: Bytes): Bytes {
  entryScratch[0] = entryTag;
  entryScratch.set(batch, 1);
  entryScratch.set(leaf, 1 + trieHashBytes);
  return sha256(entryScratch);
}

/**
 * The hash of a bucket. `entries` holds positions and digests in ascending order of position: entry
 * `i` begins at `from + i * stride` with its position, its digest follows.
 */
export function bucketHash(entries: Bytes, from: number, count: number, stride: number): Bytes {
  bucketScratch[0] = bucketTag;
  bucketScratch[1] = count;
  for (let i = 0; i < count; i++) {
    const at = from + i * stride;
    bucketScratch.set(entries.subarray(at, at + 2 * trieHashBytes), 2 + i * 2 * trieHashBytes);
  }
  return sha256(bucketScratch.subarray(0, 2 + count * 2 * trieHashBytes));
}

/** The hash of a branch: which children it has, and the count and hash of each. */
export function branchHash(children: readonly (TrieChild | undefined)[]): Bytes {
  let bitmap = 0;
  let at = 3;
  for (let digit = 0; digit < trieFanout; digit++) {
    const child = children[digit];
    if (child === undefined) continue;
    bitmap += 2 ** digit;
    writeCount(child.count, at);
    branchScratch.set(child.hash, at + 8);
    at += 8 + trieHashBytes;
  }
  branchScratch[0] = branchTag;
  branchScratch[1] = bitmap >> 8;
  branchScratch[2] = bitmap & 0xff;
  return sha256(branchScratch.subarray(0, at));
}

/** 8 bytes, big-endian; a count is below 2^53. */
function writeCount(count: number, at: number): void {
  let rest = count;
  for (let i = 7; i >= 0; i--) {
    branchScratch[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
