import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Prng } from "./prng.ts";

const anySeed = fc.maxSafeInteger();

describe("a seeded generator", () => {
  test("repeats itself from the same seed", () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const [a, b] = [new Prng(seed), new Prng(seed)];
        for (let i = 0; i < 20; i++) expect(a.u32()).toBe(b.u32());
      }),
    );
  });

  test("keeps its sequence from release to release, so that seeds stay valid", () => {
    const prng = new Prng(1);
    expect(Array.from({ length: 4 }, () => prng.u32())).toMatchInlineSnapshot(`
      [
        2442144158,
        3238099751,
        3819917871,
        2104621829,
      ]
    `);
  });

  test("differs for neighbouring seeds, and in the upper bits of the seed too", () => {
    const firsts = [1, 2, 3, 4, 5 * 2 ** 32, 6 * 2 ** 32].map((seed) => new Prng(seed).u32());
    expect(new Set(firsts).size).toBe(6);
  });

  test("stays in the range asked for", () => {
    fc.assert(
      fc.property(anySeed, fc.integer({ min: 1, max: 2 ** 32 }), (seed, below) => {
        const prng = new Prng(seed);
        const [u32, unit, number] = [prng.u32(), prng.unit(), prng.below(below)];
        expect(Number.isInteger(u32) && u32 >= 0 && u32 < 2 ** 32).toBe(true);
        expect(unit >= 0 && unit < 1).toBe(true);
        expect(Number.isInteger(number) && number >= 0 && number < below).toBe(true);
      }),
    );
  });

  test("spreads over all values", () => {
    const prng = new Prng(7);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[prng.below(10)]! += 1;
    for (const count of counts) expect(count).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });

  test("jitters by at most the share, to both sides", () => {
    const prng = new Prng(3);
    const values = Array.from({ length: 500 }, () => prng.jittered(1_000, 0.2));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(800);
    expect(Math.max(...values)).toBeLessThanOrEqual(1_200);
    expect(Math.min(...values)).toBeLessThan(850);
    expect(Math.max(...values)).toBeGreaterThan(1_150);
  });

  test("chances of 0 and 1 are certain", () => {
    const prng = new Prng(5);
    for (let i = 0; i < 100; i++) expect([prng.chance(0), prng.chance(1)]).toEqual([false, true]);
  });
});
