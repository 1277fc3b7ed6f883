/** What keeps a node from starting, and what is left behind then: nothing. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFleet } from "../../test/support/in-process.ts";
import { storeVersion } from "../drivers/storage/schema.ts";

test("a data folder of another network is refused by that network's name, and left as it was", async () => {
  await using fleet = createFleet();
  const first = await fleet.start("data");
  await first.facade.put("k", new TextEncoder().encode("v"));
  const { name } = first.facade.info().network;
  await first.facade.stop();
  await expect(fleet.start("data", { networkName: "another" })).rejects.toMatchObject({
    code: "data_dir_unusable",
    message: expect.stringContaining(name) as string,
  });
  const again = await fleet.start("data");
  expect(await again.facade.get("k")).toBeDefined();
});

test("a store of an unknown layout is refused with both versions", async () => {
  await using fleet = createFleet();
  const first = await fleet.start("data");
  const { dataDir } = first.facade.info();
  await first.facade.stop();
  const db = new DatabaseSync(join(dataDir, "store", "data.sqlite"));
  db.exec("PRAGMA user_version = 99");
  db.close();
  await expect(fleet.start("data")).rejects.toMatchObject({
    code: "data_dir_version",
    details: { found: 99, known: storeVersion },
  });
});

test("a node that could not start lets go of its folder", async () => {
  await using fleet = createFleet();
  const other = await fleet.start("other");
  const port = Number(/\/tcp\/(\d+)/.exec(other.facade.info().p2p[0] ?? "")?.[1]);
  await expect(fleet.start("data", { p2pPort: port })).rejects.toMatchObject({
    code: "port_in_use",
    message: expect.stringContaining(String(process.pid)) as string,
  });
  await fleet.start("data");
});
