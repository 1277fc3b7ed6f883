import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HostWatch } from "./host-watch.ts";
import { hostLookEveryMs, interfacesLookEvery, sleptMsMin } from "./limits.ts";

const signs = { mono: 0, sinceBoot: 5_000_000, addresses: ["192.0.2.1"] };
let told: unknown[];
let watch: HostWatch;

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(signs, { mono: 0, sinceBoot: 5_000_000, addresses: ["192.0.2.1"] });
  told = [];
  watch = new HostWatch(
    {
      onResumed: (sleptMs) => told.push(["resumed", sleptMs]),
      onAddressesChanged: (added, removed) => told.push(["addresses", added, removed]),
    },
    { mono: () => signs.mono, sinceBoot: () => signs.sinceBoot, addresses: () => signs.addresses },
  );
  watch.start();
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

/** So much time passes, of which the clock of waits sees only a part; then the timer fires. */
function pass(ms: number, ranMs: number = ms): void {
  signs.mono += ranMs;
  signs.sinceBoot += ms;
  vi.advanceTimersByTime(hostLookEveryMs);
}

test("a machine that runs, and is busy for some seconds now and then, did not sleep", () => {
  for (let look = 0; look < 100; look++) pass(hostLookEveryMs + (look % 10 === 0 ? 5_000 : 3));
  expect(told).toEqual([]);
});

test("a machine that was suspended resumes once, with the time it slept", () => {
  pass(hostLookEveryMs);
  pass(6 * 3_600_000, hostLookEveryMs);
  pass(hostLookEveryMs);
  expect(told).toEqual([["resumed", 6 * 3_600_000 - hostLookEveryMs]]);
});

test("a program that was stopped while the machine ran resumes, too", () => {
  pass(60_000);
  expect(told).toEqual([["resumed", 60_000 - hostLookEveryMs]]);
});

test("less than 10 s is no sleep", () => {
  pass(hostLookEveryMs + sleptMsMin - 1);
  pass(sleptMsMin, 1);
  expect(told).toEqual([]);
});

test("addresses that come and go are told, once each", () => {
  signs.addresses = ["192.0.2.9", "2001:db8::9"];
  for (let look = 0; look < 3 * interfacesLookEvery; look++) pass(hostLookEveryMs);
  expect(told).toEqual([["addresses", ["192.0.2.9", "2001:db8::9"], ["192.0.2.1"]]]);
});

test("after a sleep the addresses are looked at without waiting", () => {
  signs.addresses = [];
  pass(60_000);
  expect(told.at(-1)).toEqual(["addresses", [], ["192.0.2.1"]]);
});
