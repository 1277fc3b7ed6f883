import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Observation, type Quality, newQuality, observed, qualityHalfLifeMs, scoreOf } from "./quality.ts";

const day = 86_400_000;
const [good, bad] = [
  { type: "dialed", success: true },
  { type: "dialed", success: false },
] as const;

function after(observations: readonly Observation[], mono = 0): Quality {
  return observations.reduce((quality, what) => observed(quality, what, mono), newQuality(mono));
}

const times = (count: number, ...observations: readonly Observation[]): readonly Observation[] =>
  Array.from({ length: count }, () => observations).flat();
/** Nothing can be better. */
const best = times(99, good, { type: "answered", rttMs: 0 }, { type: "brought", news: true });

describe("an observation", () => {
  test.each<[string, Observation, keyof Quality, "up" | "down"]>([
    ["a dial that led to a link raises success", good, "success", "up"],
    ["a dial that failed lowers it", bad, "success", "down"],
    ["an answer faster than 100 ms raises promptness", { type: "answered", rttMs: 10 }, "promptness", "up"],
    ["a slower one lowers it", { type: "answered", rttMs: 1_000 }, "promptness", "down"],
    ["news raises usefulness", { type: "brought", news: true }, "usefulness", "up"],
    ["what was known already lowers it", { type: "brought", news: false }, "usefulness", "down"],
    ["a violation is counted", { type: "violated" }, "violations", "up"],
  ])("%s and no other part", (_, what, part, way) => {
    const [before, then] = [newQuality(5), observed(newQuality(5), what, 5)];
    expect(Math.sign(Number(then[part]) - Number(before[part]))).toBe(way === "up" ? 1 : -1);
    const rest = { [part]: undefined, seenAt: undefined };
    expect({ ...then, ...rest }).toEqual({ ...before, ...rest });
  });

  test("that shows the peer alive tells when it was seen; a failed dial and a violation do not", () => {
    for (const what of [good, { type: "answered", rttMs: 1 }, { type: "brought", news: false }] as const)
      expect(observed(newQuality(0), what, 7).seenAt).toBe(7);
    for (const what of [bad, { type: "violated" }] as const)
      expect(observed(newQuality(0), what, 7).seenAt).toBeUndefined();
  });

  test("weighs a fifth: five of one kind tell", () => {
    expect(after([good]).success).toBeCloseTo(0.6);
    expect(after(times(5, good)).success).toBeGreaterThan(0.8);
    expect(after([{ type: "answered", rttMs: 100 }]).promptness).toBeCloseTo(0.5);
  });
});

describe("what was observed", () => {
  test("moves half way to the middle in an hour, merit and blame alike, whether looked at in between or not", () => {
    for (const kind of [good, bad]) {
      const quality = after(times(20, kind));
      const later = observed(quality, { type: "answered", rttMs: 100 }, qualityHalfLifeMs);
      expect(later.success - 0.5).toBeCloseTo((quality.success - 0.5) / 2);
      const inSteps = [1, 2, 3, 4].reduce(
        (each, part) => observed(each, { type: "answered", rttMs: 100 }, (part * qualityHalfLifeMs) / 4),
        quality,
      );
      expect(inSteps.success).toBeCloseTo(later.success);
    }
  });

  test("of violations halves in an hour and is nothing after a day", () => {
    const quality = after(times(4, { type: "violated" }));
    expect(observed(quality, bad, qualityHalfLifeMs).violations).toBeCloseTo(2);
    expect([scoreOf(quality, 0), scoreOf(quality, day)]).toEqual([0, 50]);
  });
});

describe("a score", () => {
  test("is 50 for whom nothing is known of", () => {
    expect([scoreOf(newQuality(0), 0), scoreOf(newQuality(0), 9 * day)]).toEqual([50, 50]);
  });

  test("reaches nearly 100 for the best and 0 for the worst, and comes back from both", () => {
    expect(scoreOf(after(best), 0)).toBeGreaterThanOrEqual(99);
    const worst = after(times(99, bad, { type: "violated" }));
    expect([scoreOf(worst, 0), scoreOf(worst, 2 * day)]).toEqual([0, 50]);
    expect(scoreOf(after(best), day)).toBe(50);
  });

  test("of the best is no more than a stranger's after two violations", () => {
    const fallen = after([...best, { type: "violated" }, { type: "violated" }]);
    expect(scoreOf(fallen, 0)).toBeLessThanOrEqual(scoreOf(newQuality(0), 0));
    expect(scoreOf(after([{ type: "violated" }, { type: "violated" }]), 0)).toBe(0);
    expect(scoreOf(fallen, 2 * qualityHalfLifeMs)).toBeGreaterThan(50);
  });

  test("lies between 0 and 100 whatever happens and whenever", () => {
    const observation = fc.oneof(
      fc.record({ type: fc.constant("dialed" as const), success: fc.boolean() }),
      fc.record({ type: fc.constant("answered" as const), rttMs: fc.double({ min: -1e9, max: 1e9, noNaN: true }) }),
      fc.record({ type: fc.constant("brought" as const), news: fc.boolean() }),
      fc.record({ type: fc.constant("violated" as const) }),
    );
    const story = fc.array(fc.record({ what: observation, waitMs: fc.nat(10 * day) }), { maxLength: 60 });
    fc.assert(
      fc.property(story, (steps) => {
        let [quality, mono] = [newQuality(0), 0];
        for (const { what, waitMs } of steps) {
          quality = observed(quality, what, (mono += waitMs));
          const score = scoreOf(quality, mono);
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});
