import { afterEach, describe, expect, test } from "vitest";
import { link, TestScope } from "../../../../test/support/driver-node.ts";
import type { NetworkDriverOptions } from "../driver-types.ts";
import { until } from "../../../../test/support/until.ts";
import { frameBytesMax } from "../limits.ts";
import { Bandwidth, type Turn } from "./bandwidth.ts";
import { bandwidthBurstMs } from "./limits.ts";

describe("one direction", () => {
  test("owes what is beyond its burst, tells it for as long, and what went through in the last second", () => {
    const { read, written } = new Bandwidth(1_000, 0);
    expect(read.take((1_000 * bandwidthBurstMs) / 1_000, 0)).toBe(0);
    expect([read.take(500, 0), read.owedMs(400), read.owedMs(500), written.owedMs(0)]).toEqual([500, 100, 0, 0]);
    expect([read.bytesPerSecond(999), read.bytesPerSecond(1_000), read.bytesPerSecond(2_000)]).toEqual([0, 600, 0]);
    expect([read.isSlowing(1_999), read.isSlowing(2_000), written.isSlowing(0)]).toEqual([true, false, false]);
  });

  test("owes nothing without a limit, and from the moment one is set", () => {
    const bandwidth = new Bandwidth(undefined, 0);
    expect(bandwidth.read.take(10 ** 9, 0)).toBe(0);
    bandwidth.limitTo(1_000, 0);
    expect(bandwidth.read.take(1_100, 0)).toBe(1_000);
    bandwidth.limitTo(10_000, 0);
    expect(bandwidth.read.owedMs(0)).toBe(100);
    bandwidth.limitTo(undefined, 0);
    expect(bandwidth.read.owedMs(0)).toBe(0);
  });
});

test("those who wait for bulk take turns", async () => {
  const bandwidth = new Bandwidth(1_000_000, performance.now());
  const order: string[] = [];
  const all = Promise.withResolvers<void>();
  const turns = ["a", "b", "c"].map((name): Turn => {
    const turn: Turn = {
      takeTurn() {
        order.push(name);
        bandwidth.written.take(5_000, performance.now());
        if (order.length === 9) all.resolve();
        if (order.length < 9) bandwidth.wait(turn);
      },
    };
    return turn;
  });
  bandwidth.written.take(200_000, performance.now());
  expect(bandwidth.isFree).toBe(false);
  for (const turn of turns) bandwidth.wait(turn);
  await all.promise;
  bandwidth.stop();
  expect(order.join("")).toBe("abcabcabc");
});

describe("over real sockets", () => {
  const scope = new TestScope();
  afterEach(() => scope.end());
  const bytesPerSecond = 2 * 2 ** 20;
  const limited = { bandwidthMax: bytesPerSecond, pingEveryMs: 100 };
  const frames = 4;
  const bytes = frames * frameBytesMax.frontier;

  /** Sends bulk from `a` to `b`; how long it took, and how long pings took meanwhile. */
  async function send(
    ofA: Partial<NetworkDriverOptions>,
    ofB: Partial<NetworkDriverOptions>,
  ): Promise<{
    readonly seconds: number;
    readonly pings: readonly number[];
  }> {
    const [a, b] = [await scope.start("a", ofA), await scope.start("b", ofB)];
    const ids = await link(a, b);
    a.admit(ids.out);
    b.admit(ids.in);
    a.send(ids.out, "frontier", "warm");
    await b.event("frameReceived");
    await new Promise((resolve) => setTimeout(resolve, 2 * bandwidthBurstMs)); // what the start of the link took is paid back
    const before = [...a.facts, ...b.facts].length;
    const from = performance.now();
    const largest = new Uint8Array(frameBytesMax.frontier).fill(7);
    largest[0] = 0x02; // parcels
    for (let n = 0; n < frames; n++)
      a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: largest });
    const arrived = (): number => b.events.filter(({ type }) => type === "frameReceived").length;
    await until("all frames", () => arrived() === frames + 1, { deadlineMs: 40_000 });
    const seconds = (performance.now() - from) / 1_000;
    const pings = [...a.facts, ...b.facts]
      .slice(before)
      .flatMap((fact) => (fact.type === "rttMeasured" ? [fact.rttMs] : []));
    return { seconds, pings };
  }

  test.each([
    ["written", limited, { pingEveryMs: 100 }],
    ["read", { pingEveryMs: 100 }, limited],
  ] as const)(
    "no more is %s than the limit allows, and pings still get through",
    { timeout: 60_000 },
    async (_, ofA, ofB) => {
      const { seconds, pings } = await send(ofA, ofB);
      expect(bytes / seconds).toBeLessThan(1.1 * bytesPerSecond);
      expect(pings.length).toBeGreaterThan(5);
      expect(Math.max(...pings)).toBeLessThan(3_000);
    },
  );
});
