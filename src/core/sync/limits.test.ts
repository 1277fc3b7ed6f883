import { expect, test } from "vitest";
import { frontierFrameBytesMax, frontierRangesMax, gossipBytesMax, parcelBytesMax } from "../../codec/limits.ts";
import { linksMax } from "../peers/limits.ts";
import { gossipGatherBytes, parcelFrameBytes, servesMax, servesPerLinkMax, supersededOriginsMax } from "./limits.ts";

test("a frame that is almost full still takes the largest parcel, with 16 KiB for lengths", () => {
  expect(parcelFrameBytes + parcelBytesMax + 16 * 1024).toBeLessThanOrEqual(frontierFrameBytesMax);
});

test("a frame of superseded ranges is under a tenth of what a frame may be", () => {
  expect(supersededOriginsMax * (41 + 16 * frontierRangesMax)).toBeLessThan(frontierFrameBytesMax / 10);
});

test("every admitted link may have its pulls served at once", () => {
  expect(servesMax).toBe(servesPerLinkMax * linksMax);
});

test("gathered batches fit a gossip message", () => {
  expect(gossipGatherBytes).toBeLessThan(gossipBytesMax);
});
