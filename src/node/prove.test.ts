/** Proofs of real nodes, checked against the root that another node tells. */
import { expect, test } from "vitest";
import { addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import { type Proven, checkProof } from "../core/data/trie/check-proof.ts";
import { authorOf } from "../codec/peer-id.ts";
import type { KeyProof, NodeFacade } from "./facade.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function provenBy({ proof }: KeyProof, root: string, key: string): Proven {
  const checked = checkProof(Buffer.from(root, "hex"), key, proof);
  if (!checked.ok) throw new Error(`${key}: ${checked.code}`);
  return checked.value;
}

const rootOf = async (facade: NodeFacade): Promise<string> => (await facade.status()).root;

test("what one node proves holds against the root of another that has the same set", async () => {
  await using fleet = createFleet();
  const started = await fleet.start("writer");
  const writer = started.facade;
  for (let batch = 0; batch < 4; batch++) {
    const keys = Array.from({ length: 100 }, (_, i) => `key/${batch * 100 + i}`);
    await writer.batch(keys.map((key) => ({ type: "put", key, value: bytes(key) }) as const));
  }
  // most of the first batch is overwritten, so that what lives of it is stored as a fragment
  await writer.batch(Array.from({ length: 80 }, (_, i) => ({ type: "put", key: `key/${i}`, value: bytes("new") })));
  const { stamp } = await writer.delete("key/399");
  const reader = await fleet.start("reader", { p2pDial: [addressOf(started)] });
  await until("the sets are equal", async () => (await rootOf(reader.facade)) === (await rootOf(writer)));
  const root = await rootOf(writer);
  const proofs = await Promise.all(Array.from({ length: 399 }, (_, i) => reader.facade.prove(`key/${i}`)));
  proofs.forEach((proof, i) => {
    const value = bytes(i < 80 ? "new" : `key/${i}`);
    expect(provenBy(proof, root, `key/${i}`)).toMatchObject({
      type: "present",
      count: 400,
      entry: { content: { type: "value", value } },
    });
  });
  expect(provenBy(await reader.facade.prove("key/399"), root, "key/399")).toMatchObject({
    type: "present",
    entry: { content: { type: "tombstone" }, stamp, author: authorOf(writer.info().peerId) },
  });
  expect(provenBy(await reader.facade.prove("key/400"), root, "key/400")).toEqual({ type: "absent", count: 400 });
});

test("root, count and proof are of one moment while writes go on, and include what was acknowledged before", async () => {
  await using fleet = createFleet();
  const { facade } = await fleet.start("writer");
  const proofs: { readonly i: number; readonly asked: Promise<KeyProof> }[] = [];
  const writes: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i++) {
    writes.push(facade.put(`key/${i}`, bytes(`${i}`)));
    proofs.push({ i, asked: facade.prove(`key/${i}`) });
  }
  for (const { i, asked } of proofs) {
    const proof = await asked;
    expect(provenBy(proof, proof.root, `key/${i}`)).toMatchObject({ type: "present", count: proof.count });
  }
  await Promise.all(writes);
  expect((await facade.prove("none")).count).toBe(200);
});

test("proofs hold after a restart, from the trie and the store as they are on disk", async () => {
  await using fleet = createFleet();
  const before = await fleet.start("node");
  for (let i = 0; i < 30; i++) await before.facade.put(`key/${i}`, bytes(`${i}`));
  const root = await rootOf(before.facade);
  await before.facade.stop();
  const { facade } = await fleet.start("node");
  for (let i = 0; i < 30; i++)
    expect(provenBy(await facade.prove(`key/${i}`), root, `key/${i}`)).toMatchObject({ type: "present", count: 30 });
});

test("what is no text is refused before the replica sees it", async () => {
  await using fleet = createFleet();
  const { facade } = await fleet.start("node");
  await expect(facade.prove(5 as never)).rejects.toMatchObject({ code: "invalid_argument" });
});
