import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Link } from "./link.ts";
import { pingMsMax } from "./limits.ts";
import { ping } from "./ping.ts";
import { Pinger, pingEveryMsOf } from "./pinger.ts";

vi.mock("./ping.ts", () => ({ ping: vi.fn<typeof ping>() }));

let reasons: string[];
let link: Link;
let measured: number[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.mocked(ping).mockReset();
  [reasons, measured] = [[], []];
  const giveUp = (code: string): void => void reasons.push(code);
  link = { isOpen: true, giveUp, measured: () => undefined } as unknown as Link;
});
afterEach(() => void vi.useRealTimers());

const createPinger = (pingEveryMs: number, staleAfterMs: number): Pinger =>
  new Pinger({ pingEveryMs, staleAfterMs }, (_, rttMs) => measured.push(rttMs));
const answersAfter = (ms: number): void =>
  void vi.mocked(ping).mockImplementation(() => new Promise((resolve) => setTimeout(() => resolve(ms), ms)));
const answersNothing = (): void =>
  void vi
    .mocked(ping)
    .mockImplementation(() => new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), pingMsMax)));

test.each([
  { staleAfterMs: 120_000, askedMs: 30_000, pingEveryMs: 30_000 },
  { staleAfterMs: 120_000, askedMs: 5_000, pingEveryMs: 5_000 },
  { staleAfterMs: 3_600_000, askedMs: 30_000, pingEveryMs: 30_000 },
  { staleAfterMs: 2_000, askedMs: 30_000, pingEveryMs: 500 },
])("a link that answers no ping is closed as stale after $staleAfterMs ms, and not before", async (wanted) => {
  const { staleAfterMs, askedMs, pingEveryMs } = wanted;
  expect(pingEveryMsOf({ pingEveryMs: askedMs, staleAfterMs })).toBe(pingEveryMs);
  answersNothing();
  const pinger = createPinger(askedMs, staleAfterMs);
  pinger.start(link);
  await vi.advanceTimersByTimeAsync(staleAfterMs - 1);
  expect([vi.mocked(ping).mock.calls.length, reasons]).toEqual([staleAfterMs / pingEveryMs, []]);
  await vi.advanceTimersByTimeAsync(1);
  expect([reasons, measured]).toEqual([["stale"], []]);
  pinger.stop(link);
  await vi.advanceTimersByTimeAsync(pingMsMax);
  expect(vi.getTimerCount()).toBe(0);
});

test("a link cut at any moment is stale at most 120 s later, also when its answers take long", async () => {
  answersAfter(3_000);
  const pinger = createPinger(30_000, 120_000);
  pinger.start(link);
  await vi.advanceTimersByTimeAsync(33_001); // cut just after the second answer
  answersNothing();
  await vi.advanceTimersByTimeAsync(119_998);
  expect(reasons).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect([reasons, measured]).toEqual([["stale"], [3_000, 3_000]]);
  pinger.stop(link);
});

test("after a sleep a link is pinged at once, and is stale if it does not answer within 10 s", async () => {
  const pinger = createPinger(30_000, 120_000);
  answersAfter(5);
  pinger.start(link);
  await vi.advanceTimersByTimeAsync(1_000);
  pinger.recheck();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([measured, reasons]).toEqual([[5, 5], []]);
  answersNothing();
  pinger.recheck();
  await vi.advanceTimersByTimeAsync(pingMsMax);
  expect(reasons).toEqual(["stale"]);
  pinger.stop(link);
});

test("another patience holds for links that stand, from then on", async () => {
  answersNothing();
  const pinger = createPinger(30_000, 120_000);
  pinger.start(link);
  await vi.advanceTimersByTimeAsync(100_000);
  pinger.change({ pingEveryMs: 30_000, staleAfterMs: 120_000 }); // which is the same
  pinger.change({ pingEveryMs: 1_000, staleAfterMs: 50_000 });
  vi.mocked(ping).mockClear();
  await vi.advanceTimersByTimeAsync(49_999);
  expect([vi.mocked(ping).mock.calls.length, reasons]).toEqual([49, []]);
  await vi.advanceTimersByTimeAsync(1);
  expect(reasons).toEqual(["stale"]);
  pinger.stop(link);
  await vi.advanceTimersByTimeAsync(pingMsMax);
  expect(vi.getTimerCount()).toBe(0);
});

test("that the last answer is long ago tells nothing after a sleep", async () => {
  const pinger = createPinger(30_000, 120_000);
  answersAfter(5);
  pinger.start(link);
  await vi.advanceTimersByTimeAsync(29_000);
  vi.mocked(ping).mockImplementation(() => new Promise(() => undefined)); // the machine sleeps
  await vi.advanceTimersByTimeAsync(90_000);
  answersAfter(2_000);
  pinger.recheck();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(reasons).toEqual([]);
  pinger.stop(link);
});
