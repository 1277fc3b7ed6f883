import type { Connection } from "@libp2p/interface";
import { afterEach, expect, test, vi } from "vitest";
import { pingEveryMs, staleAfterMs } from "./limits.ts";
import type { Link } from "./link.ts";
import { Pinger } from "./pinger.ts";

afterEach(() => void vi.useRealTimers());

test("a link that answers no ping is closed as stale, and not before", async () => {
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
  const pinger = new Pinger(() => expect.unreachable("no ping came back"));
  pinger.start(link);
  await vi.advanceTimersByTimeAsync(staleAfterMs - 1);
  expect([pings, reasons]).toEqual([staleAfterMs / pingEveryMs, []]);
  await vi.advanceTimersByTimeAsync(1);
  expect(reasons).toEqual(["stale"]);
  pinger.stop(link);
  expect(vi.getTimerCount()).toBe(0);
});
