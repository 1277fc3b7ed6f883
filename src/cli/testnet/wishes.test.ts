import { expect, test } from "vitest";
import type { PeerId } from "../../base/brand.ts";
import { parseFaultSet } from "../../drivers/faults/fault-set.ts";
import {
  describeWishes,
  faultSetOf,
  type Member,
  noWishes,
  withClock,
  withDiskFull,
  withLossy,
  withSlow,
} from "./wishes.ts";

const members: readonly Member[] = [1, 2, 3, 4].map((number) => ({ number, peer: `peer${number}` as PeerId }));
const cutOf = (self: number, groups: number[][]): readonly string[] =>
  faultSetOf(self, { ...noWishes, groups }, members).cut;

test("nodes of other groups are cut off, and those not named are one group together", () => {
  expect(cutOf(1, [])).toEqual([]);
  expect(cutOf(1, [[1, 2], [3]])).toEqual(["peer3", "peer4"]);
  expect(cutOf(4, [[1, 2], [3]])).toEqual(["peer1", "peer2", "peer3"]);
  expect(cutOf(4, [[3]])).toEqual(["peer3"]);
});

test("both ends of a cut know of it, whatever the groups", () => {
  for (const groups of [
    [[1, 2], [3]],
    [[1], [2], [3]],
    [[4]],
    [
      [1, 3],
      [2, 4],
    ],
  ]) {
    for (const a of members)
      for (const b of members)
        expect(cutOf(a.number, groups).includes(b.peer)).toBe(cutOf(b.number, groups).includes(a.peer));
  }
});

test("a wish for a link goes before one for all links of a node, and 0 ends either", () => {
  const all = withSlow(noWishes, { a: 1, b: undefined }, 100);
  expect(faultSetOf(1, all, members).delayMs).toEqual({ peer2: 100, peer3: 100, peer4: 100 });
  expect(faultSetOf(3, all, members).delayMs).toEqual({ peer1: 100 });
  const one = withSlow(all, { a: 3, b: 1 }, 0);
  expect(faultSetOf(1, one, members).delayMs).toEqual({ peer2: 100, peer4: 100 });
  expect(faultSetOf(3, one, members).delayMs).toEqual({});
  expect(withSlow(all, { a: 1, b: undefined }, 0)).toEqual(noWishes);
  expect(withLossy(withLossy(noWishes, { a: 1, b: 2 }, 30), { a: 2, b: 1 }, 0)).toEqual(noWishes);
  expect(() => withSlow(noWishes, { a: 1, b: 2 }, 60_001)).toThrow(/at most 60 s/);
});

test("clock and disk are the node's own, each node draws its losses for itself, and the set is one that a node takes", () => {
  const wishes = withDiskFull(withClock(noWishes, 2, -20_000), 2, true);
  const set = faultSetOf(2, wishes, members);
  expect(set).toMatchObject({ clockOffsetMs: -20_000, diskFull: true });
  expect(faultSetOf(1, wishes, members)).toMatchObject({ clockOffsetMs: 0, diskFull: false });
  expect(set.seed).not.toBe(faultSetOf(1, wishes, members).seed);
  expect(parseFaultSet(JSON.parse(JSON.stringify(set)))).toEqual(set);
  expect(withDiskFull(withClock(wishes, 2, 0), 2, false)).toEqual(noWishes);
  expect(describeWishes(2, { ...wishes, groups: [[2]] }, [1, 2, 3])).toBe("cut from 1,3; clock -20 s; disk full");
});
