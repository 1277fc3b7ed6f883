/** Fragments made of stored parcels: some operations, and what proves that they belong to their batch. */
import type { Bytes } from "../base/bytes.ts";
import { encodeParcel } from "../codec/parcel.ts";
import { leafOf, narrowProof } from "./merkle.ts";

/** A parcel as a store has it, whole or a fragment. */
export interface StoredPart {
  readonly signedHeader: Bytes;
  readonly opsCount: number;
  /** In the order of their index. */
  readonly ops: readonly { readonly index: number; readonly bytes: Bytes }[];
  readonly proof: readonly Bytes[];
}

/** Operations read for the fragments of one call: each fragment reads its whole parcel. Guess: 50 ms. */
const readOpsAtOnceMax = 16_000;
/** Bytes that a kept operation may add beside its own: its index and a branch of the largest batch's tree. */
const provenBytes = 2 + 10 * 32;

/** Where a living operation is stored. */
interface Stored {
  /** Names the parcel. */
  readonly parcel: string | number;
  readonly index: number;
  part(): StoredPart;
}

/**
 * Living operations as fragments of about `bytesMax` together, at least one where any lives. `ids`
 * ascend, so that those of one parcel follow each other; `taken` of them were dealt with. It also ends when many
 * operations had to be read for few fragments.
 */
export function takeFragments(
  ids: readonly number[],
  bytesMax: number,
  find: (id: number) => Stored | undefined,
): { readonly parcels: readonly Bytes[]; readonly taken: number } {
  const parcels: Bytes[] = [];
  let bytes = 0;
  let taken = 0;
  let read = 0;
  while (taken < ids.length && read < readOpsAtOnceMax) {
    const first = find(ids[taken] as number);
    if (first === undefined) {
      taken += 1; // superseded meanwhile
      continue;
    }
    const wanted = [first.index];
    for (let next = taken + 1; next < ids.length; next++) {
      const found = find(ids[next] as number);
      if (found?.parcel !== first.parcel) break;
      wanted.push(found.index);
    }
    const part = first.part();
    read += part.ops.length;
    const fragment = fragmentOf(part, wanted, bytesMax - bytes, parcels.length === 0);
    if (fragment === undefined) break;
    parcels.push(fragment.bytes);
    bytes += fragment.bytes.length;
    taken += fragment.count;
  }
  return { parcels, taken };
}

/**
 * The first of the wanted operations as one parcel of at most `bytesMax`, and how many they are; undefined
 * where not even one fits and none is demanded. They come in any order: a part that was given again later
 * has later ids than what stands behind it.
 */
function fragmentOf(
  part: StoredPart,
  wanted: readonly number[],
  bytesMax: number,
  atLeastOne: boolean,
): { readonly bytes: Bytes; readonly count: number } | undefined {
  const { signedHeader, opsCount } = part;
  const byIndex = new Map(part.ops.map((op) => [op.index, op]));
  const kept: StoredPart["ops"][number][] = [];
  let size = signedHeader.length;
  for (const index of wanted) {
    const op = byIndex.get(index);
    if (op === undefined) continue;
    size += op.bytes.length + provenBytes;
    if (size > bytesMax && !(atLeastOne && kept.length === 0)) break;
    kept.push(op);
  }
  if (kept.length === 0) return undefined;
  kept.sort((a, b) => a.index - b.index);
  if (kept.length === part.ops.length)
    return { bytes: encodeParcel(signedHeader, opsCount, kept, part.proof), count: kept.length };
  const leaves = part.ops.map(({ index, bytes }) => ({ index, leaf: leafOf(bytes) }));
  const proof = narrowProof(opsCount, leaves, part.proof, new Set(kept.map(({ index }) => index)));
  return { bytes: encodeParcel(signedHeader, opsCount, kept, proof), count: kept.length };
}
