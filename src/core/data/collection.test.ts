import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Instant, Stamp } from "../../base/brand.ts";
import type { Op } from "../../codec/op.ts";
import { dueOf, floorAt, nextFloorAt } from "./collection.ts";
import { floorStepsPerHorizon } from "./limits.ts";

const day = 86_400_000;
const hour = 3_600_000;

describe("the floor", () => {
  test("lies the horizon behind now, moves hour by hour, and never before the beginning of time", () => {
    const at = (ms: number): number => floorAt(ms as Instant, 30);
    expect(at(40 * day)).toBe(10 * day * 1_000);
    expect(at(40 * day + hour - 1)).toBe(10 * day * 1_000);
    expect(at(40 * day + hour)).toBe((10 * day + hour) * 1_000);
    expect(at(10 * day)).toBe(0);
  });

  test("stays the same until it moves next, and then is higher", () => {
    fc.assert(
      fc.property(fc.integer({ min: 50 * day, max: 25_000 * day }), fc.integer({ min: 1, max: 40 }), (ms, days) => {
        const now = ms as Instant;
        const next = nextFloorAt(now, days);
        expect(next).toBeGreaterThan(now);
        expect(next - now).toBeLessThanOrEqual((days * day) / floorStepsPerHorizon + 1);
        expect(floorAt((next - 1) as Instant, days)).toBe(floorAt(now, days));
        expect(floorAt(next, days)).toBeGreaterThan(floorAt(now, days));
      }),
    );
  });
});

test.each<[string, Partial<Op>, number | undefined]>([
  ["a tombstone from its stamp", { content: { type: "tombstone" } }, 7],
  ["a value with a time to live from its end", { ttlSeconds: 2 }, 2_000_007],
  ["no other value ever", {}, undefined],
])("the age that counts for collection is that of %s", (_, part, due) => {
  const op: Op = {
    key: "k",
    content: { type: "value", value: new Uint8Array(1) },
    ttlSeconds: undefined,
    replaces: undefined,
  };
  expect(dueOf({ ...op, ...part }, 7 as Stamp)).toBe(due);
});
