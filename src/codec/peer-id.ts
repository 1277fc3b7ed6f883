/**
 * Peer ids and author keys are two spellings of one Ed25519 public key.
 *
 * Source: https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md: an Ed25519 peer id is
 * the identity multihash (0x00, length 0x24) of the protobuf {Type: Ed25519 = 1, Data: 32 bytes}.
 */
import type { Author, PeerId } from "../base/brand.ts";
import { BoundedMap } from "../base/bounded-map.ts";
import { assert } from "../base/assert.ts";
import { concat, equalBytes, fromBase58, fromHex, toBase58, toHex } from "../base/bytes.ts";

const prefix = new Uint8Array([0x00, 0x24, 0x08, 0x01, 0x12, 0x20]);

/** Spellings kept: base 58 takes 15 µs, as much as merging a small batch. Guess: writers active at a time. */
const spellingsMax = 1_024;
const spellings = new BoundedMap<Author, PeerId>(spellingsMax);
const authors = new BoundedMap<string, Author>(spellingsMax);

export function peerIdOf(author: Author): PeerId {
  const known = spellings.get(author);
  if (known !== undefined) return known;
  const key = fromHex(author);
  assert(key !== undefined && key.length === 32, "an author is 32 bytes of hex");
  const peer = toBase58(concat([prefix, key])) as PeerId;
  spellings.set(author, peer);
  return peer;
}

/** The author behind a peer id, or undefined where the id is not that of an Ed25519 key. */
export function authorOf(peer: string): Author | undefined {
  const known = authors.get(peer);
  if (known !== undefined) return known;
  const bytes = fromBase58(peer);
  if (bytes === undefined || bytes.length !== 38 || !equalBytes(bytes.subarray(0, 6), prefix)) return undefined;
  const author = toHex(bytes.subarray(6)) as Author;
  authors.set(peer, author);
  return author;
}
