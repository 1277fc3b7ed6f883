/** Turns on a store, and what it serves with every proof checked, for tests of stores. */
import { expect } from "vitest";
import { type PlacedOp, decodeParcel } from "../../src/codec/parcel.ts";
import { checkParcel } from "../../src/core/data/batch.ts";
import type { Arrival, Store } from "../../src/ports/store.ts";
import { type Written, author, incarnation, network, rowOf } from "./stored-batches.ts";

export function turn(store: Store, act: () => void): void {
  store.begin();
  act();
  store.commit();
}

/** Merges a batch within an open turn; `living` names the positions that live, all by default. */
export function merge(store: Store, batch: Written, living?: readonly number[], arrival?: Arrival): void {
  const supersedes = batch.parcel.ops
    .filter(({ index }) => living?.includes(index) ?? true)
    .map(({ op }) => store.living(op.key)?.id)
    .filter((id) => id !== undefined);
  store.apply({ type: "merge", parcel: rowOf(batch, living, arrival), supersedes });
}

export function served(
  store: Store,
  from = 1,
  to = 1_000_000,
  bytesMax = 1e9,
): readonly { sequence: number; ops: readonly PlacedOp[] }[] {
  return store.parcels({ author, incarnation, from, to, skip: 0, bytesMax }).map(({ sequence, bytes }) => {
    const decoded = decodeParcel(bytes);
    if (!decoded.ok) throw new Error(`a served parcel is ${decoded.code}`);
    expect(checkParcel(decoded.value, network)).toMatchObject({ ok: true });
    expect(decoded.value.header.sequence).toBe(sequence);
    return { sequence, ops: decoded.value.ops };
  });
}
