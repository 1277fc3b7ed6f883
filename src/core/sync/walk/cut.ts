/** A replica's own side of a comparison, in the cut form that goes over the wire. */
import type { Bytes } from "../../../base/bytes.ts";
import { type WalkNode, cutPosition, walkHashBytes } from "../../../codec/walk.ts";
import type { TrieSnapshot } from "../../data/trie/snapshot.ts";

/** The hashes of the 16 subtrees below a path; undefined where one is empty. */
export function cutHashes(snapshot: TrieSnapshot, path: string): readonly (Bytes | undefined)[] {
  return snapshot.children(path).map((child) => child?.hash.subarray(0, walkHashBytes));
}

/** The entries below a path. */
export function cutEntries(snapshot: TrieSnapshot, path: string): Extract<WalkNode, { type: "entries" }> {
  const entries = Array.from(snapshot.entries(path), ({ position, digest }) => ({
    position: cutPosition(position, path),
    digest: digest.subarray(0, walkHashBytes),
  }));
  return { type: "entries", path, entries };
}
