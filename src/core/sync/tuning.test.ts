import { expect, test } from "vitest";
import { frontierFrameBytesMax, parcelBytesMax } from "../../codec/limits.ts";
import { parcelFrameBytes, parcelFrameBytesMax } from "./limits.ts";
import { meanRtt, tuningOf } from "./tuning.ts";

test.each<[string, number | undefined, number]>([
  ["nothing is known of", undefined, parcelFrameBytes],
  ["is on the spot", 0.3, parcelFrameBytes],
  ["takes 50 ms", 50, parcelFrameBytes],
  ["takes 75 ms", 75, 196_608],
  ["takes 100 ms", 100, parcelFrameBytesMax],
  ["takes 10 s", 10_000, parcelFrameBytesMax],
])("a line that %s has its frame", (_, rttMs, frameBytes) => {
  expect(tuningOf({ rttMs }).frameBytes).toBe(frameBytes);
});

test("the largest parcel fits a frame, with room for its words, even where it does not fit beside others", () => {
  expect(parcelBytesMax).toBeLessThan(frontierFrameBytesMax - 64);
});

test("one slow answer moves the mean by an eighth of the difference", () => {
  expect([meanRtt(undefined, 100), meanRtt(100, 180)]).toEqual([100, 110]);
});
