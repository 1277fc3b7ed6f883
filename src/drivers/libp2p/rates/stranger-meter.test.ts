import { expect, test } from "vitest";
import {
  addressesMax,
  connectionRate,
  connectionsRate,
  failedConnectionCost,
  strangerBytesRate,
  strangersProcessorMsRate,
} from "./limits.ts";
import { StrangerMeter } from "./stranger-meter.ts";

const start = 1_000;
const connectAll = (meter: StrangerMeter, address: string, now: number): number => {
  let connected = 0;
  while (meter.connects(address, now)) connected += 1;
  return connected;
};

test("one address connects up to its burst at once, then at its rate, and leaves room for others", () => {
  const meter = new StrangerMeter(start);
  expect(connectAll(meter, "10.0.0.1", start)).toBe(connectionRate.burst);
  expect(connectAll(meter, "10.0.0.1", start + 1_000)).toBe(connectionRate.perSecond);
  expect(meter.connects("10.0.0.2", start + 1_000)).toBe(true);
});

test("many addresses together connect at the rate of all", () => {
  const meter = new StrangerMeter(start);
  const from = (): number =>
    Array.from({ length: 10 }, (_, n) => connectAll(meter, `10.0.0.${n}`, start)).reduce((sum, each) => sum + each, 0);
  expect([from(), from()]).toEqual([connectionsRate.burst, 0]);
});

test("an address whose handshakes fail is soon held to a few in a second, and forgiven with time", () => {
  const meter = new StrangerMeter(start);
  let tried = 0;
  for (; meter.connects("10.0.0.1", start); tried++) meter.failed("10.0.0.1", start);
  expect(tried).toBe(connectionRate.burst / failedConnectionCost);
  expect(connectAll(meter, "10.0.0.1", start + 60_000)).toBe(connectionRate.burst);
});

test("two forms of an address are one, and so are all of one network of IPv6", () => {
  const meter = new StrangerMeter(start);
  connectAll(meter, "10.0.0.1", start);
  expect(meter.connects("::ffff:10.0.0.1", start)).toBe(false);
  connectAll(meter, "2001:db8:1::1", start);
  expect(meter.connects("2001:db8:1:2::9", start)).toBe(false);
});

test("what strangers send and cost slows their address, and their cost all of them", () => {
  const meter = new StrangerMeter(start);
  expect(meter.slow("10.0.0.1", { bytes: strangerBytesRate.burst, processorMs: 0 }, start)).toBe(0);
  expect(meter.slow("10.0.0.1", { bytes: strangerBytesRate.perSecond, processorMs: 0 }, start)).toBeCloseTo(1_000);
  expect(meter.slow("10.0.0.2", { bytes: 1_000, processorMs: 0 }, start)).toBe(0);
  meter.slow("10.0.0.3", { bytes: 0, processorMs: strangersProcessorMsRate.burst }, start);
  expect(meter.slow("10.0.0.2", { bytes: 0, processorMs: 20 }, start)).toBeCloseTo(100);
  expect(meter.slow("10.0.0.2", { bytes: 0, processorMs: 0 }, start + 60_000)).toBe(0);
});

test("no more addresses are remembered than there is room for", () => {
  const meter = new StrangerMeter(start);
  for (let n = 0; n < addressesMax + 10; n++)
    meter.slow(`10.0.${n >> 8}.${n & 255}`, { bytes: 1, processorMs: 1 }, start);
  expect(meter.addresses).toBe(addressesMax);
});
