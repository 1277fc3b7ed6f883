import { describe, expect, test } from "vitest";
import {
  foreignTopicRate,
  gossipControlRate,
  gossipMessageRate,
  gossipRpcRate,
  inputBytesRate,
  muxerFrameRate,
  muxerPingRate,
  processorMsRate,
  protocolFrameRate,
  replicaMsRate,
  type Rate,
  strayBytesRate,
  strayFrameRate,
  streamRate,
} from "./limits.ts";
import { type Bounding, PeerMeter, type Slowing, usualPeerRates } from "./peer-meter.ts";
import { TokenBucket } from "./token-bucket.ts";

const start = 1_000;

describe("a bucket", () => {
  const rate: Rate = { perSecond: 10, burst: 5 };

  test("gives its burst at once, then its rate, and is never fuller than its brim", () => {
    const bucket = new TokenBucket(rate, start);
    expect([bucket.tryTake(5, start), bucket.tryTake(1, start), bucket.tryTake(1, start + 99)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([bucket.tryTake(1, start + 100), bucket.level(start + 60_000)]).toEqual([true, 5]);
  });

  test("lends beyond its last token, and says when that is paid back", () => {
    const bucket = new TokenBucket(rate, start);
    expect([bucket.take(5, start), bucket.take(3, start), bucket.take(1, start)]).toEqual([0, 300, 400]);
    expect([bucket.level(start + 400), bucket.isFull(start + 899), bucket.isFull(start + 900)]).toEqual([
      0,
      false,
      true,
    ]);
  });

  test("loses nothing to a clock that stands still or steps back", () => {
    const bucket = new TokenBucket(rate, start);
    bucket.take(5, start);
    expect([bucket.level(start), bucket.level(start - 500)]).toEqual([0, 0]);
  });
});

describe("one peer", () => {
  test.each<[Slowing, Rate]>([
    ["bytes", inputBytesRate],
    ["processorMs", processorMsRate],
    ["replicaMs", replicaMsRate],
    ["muxerFrames", muxerFrameRate],
    ["protocolFrames", protocolFrameRate],
    ["gossipRpcs", gossipRpcRate],
    ["gossipMessages", gossipMessageRate],
  ])("is read at full speed up to its burst of %s, then at its rate, and fully again after a pause", (kind, rate) => {
    const meter = new PeerMeter(usualPeerRates, start);
    expect(meter.slow(kind, rate.burst, start)).toBe(0);
    expect(meter.slow(kind, rate.perSecond / 2, start)).toBeCloseTo(500);
    const later = start + 500 + (rate.burst / rate.perSecond) * 1_000;
    expect(meter.slow(kind, rate.burst, later)).toBe(0);
  });

  test.each<[Bounding, Rate]>([
    ["streams", streamRate],
    ["pings", muxerPingRate],
    ["gossipControl", gossipControlRate],
    ["foreignTopics", foreignTopicRate],
    ["strayFrames", strayFrameRate],
    ["strayBytes", strayBytesRate],
  ])("may go on with %s at its rate for good, and is parted with beyond its burst", (kind, rate) => {
    const meter = new PeerMeter(usualPeerRates, start);
    for (let second = 0; second < 600; second++)
      expect(meter.bound(kind, rate.perSecond, start + 1_000 * second)).toBeUndefined();
    expect(meter.bound(kind, rate.burst, start + 600_000)).toBeUndefined();
    expect(meter.bound(kind, 1, start + 600_000)).toMatch(/^a flood of /);
    expect(meter.bound(kind, 1, start + 602_000)).toBeUndefined();
  });

  test("that is slowed for one thing is not for another", () => {
    const meter = new PeerMeter(usualPeerRates, start);
    meter.slow("gossipRpcs", 10 * gossipRpcRate.burst, start);
    expect(meter.slow("bytes", 1, start)).toBe(0);
  });
});
