/** Whether all reachable members are equal, asked of real nodes. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Config } from "../config/settings.ts";
import { type Fleet, addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import type { RunningNode } from "./facade.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Nobody pulls by the timer while a test runs. */
const noTimer: Partial<Config> = { syncIntervalSeconds: 3_600 };

let fleet: Fleet;
beforeEach(() => void (fleet = createFleet()));
afterEach(() => fleet[Symbol.asyncDispose]());

async function pair(settings: Partial<Config> = {}): Promise<readonly [RunningNode, RunningNode]> {
  const a = await fleet.start("a", noTimer);
  const b = await fleet.start("b", { ...noTimer, ...settings, p2pDial: [addressOf(a)] });
  await until(
    "they are linked",
    async () => (await a.facade.status()).peers === 1 && (await b.facade.status()).peers === 1,
  );
  return [a, b];
}

test("members that hold the same are equal, and a wait ends as soon as they are", async () => {
  const [a, b] = await pair();
  await a.facade.put("k", bytes("v"));
  for (const node of [b, a]) {
    // where gossip came too early, b's question brings it

    const found = await node.facade.converged({ waitMs: 30_000 });
    expect(found).toMatchObject({ converged: true, entries: 1, notReachable: [], members: [{ state: "equal" }] });
    expect(found.waitedMs).toBeLessThan(10_000);
    expect(found.members[0]).toMatchObject({ entries: 1, lagEntries: 0, since: undefined, keysItMayLack: [] });
  }
});

test("a member that gets no gossip lags by what was written, and the keys it may lack are named", async () => {
  const [a, b] = await pair({ testDropGossip: true });
  await b.facade.put("zero", bytes("0")); // so that they are equal once, and no walk is due
  expect(await a.facade.converged({ waitMs: 5_000 })).toMatchObject({ converged: true });
  await a.facade.put("one", bytes("1"));
  await a.facade.put("two", bytes("2"));
  const { converged, members } = await a.facade.converged();
  expect(converged).toBe(false);
  expect(members).toMatchObject([{ peer: b.facade.info().peerId, state: "differs", entries: 1, lagEntries: 2 }]);
  expect(members[0]?.keysItMayLack.slice(0, 2)).toEqual(["two", "one"]);
  expect(members[0]?.since ?? 0).toBeGreaterThan(members[0]?.lastEqualAt ?? Infinity);
  // Asking from there brings what it lacks.
  expect(await b.facade.converged({ waitMs: 10_000 })).toMatchObject({ converged: true, entries: 3 });
  expect(await a.facade.converged({ waitMs: 10_000 })).toMatchObject({ converged: true });
});

test("a member that answers nothing is silent, never equal, and an unheard one says so", async () => {
  const [a] = await pair({ testDropFrontier: true, testDropGossip: true });
  await a.facade.put("k", bytes("v"));
  const { converged, members, waitedMs } = await a.facade.converged({ waitMs: 300 });
  expect(converged).toBe(false);
  expect(waitedMs).toBeLessThan(3_000);
  expect(members).toMatchObject([{ state: "silent", heardAt: undefined, lagEntries: undefined, keysItMayLack: [] }]);
  expect(members[0]?.since).toBeTypeOf("number");
});

test("of a prefix only what lies under it is compared", async () => {
  const [a, b] = await pair({ testDropGossip: true });
  await b.facade.put("same/k", bytes("v"));
  expect(await a.facade.converged({ waitMs: 10_000 })).toMatchObject({ converged: true, entries: 1 });
  await a.facade.put("other/k", bytes("v"));
  const same = await a.facade.converged({ prefix: "same/", waitMs: 10_000 });
  expect(same).toMatchObject({
    converged: true,
    prefix: "same/",
    entries: 1,
    members: [{ state: "equal", entries: 1 }],
  });
  const other = await a.facade.converged({ prefix: "other/", waitMs: 3_000 });
  expect(other).toMatchObject({
    converged: false,
    entries: 1,
    members: [{ state: "differs", entries: 0, lagEntries: 1 }],
  });
  expect(other.root).not.toBe(same.root);
  await expect(a.facade.converged({ prefix: "" })).rejects.toMatchObject({ code: "invalid_key" });
});

test("a node alone is not converged; peers that are gone are named as not reachable", async () => {
  const [a, b] = await pair();
  const gone = b.facade.info().peerId;
  await b.facade.stop();
  await until("the link has ended", async () => (await a.facade.status()).peers === 0);
  expect(await a.facade.converged()).toMatchObject({ converged: false, members: [], notReachable: [gone] });
});

test("a wait out of range is refused, and one that is given up ends", async () => {
  const [a] = await pair({ testDropFrontier: true });
  await expect(a.facade.converged({ waitMs: 600_001 })).rejects.toMatchObject({ code: "invalid_argument" });
  const found = await a.facade.converged({ waitMs: 600_000, signal: AbortSignal.timeout(200) });
  expect([found.converged, found.waitedMs < 5_000]).toEqual([false, true]);
});

test("more than 16 questions at once are refused, and room comes back", async () => {
  const [a] = await pair({ testDropFrontier: true });
  const asked = Array.from({ length: 16 }, () => a.facade.converged({ waitMs: 500 }));
  await expect(a.facade.converged()).rejects.toMatchObject({ code: "overloaded" });
  await Promise.all(asked);
  expect((await a.facade.converged({ waitMs: 1 })).converged).toBe(false);
});
