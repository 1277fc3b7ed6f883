import fc from "fast-check";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Bytes, toHex } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { batchOpsMax } from "../codec/limits.ts";
import { type PlacedLeaf, leafOf, merkleRoot, narrowProof, rootOfPart } from "./merkle.ts";

/** The definition of RFC 6962 §2.1 as it stands there, on the operations themselves. */
function reference(ops: readonly Bytes[]): Bytes {
  const hash = (...parts: Bytes[]): Bytes => createHash("sha256").update(Buffer.concat(parts)).digest();
  if (ops.length === 1) return hash(new Uint8Array([0]), ops[0]!);
  let k = 1;
  while (2 * k < ops.length) k *= 2;
  return hash(new Uint8Array([1]), reference(ops.slice(0, k)), reference(ops.slice(k)));
}

const opsOf = (seed: number, count: number): readonly Bytes[] => {
  const prng = new Prng(seed);
  return Array.from({ length: count }, () => prng.bytes(1 + prng.below(20)));
};
const placed = (ops: readonly Bytes[], indices: Iterable<number>): readonly PlacedLeaf[] =>
  [...indices].map((index) => ({ index, leaf: leafOf(ops[index] as Bytes) }));
const all = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const partProof = (ops: readonly Bytes[], indices: Iterable<number>): readonly Bytes[] =>
  narrowProof(ops.length, placed(ops, all(ops.length)), [], new Set(indices));

interface Part {
  readonly ops: readonly Bytes[];
  readonly indices: readonly number[];
}

const anyPart: fc.Arbitrary<Part> = fc.tuple(fc.integer(), fc.integer({ min: 1, max: 80 })).chain(([seed, count]) =>
  fc.record({
    ops: fc.constant(opsOf(seed, count)),
    indices: fc
      .uniqueArray(fc.integer({ min: 0, max: count - 1 }), { minLength: 1 })
      .map((indices) => indices.sort((a, b) => a - b)),
  }),
);

describe("the root of a batch", () => {
  test.each([1, 2, 3, 4, 5, 7, 8, 9, 100, batchOpsMax])("of %d operations is that of RFC 6962", (count) => {
    const ops = opsOf(count, count);
    expect(toHex(merkleRoot(ops.map(leafOf)))).toBe(toHex(reference(ops)));
  });

  test("a leaf is never taken for a node", () => {
    const [a, b] = opsOf(1, 2).map(leafOf) as [Bytes, Bytes];
    expect(leafOf(Buffer.concat([a, b]))).not.toEqual(merkleRoot([a, b]));
  });

  test("of nothing is a fault of the program", () => {
    expect(() => merkleRoot([])).toThrow("a batch has operations");
  });
});

describe("a proof", () => {
  test("leads from any part to the root of the whole", () => {
    fc.assert(
      fc.property(anyPart, ({ ops, indices }) => {
        expect(rootOfPart(ops.length, placed(ops, indices), partProof(ops, indices))).toEqual(
          merkleRoot(ops.map(leafOf)),
        );
      }),
    );
  });

  test("narrowed again and again is the proof made at once", () => {
    fc.assert(
      fc.property(anyPart, fc.integer(), ({ ops, indices }, seed) => {
        const prng = new Prng(seed);
        let known: readonly number[] = all(ops.length);
        let proof: readonly Bytes[] = [];
        while (known.length > indices.length) {
          const spare = known.filter((index) => !indices.includes(index));
          const dropped = new Set(spare.filter((_, i) => i === 0 || prng.chance(0.5)));
          const kept = known.filter((index) => !dropped.has(index));
          proof = narrowProof(ops.length, placed(ops, known), proof, new Set(kept));
          known = kept;
        }
        expect(proof).toEqual(partProof(ops, indices));
      }),
    );
  });

  test("fails when any bit of an operation or of a hash is flipped", () => {
    fc.assert(
      fc.property(anyPart, fc.nat(), fc.integer({ min: 0, max: 7 }), ({ ops, indices }, place, bit) => {
        const root = merkleRoot(ops.map(leafOf));
        const flipped = (bytes: Bytes): Bytes =>
          bytes.map((byte, i) => (i === place % bytes.length ? byte ^ (1 << bit) : byte));
        const proof = partProof(ops, indices);
        const bad = indices[place % indices.length] as number;
        const changed = ops.map((op, index) => (index === bad ? flipped(op) : op));
        expect(rootOfPart(ops.length, placed(changed, indices), proof)).not.toEqual(root);
        if (proof.length === 0) return;
        const badProof = proof.map((hash, i) => (i === place % proof.length ? flipped(hash) : hash));
        expect(rootOfPart(ops.length, placed(ops, indices), badProof)).not.toEqual(root);
      }),
    );
  });

  test("fails for an operation at another place", () => {
    fc.assert(
      fc.property(anyPart, fc.nat(), ({ ops, indices }, choice) => {
        const [index] = indices as [number];
        const elsewhere = choice % ops.length;
        fc.pre(elsewhere !== index);
        const proof = partProof(ops, [elsewhere]);
        const moved = [{ index: elsewhere, leaf: leafOf(ops[index] as Bytes) }];
        fc.pre(toHex(ops[index] as Bytes) !== toHex(ops[elsewhere] as Bytes));
        expect(rootOfPart(ops.length, moved, proof)).not.toEqual(merkleRoot(ops.map(leafOf)));
      }),
    );
  });

  test("of all operations is empty, of one in 1,000 has ten hashes", () => {
    const ops = opsOf(4, batchOpsMax);
    expect(partProof(ops, all(batchOpsMax))).toEqual([]);
    expect(partProof(ops, [0])).toHaveLength(10);
  });
});
