import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Author, BatchId, Stamp } from "../../base/brand.ts";
import { type Version, compareVersions, hadSeen } from "./version.ts";

const few = <T extends string>(): fc.Arbitrary<T> => fc.constantFrom("aa", "ab", "b0").map((text) => text as T);
const anyVersion: fc.Arbitrary<Version> = fc.record({
  stamp: fc.integer({ min: 1, max: 3 }).map((stamp) => stamp as Stamp),
  author: few<Author>(),
  batch: few<BatchId>(),
});
const version = (stamp: number, author: string, batch: string): Version => ({
  stamp: stamp as Stamp,
  author: author as Author,
  batch: batch as BatchId,
});

describe("the order of versions", () => {
  test("is total: exactly one of before, same, after; reversed when swapped", () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, (a, b) => {
        const order = compareVersions(a, b);
        expect(compareVersions(b, a)).toBe(order === 0 ? 0 : -order);
        expect(order === 0).toBe(a.stamp === b.stamp && a.author === b.author && a.batch === b.batch);
      }),
    );
  });

  test("is transitive", () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        fc.pre(compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0);
        expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test.each([
    ["stamp before author", version(1, "ff", "ff"), version(2, "00", "00")],
    ["author before batch", version(1, "aa", "ff"), version(1, "ab", "00")],
    ["batch last", version(1, "aa", "00"), version(1, "aa", "01")],
  ])("looks at %s", (_, smaller, larger) => {
    expect(compareVersions(smaller, larger)).toBe(-1);
  });
});

describe("a writer had seen the loser", () => {
  const loser = version(5, "aa", "b1");
  test.each([
    ["when it replaced that very version", { stamp: 5, batch: "b1" }, true],
    ["when it replaced a later one", { stamp: 6, batch: "b9" }, true],
    ["not when it replaced another of the same stamp", { stamp: 5, batch: "b2" }, false],
    ["not when it replaced an earlier one", { stamp: 4, batch: "b1" }, false],
  ])("%s", (_, replaces, seen) => {
    expect(hadSeen({ stamp: replaces.stamp as Stamp, batch: replaces.batch as BatchId }, loser)).toBe(seen);
  });

  test("not when it replaced nothing", () => {
    expect(hadSeen(undefined, loser)).toBe(false);
  });
});
