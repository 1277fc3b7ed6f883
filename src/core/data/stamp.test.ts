import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BatchId, Instant, Stamp } from "../../base/brand.ts";
import { instantOf, nextBatchStamp, opStamp, stampOf } from "./stamp.ts";

const anyInstant = fc.integer({ min: 0, max: 4_000_000_000_000 }).map((ms) => ms as Instant);
const replaces = (stamp: number): { stamp: Stamp; batch: BatchId } => ({
  stamp: stamp as Stamp,
  batch: "ab".repeat(32) as BatchId,
});

describe("stamps", () => {
  test("of one writer grow strictly, whatever its clock does", () => {
    fc.assert(
      fc.property(fc.array(anyInstant, { maxLength: 30 }), (clock) => {
        let last = 0 as Stamp;
        for (const now of clock) {
          const next = nextBatchStamp(now, last);
          expect(next).toBeGreaterThan(last);
          expect(next).toBeGreaterThanOrEqual(stampOf(now));
          last = next;
        }
      }),
    );
  });

  test("follow the clock as soon as it has caught up", () => {
    expect(nextBatchStamp(10 as Instant, 3_000 as Stamp)).toBe(10_000);
    expect(nextBatchStamp(2 as Instant, 3_000 as Stamp)).toBe(3_001);
    expect(nextBatchStamp(3 as Instant, 3_000 as Stamp)).toBe(3_001);
  });

  test.each([
    ["nothing replaced", 100, undefined, 100],
    ["an older version replaced", 100, 50, 100],
    ["a version of the same stamp replaced", 100, 100, 101],
    ["a version from a clock ahead replaced", 100, 5_000, 5_001],
  ])("of an operation come after what it replaces: %s", (_, batch, replaced, stamp) => {
    expect(opStamp(batch as Stamp, replaced === undefined ? undefined : replaces(replaced))).toBe(stamp);
  });

  test("seen on one key move only operations on that key: the writer's next batch stays at its clock", () => {
    const batch = nextBatchStamp(1 as Instant, 0 as Stamp);
    expect(opStamp(batch, replaces(9_000_000))).toBe(9_000_001);
    expect(nextBatchStamp(1 as Instant, batch)).toBe(1_001);
  });

  test("give their instant back", () => {
    fc.assert(fc.property(anyInstant, (now) => void expect(instantOf(stampOf(now))).toBe(now)));
    expect(instantOf(1_999 as Stamp)).toBe(1);
  });
});
