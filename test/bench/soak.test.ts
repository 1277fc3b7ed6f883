import { expect, test } from "vitest";
import { growsTooFast, type Look, looksMin, trendOf } from "../../bench/soak/trend.ts";

/** A look a minute at what grows by so many MB an hour and wavers by so many. */
function looksAt(perHour: number, waver: number, count = 30): readonly Look[] {
  return Array.from({ length: count }, (_, minutes) => ({
    minutes,
    megabytes: 100 + (perHour * minutes) / 60 + (minutes % 2 === 0 ? waver : -waver),
  }));
}

test.each([
  ["what stays as it is", 0, 0, false],
  ["what wavers", 0, 10, false],
  ["what shrinks", -100, 1, false],
  ["what grows within the bound", 11, 0, false],
  ["what grows beyond it", 14, 0, true],
  ["what grows beyond it and wavers", 60, 2, true],
  ["what wavers so much that nobody can tell", 14, 10, false],
])("%s", (_, perHour, waver, tooFast) => {
  const trend = trendOf(looksAt(perHour, waver));
  expect(trend?.slope).toBeCloseTo(perHour, -1);
  expect(trend === undefined ? undefined : growsTooFast(trend, 12)).toBe(tooFast);
});

test("a few looks show no trend", () => {
  expect(trendOf(looksAt(1, 0, looksMin - 1))).toBeUndefined();
});
