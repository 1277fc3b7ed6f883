/** What of a merged parcel is worth its space on disk (the rule of `ports/store.ts`). */
import type { Bytes } from "../../base/bytes.ts";
import { leafOf, narrowProof } from "../../crypto/merkle.ts";
import type { ParcelRow, StoredOp } from "../../ports/store.ts";

/** A parcel of which less than half would live is stored as a fragment from the start. */
export function keepWorthwhile(parcel: ParcelRow): {
  readonly ops: readonly StoredOp[];
  readonly proof: readonly Bytes[];
} {
  const living = parcel.ops.filter((op) => op.living);
  if (living.length * 2 >= parcel.ops.length) return parcel;
  const leaves = parcel.ops.map(({ index, bytes }) => ({ index, leaf: leafOf(bytes) }));
  return {
    ops: living,
    proof: narrowProof(parcel.opsCount, leaves, parcel.proof, new Set(living.map(({ index }) => index))),
  };
}
