/** Writes that wait for other members, among real nodes. */
import { expect, test } from "vitest";
import { addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";

const value = new TextEncoder().encode("v");

test("a member that got the write through another confirms it when it links to the writer", async () => {
  await using fleet = createFleet();
  const writer = await fleet.start("writer");
  const between = await fleet.start("between", { p2pDial: [addressOf(writer)] });
  const far = await fleet.start("far", { p2pDial: [addressOf(between)] });
  await until("the chain stands", async () => (await between.facade.status()).peers === 2);
  const written = writer.facade.put("k", value, { certainty: "shared", copies: 2, timeoutMs: 20_000 });
  await until("the far end has it", async () => (await far.facade.get("k")) !== undefined);
  await far.facade.dial(addressOf(writer));
  const { holders } = await written;
  expect([...holders].sort()).toEqual([between, far].map(({ facade }) => facade.info().peerId as string).sort());
});

test("a write that too few confirm in time names who has it and who has not, and stays", async () => {
  await using fleet = createFleet();
  const writer = await fleet.start("writer");
  const other = await fleet.start("other", { p2pDial: [addressOf(writer)] });
  await until("they are linked", async () => (await writer.facade.status()).peers === 1);
  const refused = writer.facade.put("k", value, { certainty: "shared", copies: 2, timeoutMs: 500 });
  await expect(refused).rejects.toMatchObject({
    code: "not_shared",
    details: { holders: [other.facade.info().peerId], missing: [] },
  });
  expect(await writer.facade.get("k")).toBeDefined();
});
