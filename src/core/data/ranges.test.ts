import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Ranges, hasNumber, minus, sizeOf, union, withNumber, withRange } from "./ranges.ts";

const anyNumbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });
const anyRange = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 20 }))
  .map(([from, more]) => [from, from + more] as const);

const rangesOf = (numbers: Iterable<number>): Ranges => [...numbers].reduce<Ranges>(withNumber, []);
const numbersIn = (ranges: Ranges): number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
const ascending = (numbers: Iterable<number>): number[] => [...new Set(numbers)].sort((a, b) => a - b);

function expectCanonical(ranges: Ranges): void {
  let least = 1;
  for (const [from, to] of ranges) {
    expect(from).toBeGreaterThanOrEqual(least);
    expect(to).toBeGreaterThanOrEqual(from);
    least = to + 2;
  }
}

describe("ranges behave like a set of numbers", () => {
  test("whatever the order of arrival", () => {
    fc.assert(
      fc.property(anyNumbers, (numbers) => {
        const ranges = rangesOf(numbers);
        expectCanonical(ranges);
        expect(numbersIn(ranges)).toEqual(ascending(numbers));
        expect(sizeOf(ranges)).toBe(numbers.length);
        expect(rangesOf(numbers.toReversed())).toEqual(ranges);
        expect(rangesOf([...numbers, ...numbers])).toEqual(ranges);
      }),
    );
  });

  test("asked for a number", () => {
    fc.assert(
      fc.property(
        anyNumbers,
        fc.integer({ min: 0, max: 62 }),
        (numbers, asked) => void expect(hasNumber(rangesOf(numbers), asked)).toBe(numbers.includes(asked)),
      ),
    );
  });

  test("joined with a range", () => {
    fc.assert(
      fc.property(anyNumbers, anyRange, (numbers, range) => {
        const before = rangesOf(numbers);
        const frozen = JSON.stringify(before);
        const joined = withRange(before, range);
        expectCanonical(joined);
        expect(numbersIn(joined)).toEqual(ascending([...numbers, ...numbersIn([range])]));
        expect(JSON.stringify(before)).toBe(frozen);
      }),
    );
  });

  test("united with another set", () => {
    fc.assert(
      fc.property(anyNumbers, anyNumbers, (a, b) => {
        const [left, right] = [rangesOf(a), rangesOf(b)];
        const frozen = JSON.stringify([left, right]);
        const both = union(left, right);
        expectCanonical(both);
        expect(numbersIn(both)).toEqual(ascending([...a, ...b]));
        expect(union(right, left)).toEqual(both);
        expect([union(left, left), union(left, []), union([], left)]).toEqual([left, left, left]);
        expect(JSON.stringify([left, right])).toBe(frozen);
      }),
    );
  });

  test("less another set", () => {
    fc.assert(
      fc.property(anyNumbers, anyNumbers, (a, b) => {
        const rest = minus(rangesOf(a), rangesOf(b));
        expectCanonical(rest);
        expect(numbersIn(rest)).toEqual(ascending(a.filter((number) => !b.includes(number))));
      }),
    );
  });
});

describe("ranges at the edges", () => {
  test.each<[string, Ranges, readonly [number, number], Ranges]>([
    ["touching ranges grow together", [[1, 2]], [3, 4], [[1, 4]]],
    [
      "a gap of one stays",
      [[1, 2]],
      [4, 5],
      [
        [1, 2],
        [4, 5],
      ],
    ],
    [
      "a number closes a gap",
      [
        [1, 2],
        [4, 5],
      ],
      [3, 3],
      [[1, 5]],
    ],
    [
      "in front",
      [[5, 6]],
      [1, 2],
      [
        [1, 2],
        [5, 6],
      ],
    ],
    [
      "over all",
      [
        [2, 3],
        [6, 7],
        [9, 9],
      ],
      [1, 10],
      [[1, 10]],
    ],
    ["inside", [[1, 10]], [3, 4], [[1, 10]]],
    ["up to the largest number", [[1, 2 ** 53 - 3]], [2 ** 53 - 2, 2 ** 53 - 2], [[1, 2 ** 53 - 2]]],
  ])("%s", (_, ranges, range, joined) => {
    expect(withRange(ranges, range)).toEqual(joined);
  });

  test("a hole in the largest range leaves both sides", () => {
    expect(minus([[1, 2 ** 53 - 2]], [[5, 6]])).toEqual([
      [1, 4],
      [7, 2 ** 53 - 2],
    ]);
  });

  test("one cut reaches over several ranges, several cuts into one", () => {
    expect(
      minus(
        [
          [1, 3],
          [5, 7],
          [9, 11],
        ],
        [[2, 10]],
      ),
    ).toEqual([
      [1, 1],
      [11, 11],
    ]);
    expect(
      minus(
        [[1, 11]],
        [
          [1, 2],
          [5, 5],
          [11, 20],
        ],
      ),
    ).toEqual([
      [3, 4],
      [6, 10],
    ]);
  });
});
