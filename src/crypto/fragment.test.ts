import { expect, test } from "vitest";
import { put, signedBatch } from "../../test/support/stored-batches.ts";
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
