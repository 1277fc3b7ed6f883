import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BatchId } from "../../base/brand.ts";
import { type Bytes, toHex } from "../../base/bytes.ts";
import { SetFingerprint, entryElement } from "./fingerprint.ts";

const anyElement = fc.uint8Array({ minLength: 32, maxLength: 32 });
const anySet = fc.array(anyElement, { maxLength: 10 });
const modulus = 2n ** 256n;
const numberOf = (bytes: Bytes): bigint => BigInt(`0x${toHex(bytes)}`);

function sumOf(elements: readonly Bytes[]): SetFingerprint {
  const sum = SetFingerprint.empty();
  for (const element of elements) sum.add(element);
  return sum;
}

describe("a fingerprint", () => {
  test("is the sum of its elements modulo 2^256", () => {
    fc.assert(
      fc.property(anySet, (elements) => {
        const { count, fingerprint } = sumOf(elements).summary();
        expect(count).toBe(elements.length);
        expect(numberOf(fingerprint)).toBe(elements.reduce((sum, each) => sum + numberOf(each), 0n) % modulus);
      }),
    );
  });

  test("does not depend on the order", () => {
    fc.assert(
      fc.property(anySet, fc.infiniteStream(fc.nat()), (elements, random) => {
        const shuffled = elements
          .map((element) => ({ element, at: random.next().value as number }))
          .sort((a, b) => a.at - b.at);
        expect(sumOf(shuffled.map(({ element }) => element)).summary()).toEqual(sumOf(elements).summary());
      }),
    );
  });

  test("removing is the inverse of adding", () => {
    fc.assert(
      fc.property(anySet, anySet, (kept, gone) => {
        const sum = sumOf([...kept, ...gone]);
        for (const element of gone) sum.remove(element);
        expect(sum.summary()).toEqual(sumOf(kept).summary());
      }),
    );
  });

  test("goes on from its summary", () => {
    fc.assert(
      fc.property(anySet, anySet, (before, after) => {
        const sum = new SetFingerprint(sumOf(before).summary());
        for (const element of after) sum.add(element);
        expect(sum.summary()).toEqual(sumOf([...before, ...after]).summary());
      }),
    );
  });

  test("carries and borrows through all its digits", () => {
    const one = new Uint8Array(32).with(31, 1);
    const sum = sumOf([new Uint8Array(32).fill(0xff), one]);
    expect(sum.summary()).toEqual({ count: 2, fingerprint: new Uint8Array(32) });
    sum.remove(one);
    expect(sum.summary()).toEqual({ count: 1, fingerprint: new Uint8Array(32).fill(0xff) });
  });
});

test("an entry's element names key and batch", () => {
  const [a, b] = ["aa".repeat(32), "bb".repeat(32)] as [BatchId, BatchId];
  expect(new Set([entryElement("k", a), entryElement("l", a), entryElement("k", b)].map(toHex)).size).toBe(3);
});
