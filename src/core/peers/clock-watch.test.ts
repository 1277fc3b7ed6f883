import { describe, expect, test } from "vitest";
import type { Instant, PeerId } from "../../base/brand.ts";
import { ClockWatch } from "./clock-watch.ts";

function heard(...offsets: number[]): ClockWatch {
  const watch = new ClockWatch();
  for (const [i, offset] of offsets.entries()) watch.heard(`peer${i}` as PeerId, offset);
  return watch;
}

describe("the clock of the others", () => {
  test.each<[string, readonly number[], number | undefined, boolean]>([
    ["nobody is no witness", [], undefined, false],
    ["two far off are not believed", [90_000, 90_000], undefined, false],
    ["three are believed", [90_000, 90_000, 90_000], 90_000, true],
    ["one liar of three does not matter", [0, 5, 90_000_000], 5, false],
    ["the median of four lies between the middle ones", [1, 2, 4, 9], 3, false],
    ["numbers are ordered as numbers", [-9, 100, 20, 3, 1_000], 20, false],
    ["30 s off are still trusted", [30_000, 30_000, 30_000], 30_000, false],
    ["more are not", [30_001, 30_001, 30_001], 30_001, true],
    ["nor behind", [-30_001, -30_001, -30_001], -30_001, true],
  ])("%s", (_, offsets, median, doubted) => {
    const watch = heard(...offsets);
    expect([watch.medianOffsetMs(), watch.doubted(), watch.witnesses]).toEqual([median, doubted, offsets.length]);
  });

  test("counts a peer once, by its last word", () => {
    const watch = heard(90_000, 90_000, 90_000);
    watch.heard("peer0" as PeerId, 0);
    watch.heard("peer1" as PeerId, 0);
    expect([watch.witnesses, watch.doubted(), watch.offsetOf("peer0" as PeerId)]).toEqual([3, false, 0]);
  });

  test("forgets who departed, and trusts again with too few witnesses", () => {
    const watch = heard(90_000, 90_000, 90_000);
    watch.departed("peer2" as PeerId);
    expect([watch.doubted(), watch.offsetOf("peer2" as PeerId)]).toEqual([false, undefined]);
  });

  test("is what stamps are judged by exactly while our own is doubted", () => {
    expect(heard(40_000, 40_000, 40_000).judged(5 as Instant)).toBe(40_005);
    expect(heard(20_000, 20_000, 20_000).judged(5 as Instant)).toBe(5);
    expect(heard(40_000, 40_000).judged(5 as Instant)).toBe(5);
  });
});
