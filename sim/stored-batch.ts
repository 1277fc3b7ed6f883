/**
 * A batch as the memory store keeps it: some of its operations, each alive or dead, and the hashes
 * that prove them. Values are never changed in place, so a turn can be rolled back by reference.
 */
import type { Stamp } from "../src/base/brand.ts";
import type { Bytes } from "../src/base/bytes.ts";
import { foldShape } from "../src/codec/merkle-shape.ts";
import type { Op } from "../src/codec/op.ts";
import { encodeParcel } from "../src/codec/parcel.ts";
import { leafOf, narrowProof } from "../src/crypto/merkle.ts";
import type { LivingFact } from "./checkers/facts.ts";
import type { Arrival, OpId, ParcelRow, StoredOp } from "../src/ports/store.ts";

export interface KeptOp {
  readonly index: number;
  readonly op: Op;
  readonly bytes: Bytes;
  readonly stamp: Stamp;
  readonly due: Stamp | undefined;
  /** Of the parcel that brought it. */
  readonly arrival: Arrival;
  /** Set while the operation lives. */
  readonly id: OpId | undefined;
  /** What checkers were handed of it, kept so that they need not read it again. */
  fact: LivingFact | undefined;
  /** Its leaf in the batch's tree, once somebody asked: a batch is narrowed several times. */
  leaf: Bytes | undefined;
}

export interface StoredBatch extends Omit<ParcelRow, "ops" | "arrival"> {
  /** In the order of their index. */
  readonly ops: readonly KeptOp[];
  /** How many of them live. */
  readonly living: number;
}

/** What a parcel adds to what is stored of the same batch. Each newly living operation is named by `nameLiving`. */
export function unite(
  stored: StoredBatch | undefined,
  row: ParcelRow,
  nameLiving: (place: number) => OpId,
): StoredBatch {
  const ops = stored === undefined ? row.ops.map((_, place) => kept(row, place, nameLiving)) : [...stored.ops];
  if (stored !== undefined) {
    const places = new Map(ops.map(({ index }, place) => [index, place]));
    row.ops.forEach(({ index }, place) => {
      const known = places.get(index);
      if (known === undefined) ops.push(kept(row, place, nameLiving));
      else if (ops[known]?.id === undefined) ops[known] = kept(row, place, nameLiving);
    });
    ops.sort((a, b) => a.index - b.index);
  }
  const { author, incarnation, sequence, batch, signedHeader, opsCount } = row;
  return {
    author,
    incarnation,
    sequence,
    batch,
    signedHeader: stored?.signedHeader ?? signedHeader,
    opsCount,
    proof: stored === undefined ? row.proof : unitedProof(stored, row, ops),
    ops,
    living: ops.filter(({ id }) => id !== undefined).length,
  };
}

function kept({ ops, arrival }: ParcelRow, place: number, nameLiving: (place: number) => OpId): KeptOp {
  const { index, op, bytes, stamp, due, living } = ops[place] as StoredOp;
  return {
    index,
    op,
    bytes,
    stamp,
    due,
    arrival,
    id: living ? nameLiving(place) : undefined,
    fact: undefined,
    leaf: undefined,
  };
}

/** The same batch with some of its living operations dead. */
export function withDead(stored: StoredBatch, dead: ReadonlySet<OpId>): StoredBatch {
  const ops = stored.ops.map((op) =>
    op.id !== undefined && dead.has(op.id) ? { ...op, id: undefined, fact: undefined } : op,
  );
  return { ...stored, ops, living: stored.living - dead.size };
}

/** The batch after the space rule: undefined when nothing lives, a fragment when less than half does. */
export function compacted(stored: StoredBatch): StoredBatch | undefined {
  if (stored.living === 0) return undefined;
  if (stored.living * 2 >= stored.ops.length) return stored;
  const living = stored.ops.filter((op) => op.id !== undefined);
  const leaves = stored.ops.map((op) => ({ index: op.index, leaf: (op.leaf ??= leafOf(op.bytes)) }));
  const keep = new Set(living.map(({ index }) => index));
  return { ...stored, ops: living, proof: narrowProof(stored.opsCount, leaves, stored.proof, keep) };
}

export function encodeStored({ signedHeader, opsCount, ops, proof }: StoredBatch): Bytes {
  return encodeParcel(signedHeader, opsCount, ops, proof);
}

interface Part {
  readonly opsCount: number;
  readonly ops: readonly { readonly index: number }[];
  readonly proof: readonly Bytes[];
}

/** The proof's hashes by the stretch of leaves each stands for. */
function absentHashes({ opsCount, ops, proof }: Part): readonly (readonly [string, Bytes])[] {
  const named: [string, Bytes][] = [];
  walkAbsent(opsCount, ops, (stretch) => named.push([stretch, proof[named.length] as Bytes]));
  return named;
}

/** Each subtree without any of the operations is beside one with some of either part, so that part's proof has it. */
function unitedProof(stored: Part, row: Part, ops: Part["ops"]): readonly Bytes[] {
  const hashes = new Map([...absentHashes(stored), ...absentHashes(row)]);
  const proof: Bytes[] = [];
  walkAbsent(row.opsCount, ops, (stretch) => proof.push(hashes.get(stretch) as Bytes));
  return proof;
}

function walkAbsent(opsCount: number, ops: Part["ops"], visit: (stretch: string) => void): void {
  foldShape<undefined>(
    opsCount,
    ops.map(({ index }) => index),
    {
      leaf: () => undefined,
      absent: (from, to) => void visit(`${from}-${to}`),
      join: () => undefined,
    },
  );
}
