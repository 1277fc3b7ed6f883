import { expect, test } from "vitest";
import type { Author, Incarnation } from "../../base/brand.ts";
import type { OriginRanges } from "../../codec/frontier.ts";
import type { Range } from "../../codec/ranges-wire.ts";
import { gapsOf } from "./gap.ts";
import { gapRangesMax } from "./limits.ts";

const [alice, bob] = ["a1", "b0"].map((byte) => byte.repeat(32)) as [Author, Author];
const incarnation = "22".repeat(8) as Incarnation;
const origin = (author: Author, ranges: readonly Range[]): OriginRanges => ({ author, incarnation, ranges });
const named = (...origins: readonly OriginRanges[]): Map<string, readonly Range[]> =>
  new Map(origins.map(({ author, ranges }) => [`${author}/${incarnation}`, ranges]));
const none = { batches: 0, origins: [] };

test.each([
  ["equal frontiers have none", [origin(alice, [[1, 5]])], [origin(alice, [[1, 5]])], none, none],
  [
    "numbers of one writer on both sides",
    [origin(alice, [[1, 5]])],
    [origin(alice, [[4, 9]])],
    { batches: 3, origins: [origin(alice, [[1, 3]])] },
    { batches: 4, origins: [origin(alice, [[6, 9]])] },
  ],
  [
    "writers that only one side knows",
    [origin(alice, [[1, 2]])],
    [origin(bob, [[7, 7]])],
    { batches: 2, origins: [origin(alice, [[1, 2]])] },
    { batches: 1, origins: [origin(bob, [[7, 7]])] },
  ],
])("gaps of two frontiers: %s", (_, ours, theirs, theyLack, weLack) => {
  expect(gapsOf(ours, named(...theirs))).toEqual({ theyLack, weLack });
});

test("gaps count everything and name the first ranges only", () => {
  const odd = Array.from({ length: gapRangesMax + 10 }, (_, i): Range => [2 * i + 1, 2 * i + 1]);
  const { theyLack } = gapsOf([origin(alice, odd), origin(bob, [[1, 9]])], named());
  expect(theyLack.batches).toBe(gapRangesMax + 19);
  expect(theyLack.origins).toEqual([origin(alice, odd.slice(0, gapRangesMax))]);
});
