/**
 * A set of signed entries with its trie, and proofs about it, made without a replica or a store:
 * for tests of proofs, and for the vectors of the protocol.
 */
import type { BatchId, Incarnation, NetworkId, Stamp } from "../../src/base/brand.ts";
import { type Bytes, fromHex } from "../../src/base/bytes.ts";
import type { Op, OpContent } from "../../src/codec/op.ts";
import { encodeParcel } from "../../src/codec/parcel.ts";
import { encodeTrieProof } from "../../src/codec/trie-proof.ts";
import { type CheckedParcel, makeBatch } from "../../src/core/data/batch.ts";
import { pathTo } from "../../src/core/data/trie/make-proof.ts";
import { Trie } from "../../src/core/data/trie/trie.ts";
import { ed25519Signer } from "../../src/crypto/ed25519.ts";
import { narrowProof } from "../../src/crypto/merkle.ts";
import { entryDigest, triePosition } from "../../src/crypto/trie-hash.ts";

const signer = ed25519Signer(new Uint8Array(32).fill(7));
export const provenAuthor = signer.author;
export const provenNetwork = "ab".repeat(32) as NetworkId;
const firstStamp = 1_790_000_000_000_000;

interface Placed {
  readonly parcel: CheckedParcel;
  readonly place: number;
}

export class ProvenSet {
  readonly #trie = new Trie({ pages: [], load: () => new Uint8Array(0), cacheBytesMax: 0 });
  readonly #operations: Placed[] = [];
  /** The batches as they were signed, in order. */
  readonly parcels: Bytes[] = [];
  #sequence = 0;

  get root(): Bytes {
    return this.#trie.summary().hash;
  }

  get count(): number {
    return this.#trie.count;
  }

  /** Signs operations as one batch; each takes the place of what its key had. */
  write(ops: readonly Op[]): { readonly batch: BatchId; readonly stamp: Stamp } {
    const sequence = ++this.#sequence;
    const stamp = (firstStamp + sequence) as Stamp;
    const numbers = { network: provenNetwork, incarnation: "cd".repeat(8) as Incarnation, sequence, stamp };
    const made = makeBatch(ops, numbers, signer);
    if (!made.ok) throw new Error(made.code);
    const { parcel, bytes } = made.value;
    this.parcels.push(bytes);
    parcel.ops.forEach(({ op }, place) => {
      const digest = entryDigest(fromHex(parcel.id) as Bytes, parcel.leaves[place] as Bytes);
      this.#trie.set({ position: triePosition(op.key), digest, id: this.#operations.length });
      this.#operations.push({ parcel, place });
    });
    return { batch: parcel.id, stamp };
  }

  /** The proof that the key is in the set, or that it is not. */
  prove(key: string): Bytes {
    const { branches, end } = pathTo(key, this.#trie.snapshot());
    if (end.type !== "present") return encodeTrieProof({ branches, end });
    const { parcel, place } = this.#operations[end.id] as Placed;
    return encodeTrieProof({ branches, end: { ...end, parcel: fragmentOf(parcel, place) } });
  }
}

export function valueOp(key: string, value: Bytes): Op {
  return opOf(key, { type: "value", value });
}

export function tombstoneOp(key: string): Op {
  return opOf(key, { type: "tombstone" });
}

function opOf(key: string, content: OpContent): Op {
  return { key, content, ttlSeconds: undefined, replaces: undefined };
}

/** One operation of a whole batch, with what proves it to be of that batch. */
export function fragmentOf({ header, signedHeader, ops, leaves }: CheckedParcel, place: number): Bytes {
  const placed = leaves.map((leaf, index) => ({ index, leaf }));
  const proof = narrowProof(header.opsCount, placed, [], new Set([place]));
  return encodeParcel(signedHeader, header.opsCount, ops.slice(place, place + 1), proof);
}
