/**
 * Where a peer stands in the space in which peers are near to each other or far: the beginning of SHA-256(peer id),
 * nearer the more leading bits two positions share.
 *
 * Source: https://github.com/libp2p/specs/blob/master/kad-dht/README.md (the distance is the xor of the hashes of
 * the binary peer ids). Deviation: only the first 53 bits, which a number holds, are looked at; no two members of
 * a network that can be share them by chance.
 */
import type { PeerId } from "../../../base/brand.ts";
import { assert } from "../../../base/assert.ts";
import { BoundedMap } from "../../../base/bounded-map.ts";
import { fromBase58 } from "../../../base/bytes.ts";
import { sha256 } from "../../../crypto/hash.ts";
import { buckets } from "./limits.ts";

export interface Position {
  readonly high: number;
  readonly low: number;
}

/** Bits of the lower half that a distance has no room for. */
const lowBitsLost = 11;

/** Positions kept: base 58 takes as long as ten of them. Guess: all contacts, and some lookups. */
const positionsMax = 2_048;
const positions = new BoundedMap<PeerId, Position>(positionsMax);

export function positionOf(peer: PeerId): Position {
  const known = positions.get(peer);
  if (known !== undefined) return known;
  const id = fromBase58(peer);
  assert(id !== undefined, "a peer id is base 58");
  const digest = sha256(id);
  const view = new DataView(digest.buffer, digest.byteOffset);
  const position = { high: view.getUint32(0), low: view.getUint32(4) };
  positions.set(peer, position);
  return position;
}

export function distance(one: Position, other: Position): number {
  const high = (one.high ^ other.high) >>> 0;
  const low = (one.low ^ other.low) >>> 0;
  return high * 2 ** (32 - lowBitsLost) + (low >>> lowBitsLost);
}

/** How many leading bits two positions share, as far as they are told apart. */
export function bucketOf(one: Position, other: Position): number {
  return Math.min(buckets - 1, Math.clz32(one.high ^ other.high));
}
