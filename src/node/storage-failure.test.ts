/** A store that refuses a write ends the node: what cannot be promised is not answered. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";

test("a write the disk refuses is answered with the fault, never published, and the node stops and lets go", async () => {
  await using fleet = createFleet();
  const node = await fleet.start("failing");
  const other = await fleet.start("other", { p2pDial: [addressOf(node)] });
  await until("they are linked", async () => (await other.facade.status()).peers === 1);
  const { dataDir } = node.facade.info();
  const intruder = new DatabaseSync(join(dataDir, "store", "data.sqlite"));
  intruder.exec("BEGIN IMMEDIATE"); // nobody else can write now: every write of the node fails
  await expect(node.facade.put("k", new Uint8Array([1]))).rejects.toMatchObject({ code: "storage_failed" });
  expect(await node.stopped).toMatchObject({ code: "storage_failed" });
  await expect(node.facade.put("k", new Uint8Array([1]))).rejects.toMatchObject({ code: "stopping" });
  intruder.exec("ROLLBACK");
  intruder.close();
  await until("the other node lost it", async () => (await other.facade.status()).peers === 0);
  expect(await other.facade.get("k")).toBeUndefined();
  const again = await fleet.start("failing");
  expect(await again.facade.get("k")).toBeUndefined();
});
