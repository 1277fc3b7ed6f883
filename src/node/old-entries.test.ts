/**
 * Real nodes on real stores that were apart for longer than the horizon of a day: their old entries
 * were written by clocks set back, and when they last met is written into their stores.
 */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Fleet, addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import type { NodeFacade, RunningNode } from "./facade.ts";

const dayMs = 86_400_000;
const settings = { networkHorizonDays: 1, syncIntervalSeconds: 1 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textAt = async ({ facade }: RunningNode, key: string): Promise<string | undefined> => {
  const entry = await facade.get(key);
  return entry === undefined ? undefined : new TextDecoder().decode(entry.value);
};
const checkOf = async (node: NodeFacade): Promise<unknown> =>
  (await node.health()).checks.find(({ name }) => name === "freshness");

/** A stopped node that wrote three days ago, and last had all of another's set so long ago. */
async function prepare(fleet: Fleet, name: string, keys: readonly string[], awayMs: number): Promise<void> {
  const { facade } = await fleet.start(name, { ...settings, testClockOffsetMs: -3 * dayMs });
  for (const key of keys) await facade.put(key, bytes(`${key} of ${name}`));
  const { dataDir } = facade.info();
  await facade.stop();
  const store = new DatabaseSync(join(dataDir, "store", "data.sqlite"));
  const body = JSON.parse(store.prepare("SELECT body FROM state").get()?.["body"] as string) as object;
  const state = JSON.stringify({ ...body, reconciledAt: Date.now() - awayMs });
  store.prepare("UPDATE state SET body = ?").run(state);
  store.close();
}

test("a node that was away too long follows one that was not, shows what it set aside, and writes it again when told to", async () => {
  await using fleet = createFleet();
  await prepare(fleet, "there", ["kept"], dayMs / 24);
  await prepare(fleet, "away", ["alone", "useless"], 2 * dayMs);
  const away = await fleet.start("away", settings);
  expect(await away.facade.stale.report()).toMatchObject({ age: "stale", peers: 0, setAside: 0, horizonDays: 1 });
  expect(await checkOf(away.facade)).toMatchObject({ status: "degraded", message: /link a member/ });
  const there = await fleet.start("there", { ...settings, p2pDial: [addressOf(away)] });
  expect(await checkOf(there.facade)).toMatchObject({ status: "ok" });

  await until("it is current again", async () => (await away.facade.status()).age === "current");
  expect([await textAt(away, "alone"), await textAt(away, "kept")]).toEqual([undefined, "kept of there"]);
  const report = await away.facade.stale.report({ limit: 1 });
  expect(report).toMatchObject({
    setAside: 2,
    apart: [],
    entries: [{ sizeBytes: expect.any(Number), since: undefined }],
  });
  const rest = await away.facade.stale.report({ after: report.next ?? -1 });
  expect([...report.entries, ...rest.entries].map(({ key }) => key).sort()).toEqual(["alone", "useless"]);
  expect(rest.next).toBeUndefined();
  expect(report.entries[0]?.writer).toBe(away.facade.info().peerId);
  expect((await away.facade.status()).setAside).toBe(2);

  expect(await away.facade.stale.reissue(["alone", "kept"])).toEqual({ done: ["alone"], unknown: ["kept"] });
  await until("the other has it", async () => (await textAt(there, "alone")) === "alone of away");
  await there.facade.put("useless", bytes("new"));
  await until("the key is there again", async () => (await textAt(away, "useless")) === "new");
  expect((await away.facade.stale.report({ prefix: "use" })).entries).toMatchObject([{ since: "written" }]);
  expect(await away.facade.stale.drop(["useless"])).toEqual({ done: ["useless"], unknown: [] });
  expect(await away.facade.stale.report()).toMatchObject({ setAside: 0, entries: [] });
  expect(await textAt(away, "useless")).toBe("new");
});

test("two that were both current are apart, say so, and are equal once one follows the other", async () => {
  await using fleet = createFleet();
  await prepare(fleet, "one", ["mine"], dayMs / 24);
  await prepare(fleet, "two", ["theirs"], dayMs / 24);
  const one = await fleet.start("one", settings);
  const peer = one.facade.info().peerId;
  const two = await fleet.start("two", { ...settings, p2pDial: [addressOf(one)] });
  await until("both are apart", async () => {
    const reports = await Promise.all([one, two].map(({ facade }) => facade.stale.report()));
    return reports.every(({ apart }) => apart.length === 1 && apart[0]?.entries === 1);
  });
  expect(await checkOf(two.facade)).toMatchObject({ status: "degraded", message: /p2p-sync adopt PEER/ });
  expect([await textAt(one, "theirs"), await textAt(two, "mine")]).toEqual([undefined, undefined]);

  for (const [target, code] of [
    ["12D3KooWNobody", "peer_not_connected"],
    [two.facade.info().peerId, "invalid_argument"],
  ] as const)
    await expect(two.facade.stale.adopt(target)).rejects.toMatchObject({ code });
  expect(await two.facade.stale.adopt(peer.slice(0, 20))).toEqual({ peer });
  const adoption = { peer, state: "done", setAside: 1, taken: 1 };
  await until("all is compared", async () => (await two.facade.stale.report()).adoption?.state === "done", {
    deadlineMs: 30_000,
  });
  expect(await two.facade.stale.report()).toMatchObject({ adoption, apart: [], entries: [{ key: "theirs" }] });
  await until("both have one root", async () => {
    const [first, second] = await Promise.all([one, two].map(({ facade }) => facade.status()));
    return first?.root === second?.root;
  });
  await until("neither is apart any more", async () => (await one.facade.stale.report()).apart.length === 0, {
    deadlineMs: 40_000,
  });
  expect([await textAt(one, "mine"), await textAt(two, "mine")]).toEqual(["mine of one", "mine of one"]);
});

test.each([
  ["no key", []],
  ["over 100 keys", Array.from({ length: 101 }, (_, i) => `k${i}`)],
])("a decision about %s is refused", async (_, keys) => {
  await using fleet = createFleet();
  const { facade } = await fleet.start("one");
  await expect(facade.stale.reissue(keys)).rejects.toMatchObject({ code: "invalid_argument" });
  await expect(facade.stale.drop(keys)).rejects.toMatchObject({ code: "invalid_argument" });
  await expect(facade.stale.report({ limit: 0 })).rejects.toMatchObject({ code: "invalid_argument" });
  await expect(facade.stale.report({ after: -1 })).rejects.toMatchObject({ code: "invalid_argument" });
});
