import { expect, test } from "vitest";
import { put, signedBatch } from "../../test/support/stored-batches.ts";
import { decodeParcel } from "../codec/parcel.ts";
import { type StoredPart, takeFragments } from "./fragment.ts";

test("ends when many operations had to be read for few fragments, and goes on from there", () => {
  const { parcel } = signedBatch(
    1,
    Array.from({ length: 1_000 }, (_, i) => put(`k${i}`)),
  );
  const { signedHeader, header, ops, proof } = parcel;
  const part: StoredPart = { signedHeader, opsCount: header.opsCount, ops, proof };
  const find = (id: number): { parcel: number; index: number; part: () => StoredPart } => ({
    parcel: id,
    index: id,
    part: () => part,
  });
  const ids = Array.from({ length: 40 }, (_, i) => i);
  const taken: number[] = [];
  for (let left: readonly number[] = ids; left.length > 0; left = left.slice(taken.at(-1)))
    taken.push(takeFragments(left, 1_000_000, find).taken);
  expect(taken).toEqual([16, 16, 8]);
});

test("operations whose ids do not follow their indices make a well-formed fragment", () => {
  const { parcel } = signedBatch(
    1,
    ["a", "b", "c", "d"].map((key) => put(key)),
  );
  const { signedHeader, header, ops, proof } = parcel;
  const indexOf = [2, 0, 3]; // 0 was given again after 2
  const { parcels, taken } = takeFragments([0, 1, 2], 1_000_000, (id) => ({
    parcel: 1,
    index: indexOf[id] as number,
    part: () => ({ signedHeader, opsCount: header.opsCount, ops, proof }),
  }));
  const decoded = decodeParcel(parcels[0] as Uint8Array);
  expect(taken).toBe(3);
  expect(decoded.ok && decoded.value.ops.map(({ index }) => index)).toEqual([0, 2, 3]);
});
