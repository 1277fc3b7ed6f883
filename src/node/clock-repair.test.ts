/** A node whose clock is an hour ahead, and its repair, among real nodes. */
import { expect, test } from "vitest";
import { addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import type { NodeFacade, RunningNode } from "./facade.ts";

const hourMs = 3_600_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textAt = async (node: NodeFacade, key: string): Promise<string | undefined> => {
  const entry = await node.get(key);
  return entry === undefined ? undefined : new TextDecoder().decode(entry.value);
};

test("writes of a clock an hour ahead are held back by others, refused at home once peers show it, and issued again by the repair", async () => {
  await using fleet = createFleet();
  const wrong = await fleet.start("wrong", { testClockOffsetMs: hourMs });
  await wrong.facade.put("alone", bytes("from the future"));

  const dial = [addressOf(wrong)];
  const others: RunningNode[] = [];
  for (const name of ["a", "b", "c"]) others.push(await fleet.start(name, { p2pDial: dial, syncIntervalSeconds: 1 }));
  await until("all three hold the batch back", async () =>
    (await Promise.all(others.map((node) => node.facade.status()))).every(({ heldBack }) => heldBack === 1),
  );
  await until("the node doubts its clock", async () => (await wrong.facade.status()).clock.refusingWrites);
  await expect(wrong.facade.put("refused", bytes("x"))).rejects.toMatchObject({ code: "clock_refused" });
  expect((await wrong.facade.health()).status).toBe("critical");
  for (const { facade } of others) expect(await textAt(facade, "alone")).toBeUndefined();

  await wrong.facade.stop();
  const right = await fleet.start("wrong", { p2pDial: others.map(addressOf), syncIntervalSeconds: 1 });
  await right.facade.repairClock().then(({ reissued }) => expect(reissued).toBe(1));
  await until("all have the value under a stamp of now", async () => {
    const texts = await Promise.all(others.map(({ facade }) => textAt(facade, "alone")));
    return texts.every((text) => text === "from the future");
  });
  await until("nothing is held back any more", async () =>
    (await Promise.all(others.map((node) => node.facade.status()))).every(({ heldBack }) => heldBack === 0),
  );
  const stamps = await Promise.all(others.map(async ({ facade }) => (await facade.get("alone"))?.stamp));
  for (const stamp of stamps) expect((stamp ?? Infinity) / 1000).toBeLessThan(Date.now() + 30_000);

  await others[0]?.facade.put("alone", bytes("newer"));
  await until("a later write by another wins everywhere", async () => {
    const texts = await Promise.all([right, ...others].map(({ facade }) => textAt(facade, "alone")));
    return texts.every((text) => text === "newer");
  });
  const roots = new Set(await Promise.all([right, ...others].map(async ({ facade }) => (await facade.status()).root)));
  expect(roots.size).toBe(1);
});

test("a clock that went back still gives growing stamps", async () => {
  await using fleet = createFleet();
  const ahead = await fleet.start("one", { testClockOffsetMs: 20_000 });
  const first = await ahead.facade.put("k", bytes("1"));
  await ahead.facade.stop();
  const back = await fleet.start("one");
  const second = await back.facade.put("k", bytes("2"));
  const third = await back.facade.put("other", bytes("3"));
  expect(second.stamp).toBeGreaterThan(first.stamp);
  expect(third.stamp).toBeGreaterThan(second.stamp);
  expect(await textAt(back.facade, "k")).toBe("2");
});
