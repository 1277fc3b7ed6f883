import { afterEach, expect, test, vi } from "vitest";
import type { PeerId } from "../../base/brand.ts";
import { ByteBudget } from "./byte-budget.ts";
import { inputBytesMax, unjudgedBytesMax, unjudgedMessagesMax, verdictMsMax } from "./limits.ts";
import { Unjudged } from "./unjudged.ts";

const from = "peer" as PeerId;

afterEach(() => void vi.useRealTimers());

function created(): { unjudged: Unjudged; tickets: number[]; budget: ByteBudget } {
  const tickets: number[] = [];
  const budget = new ByteBudget(inputBytesMax);
  const unjudged = new Unjudged((event) => {
    if (event.type === "gossipReceived") tickets.push(event.message);
  }, budget);
  return { unjudged, tickets, budget };
}

test("each message gets its own verdict, once", async () => {
  const { unjudged, budget } = created();
  const verdicts = [unjudged.ask(from, new Uint8Array(3)), unjudged.ask(from, new Uint8Array(3))];
  unjudged.judge(2, "reject");
  unjudged.judge(1, "accept");
  unjudged.judge(1, "reject");
  expect(await Promise.all(verdicts)).toEqual(["accept", "reject"]);
  expect(budget.taken).toBe(0);
  unjudged.stop();
});

test("a message that is not judged in time is ignored, and its late verdict too", async () => {
  vi.useFakeTimers();
  const { unjudged, budget } = created();
  const first = unjudged.ask(from, new Uint8Array(1));
  vi.advanceTimersByTime(verdictMsMax / 2);
  const second = unjudged.ask(from, new Uint8Array(1));
  vi.advanceTimersByTime(verdictMsMax / 2);
  expect(await first).toBe("ignore");
  unjudged.judge(1, "accept");
  unjudged.judge(2, "accept");
  expect(await second).toBe("accept");
  expect(budget.taken).toBe(0);
  unjudged.stop();
});

test("messages over the number or the bytes that may wait are ignored and counted", async () => {
  const { unjudged, tickets } = created();
  for (let n = 0; n < unjudgedMessagesMax; n++) void unjudged.ask(from, new Uint8Array(1));
  expect(await unjudged.ask(from, new Uint8Array(1))).toBe("ignore");
  expect(tickets.length).toBe(unjudgedMessagesMax);
  unjudged.judge(1, "accept");
  expect(await unjudged.ask(from, new Uint8Array(unjudgedBytesMax))).toBe("ignore");
  expect(unjudged.takeDropped()).toEqual([[from, 2]]);
  expect(unjudged.takeDropped()).toEqual([]);
  unjudged.stop();
});
