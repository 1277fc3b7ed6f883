/** How a key came to be what it is, asked of real nodes. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Fleet, addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import type { RunningNode } from "./facade.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const idOf = (node: RunningNode): string => node.facade.info().peerId;

let fleet: Fleet;
beforeEach(() => void (fleet = createFleet()));
afterEach(() => fleet[Symbol.asyncDispose]());

const linked = (...nodes: readonly RunningNode[]): Promise<unknown> =>
  until("they are linked", async () =>
    (await Promise.all(nodes.map(({ facade }) => facade.status()))).every(({ peers }) => peers > 0),
  );
const has = (node: RunningNode, key: string): Promise<unknown> =>
  until(`it has ${key}`, async () => (await node.facade.get(key)) !== undefined);

test("a write of our own is local, until a member acknowledges it", async () => {
  const a = await fleet.start("a");
  const { stamp, batch } = await a.facade.put("k", bytes("hello"), { ttlSeconds: 3_600 });
  const alone = await a.facade.explain("k");
  expect(alone).toMatchObject({
    state: "living",
    holders: [],
    conflicts: [],
    version: { kind: "value", sizeBytes: 5, writer: idOf(a), stamp, batch, sequence: 1, batchOps: 1 },
  });
  expect(alone.version?.replaces).toBeUndefined();
  expect(alone.version?.arrival?.via).toEqual({ type: "own" });
  expect((alone.version?.expiresAt ?? 0) - Math.floor(stamp / 1000)).toBe(3_600_000);
  const b = await fleet.start("b", { p2pDial: [addressOf(a)] });
  await until("b has acknowledged it", async () => (await a.facade.explain("k")).holders.length === 1);
  expect((await a.facade.explain("k")).holders).toEqual([{ peer: idOf(b), how: "acknowledged" }]);
});

test("what came by gossip or by a pull names who sent it, and what it replaced", async () => {
  const a = await fleet.start("a");
  await a.facade.put("early", bytes("1"));
  const deaf = await fleet.start("deaf", { p2pDial: [addressOf(a)], testDropGossip: true }); // gossip also brings what is a moment old
  await has(deaf, "early");
  const early = await deaf.facade.explain("early");
  expect(early.version).toMatchObject({ writer: idOf(a), arrival: { via: { type: "pull", peer: idOf(a) } } });
  expect(early.holders).toEqual([{ peer: idOf(a), how: "sentIt" }]);
  expect(Math.abs((early.version?.arrival?.at ?? 0) - Date.now())).toBeLessThan(10_000);
  const b = await fleet.start("b", { p2pDial: [addressOf(a)] });
  await linked(a, b);
  await until("gossip flows", async () => {
    await a.facade.put("early", bytes("2"));
    const { version } = await b.facade.explain("early");
    return version?.arrival?.via.type === "gossip" && version.replaces !== undefined && version;
  });
  const late = (await b.facade.explain("early")).version;
  expect(late).toMatchObject({ arrival: { via: { type: "gossip", peer: idOf(a) } } });
  expect(late?.replaces?.stamp).toBeLessThan(late?.stamp ?? 0);
});

test("what came through another than its writer names both; a member equal since then holds it too", async () => {
  const a = await fleet.start("a");
  await a.facade.put("k", bytes("v"));
  const between = await fleet.start("between", { p2pDial: [addressOf(a)] });
  await has(between, "k");
  const far = await fleet.start("far", { p2pDial: [addressOf(between)], testDropGossip: true });
  await has(far, "k");
  expect(await far.facade.explain("k")).toMatchObject({
    version: { writer: idOf(a), arrival: { via: { type: "pull", peer: idOf(between) } } },
    holders: [{ peer: idOf(between), how: "sentIt" }],
  });
  expect(await between.facade.converged({ waitMs: 10_000 })).toMatchObject({ converged: true });
  expect((await between.facade.explain("k")).holders).toContainEqual({ peer: idOf(far), how: "equalSince" });
});

test("a conflict it won is told with its loser; a deletion is told as such; the unknown as never seen", async () => {
  const a = await fleet.start("a");
  const b = await fleet.start("b");
  await a.facade.put("k", bytes("lost"));
  await b.facade.put("k", bytes("won"));
  await b.facade.dial(addressOf(a));
  await until("they met", async () => (await a.facade.explain("k")).conflicts.length === 1);
  const told = await a.facade.explain("k");
  expect(told).toMatchObject({
    state: "living",
    version: { writer: idOf(b) },
    conflicts: [{ loser: { author: idOf(a) }, winner: { author: idOf(b) } }],
  });
  await a.facade.delete("k");
  const deleted = await a.facade.explain("k");
  expect(deleted).toMatchObject({ state: "deleted", version: { kind: "tombstone", sizeBytes: 0, value: undefined } });
  expect(deleted.version?.replaces?.batch).toBe(told.version?.batch);
  expect(await a.facade.explain("never")).toEqual({
    key: "never",
    state: "neverSeen",
    version: undefined,
    holders: [],
    conflicts: [],
  });
  await expect(a.facade.explain("")).rejects.toMatchObject({ code: "invalid_key" });
});

test("what has expired is explained although it is read no more", async () => {
  const a = await fleet.start("a");
  await a.facade.put("k", bytes("v"), { ttlSeconds: 1 });
  await until("it is gone", async () => (await a.facade.get("k")) === undefined);
  expect(await a.facade.explain("k")).toMatchObject({ state: "expired", version: { sizeBytes: 1 } });
});
