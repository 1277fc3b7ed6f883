/** Real signed batches of one author, whole or in part, for tests of stores. */
import type { BatchId, Incarnation, Instant, NetworkId, Stamp } from "../../src/base/brand.ts";
import type { Op } from "../../src/codec/op.ts";
import { dueOf } from "../../src/core/data/collection.ts";
import { makeBatch, type CheckedParcel } from "../../src/core/data/batch.ts";
import { ed25519Signer } from "../../src/crypto/ed25519.ts";
import { leafOf, narrowProof } from "../../src/crypto/merkle.ts";
import type { Arrival, ParcelRow } from "../../src/ports/store.ts";

export interface Written {
  readonly parcel: CheckedParcel;
  readonly id: BatchId;
  readonly stamp: Stamp;
}

const signer = ed25519Signer(new Uint8Array(32).fill(1));
export const author = signer.author;
export const network = "ab".repeat(32) as NetworkId;
export const incarnation = "cd".repeat(8) as Incarnation;
const firstStamp = 1_790_000_000_000_000;

export function put(key: string, size = 3): Op {
  return {
    key,
    content: { type: "value", value: new Uint8Array(size).fill(7) },
    ttlSeconds: undefined,
    replaces: undefined,
  };
}

/** A batch whose stamp grows with its number. */
export function signedBatch(sequence: number, ops: readonly Op[]): Written {
  const stamp = (firstStamp + sequence) as Stamp;
  const made = makeBatch(ops, { network, incarnation, sequence, stamp }, signer);
  if (!made.ok) throw new Error(made.code);
  return { parcel: made.value.parcel, id: made.value.parcel.id, stamp };
}

/** Some operations of a whole batch, with their proof. */
export function fragmentOf({ parcel, id, stamp }: Written, indices: readonly number[]): Written {
  const leaves = parcel.ops.map(({ index, bytes }) => ({ index, leaf: leafOf(bytes) }));
  const proof = narrowProof(parcel.header.opsCount, leaves, parcel.proof, new Set(indices));
  return { parcel: { ...parcel, ops: parcel.ops.filter(({ index }) => indices.includes(index)), proof }, id, stamp };
}

export const ownArrival: Arrival = { at: 1_790_000_000_000 as Instant, via: { type: "own" } };

export function rowOf(
  { parcel, id, stamp }: Written,
  living?: readonly number[],
  arrival: Arrival = ownArrival,
): ParcelRow {
  const { author: writer, incarnation: numbering, sequence, opsCount } = parcel.header;
  return {
    author: writer,
    incarnation: numbering,
    sequence,
    batch: id,
    signedHeader: parcel.signedHeader,
    opsCount,
    proof: parcel.proof,
    arrival,
    ops: parcel.ops.map((placed) => ({
      ...placed,
      stamp,
      due: dueOf(placed.op, stamp),
      living: living?.includes(placed.index) ?? true,
    })),
  };
}
