import type { Connection } from "@libp2p/interface";
import { afterEach, expect, test, vi } from "vitest";
import type { Link } from "./link.ts";
import { Pinger, pingEveryMsOf } from "./pinger.ts";

afterEach(() => void vi.useRealTimers());

test.each([
  { staleAfterMs: 120_000, pingEveryMs: 30_000 },
  { staleAfterMs: 3_600_000, pingEveryMs: 30_000 },
  { staleAfterMs: 2_000, pingEveryMs: 500 },
])("a link that answers no ping is closed as stale after $staleAfterMs ms, and not before", async (wanted) => {
  const { staleAfterMs, pingEveryMs } = wanted;
  expect(pingEveryMsOf(staleAfterMs)).toBe(pingEveryMs);
  vi.useFakeTimers();
  let pings = 0;
  const connection = {
    newStream: () => {
      pings += 1;
      return Promise.reject(new Error("no answer"));
    },
  } as unknown as Connection;
  const reasons: string[] = [];
  const link = {
    connection,
    isOpen: true,
    close: (reason: string) => Promise.resolve(reasons.push(reason)),
  } as unknown as Link;
  const pinger = new Pinger(staleAfterMs, () => expect.unreachable("no ping came back"));
  pinger.start(link);
  await vi.advanceTimersByTimeAsync(staleAfterMs - 1);
  expect([pings, reasons]).toEqual([staleAfterMs / pingEveryMs, []]);
  await vi.advanceTimersByTimeAsync(1);
  expect(reasons).toEqual(["stale"]);
  pinger.stop(link);
  expect(vi.getTimerCount()).toBe(0);
});
