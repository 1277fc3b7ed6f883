/**
 * A proof about a key at this moment: the way to it in the trie, and its operation as a fragment of
 * its batch. Root, count and proof are of one state, which is durable when the answer goes out.
 */
import { assert } from "../../base/assert.ts";
import type { Bytes } from "../../base/bytes.ts";
import type { SetSummary } from "../../codec/frontier.ts";
import { trieProofBytesMax } from "../../codec/limits.ts";
import { encodeTrieProof } from "../../codec/trie-proof.ts";
import type { StoreView } from "../../ports/store.ts";
import { pathTo } from "../data/trie/make-proof.ts";
import type { TrieSnapshot } from "../data/trie/snapshot.ts";

export interface SetProof {
  readonly summary: SetSummary;
  readonly proof: Bytes;
}

export function proveKey(key: string, snapshot: TrieSnapshot, view: StoreView): SetProof {
  const { count, hash } = snapshot.summary("");
  const { branches, end } = pathTo(key, snapshot);
  const summary = { count, root: hash };
  if (end.type !== "present") return { summary, proof: encodeTrieProof({ branches, end }) };
  const [parcel] = view.fragments([end.id], trieProofBytesMax).parcels;
  assert(parcel !== undefined, "what the trie has, the store has");
  return { summary, proof: encodeTrieProof({ branches, end: { ...end, parcel } }) };
}
