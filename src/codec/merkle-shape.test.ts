import fc from "fast-check";
import { expect, test } from "vitest";
import { batchOpsMax } from "./limits.ts";
import { foldShape, leftLeaves, proofLength } from "./merkle-shape.ts";

// Source: RFC 6962 §2.1: k is the largest power of two smaller than n.
test.each([
  [2, 1],
  [3, 2],
  [4, 2],
  [5, 4],
  [8, 4],
  [9, 8],
  [1_000, 512],
])("of %d leaves %d are on the left", (count, left) => {
  expect(leftLeaves(count)).toBe(left);
});

const anyPart = fc
  .integer({ min: 1, max: 200 })
  .chain((count) =>
    fc.tuple(fc.constant(count), fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1 })),
  )
  .map(([count, indices]) => [count, indices.sort((a, b) => a - b)] as const);

test("the walk meets every place once, in order, and absent parts are as large as can be", () => {
  fc.assert(
    fc.property(anyPart, ([count, indices]) => {
      const met = foldShape<readonly (readonly [number, number, boolean])[]>(count, indices, {
        leaf: (index) => [[index, index + 1, true]],
        absent: (from, to) => [[from, to, false]],
        join: (left, right) => [...left, ...right],
      });
      let next = 0;
      for (const [from, to] of met) {
        expect(from).toBe(next);
        next = to;
      }
      expect(next).toBe(count);
      expect(met.filter(([, , present]) => present).map(([from]) => from)).toEqual(indices);
      expect(met.filter(([, , present]) => !present).length).toBe(proofLength(count, indices));
    }),
  );
});

test("a proof of one in 1,000 takes about as many hashes as the tree is deep; of half of them at most one each", () => {
  for (let index = 0; index < batchOpsMax; index++) expect(proofLength(batchOpsMax, [index])).toBeLessThanOrEqual(10);
  const even = Array.from({ length: 500 }, (_, i) => 2 * i);
  expect(proofLength(batchOpsMax, even)).toBe(500);
});
