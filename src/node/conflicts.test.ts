/** Writes that meet without having seen each other, among real nodes. */
import { expect, test } from "vitest";
import { addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("of two writes made apart the later wins everywhere, and the lost one is listed; an overwrite is no conflict", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const b = await fleet.start("b");
  await a.facade.put("k", bytes("first"));
  await b.facade.put("k", bytes("second"));
  await b.facade.dial(addressOf(a));
  await until("both have the later", async () => {
    const entries = await Promise.all([a, b].map(({ facade }) => facade.get("k")));
    return entries.every((entry) => entry !== undefined && new TextDecoder().decode(entry.value) === "second");
  });
  await until("both list the lost one", async () => {
    const lists = await Promise.all([a, b].map(({ facade }) => facade.conflicts()));
    return lists.every((list) => list.length === 1);
  });
  const [lost] = await a.facade.conflicts({ prefix: "k" });
  expect(lost).toMatchObject({
    key: "k",
    loser: { author: a.facade.info().peerId },
    winner: { author: b.facade.info().peerId },
  });
  expect(new TextDecoder().decode(lost?.value)).toBe("first");
  expect(await a.facade.conflicts({ prefix: "other" })).toEqual([]);

  await a.facade.put("k", bytes("third"));
  await until(
    "the overwrite spread",
    async () => new TextDecoder().decode((await b.facade.get("k"))?.value) === "third",
  );
  expect((await b.facade.status()).conflicts).toBe(1);
});
