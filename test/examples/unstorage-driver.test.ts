/**
 * The driver for unstorage keeps the contract of drivers, as seen through a storage, and what the node promises shows
 * through it. `main.ts` beside it runs in `examples.test.ts`.
 */
import { createStorage, type Storage } from "unstorage";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { p2pSyncDriver } from "../../examples/unstorage-driver/p2p-sync-driver.ts";
import type { NodeFacade } from "../../src/node/facade.ts";
import { addressOf, createFleet, type Fleet } from "../support/in-process.ts";
import { until } from "../support/until.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let fleet: Fleet;
let node: NodeFacade;
let other: NodeFacade;
let storage: Storage;

beforeAll(async () => {
  fleet = createFleet();
  const first = await fleet.start("a");
  node = first.facade;
  other = (await fleet.start("b", { p2pDial: [addressOf(first)] })).facade;
  storage = createStorage({ driver: p2pSyncDriver({ node, prefix: "app:" }) });
});
afterEach(() => storage.clear());
afterAll(async () => {
  await storage.dispose();
  await fleet[Symbol.asyncDispose]();
});

const keysIn = async (base?: string): Promise<readonly string[]> => (await storage.getKeys(base)).toSorted();

describe("items", () => {
  test("that were never set are absent, in every way to ask", async () => {
    expect(await storage.hasItem("no:such")).toBe(false);
    expect(await storage.getItem("no:such")).toBeNull();
    expect(await storage.getItemRaw("no:such")).toBeNull();
    expect(await storage.getMeta("no:such")).toEqual({});
    expect(await storage.getKeys()).toEqual([]);
  });

  test.each([
    ["text", "some text, ä€😀"],
    ["an object", { deep: { list: [1, "two", null] } }],
    ["zero", 0],
    ["false", false],
    ["true", true],
  ])("that are %s come back as such", async (_, value) => {
    await storage.setItem("kept", value);
    expect(await storage.hasItem("kept")).toBe(true);
    expect(await storage.getItem("kept")).toEqual(value);
  });

  test("of bytes come back byte for byte, and are no text", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await storage.setItemRaw("raw", bytes);
    expect(Buffer.from((await storage.getItemRaw<Uint8Array>("raw")) ?? []).equals(bytes)).toBe(true);
    await expect(storage.getItem("raw")).rejects.toThrow(/"raw" holds bytes.*getItemRaw/);
    await expect(storage.setItemRaw("raw", { no: "bytes" })).rejects.toThrow(/neither bytes nor text/);
  });

  test("are named alike with slashes, and their keys end before a question mark", async () => {
    await storage.setItem("/a/b?c=1", "v");
    expect([await storage.getItem("a:b"), await keysIn()]).toEqual(["v", ["a:b"]]);
  });

  test("are gone once removed, and removing one that is not there is no error", async () => {
    await storage.setItem("a", 1);
    await storage.removeItem("a");
    await storage.removeItem("a");
    expect([await storage.hasItem("a"), await storage.getItem("a")]).toEqual([false, null]);
  });

  test("that the node does not take are refused in its words", async () => {
    await expect(storage.setItem("k".repeat(300), 1)).rejects.toMatchObject({ code: "invalid_key" });
    await expect(storage.setItem("k", "x".repeat(65 * 1024))).rejects.toMatchObject({ code: "value_too_large" });
  });
});

describe("keys", () => {
  test("are those under a base, to a depth", async () => {
    for (const key of ["top", "a:one", "a:two", "a:b:deep", "ab:other"]) await storage.setItem(key, 1);
    expect(await keysIn()).toEqual(["a:b:deep", "a:one", "a:two", "ab:other", "top"]);
    expect(await keysIn("a")).toEqual(["a:b:deep", "a:one", "a:two"]);
    expect((await storage.getKeys("", { maxDepth: 1 })).toSorted()).toEqual(["a:one", "a:two", "ab:other", "top"]);
  });

  test("of another prefix on the same node are not seen and not cleared", async () => {
    const apart = createStorage({ driver: p2pSyncDriver({ node, prefix: "else:" }) });
    await apart.setItem("theirs", 1);
    await storage.setItem("ours", 2);
    expect([await storage.getKeys(), await apart.getKeys()]).toEqual([["ours"], ["theirs"]]);
    await storage.clear();
    expect(await apart.getItem("theirs")).toBe(1);
  });
});

describe("several items", () => {
  test("are set at once, each with its own time to live, the last of a key counting, and read at once", async () => {
    await storage.setItems<number | string>([
      { key: "a", value: 1 },
      { key: "b", value: "two", options: { ttl: 60 } },
      { key: "a", value: 3 },
    ]);
    const items = await storage.getItems(["a", { key: "b" }, "c"]);
    expect(items).toEqual(Object.entries({ a: 3, b: "two", c: null }).map(([key, value]) => ({ key, value })));
    expect((await storage.getMeta("a")).ttl).toBeUndefined();
    expect((await storage.getMeta("b")).ttl).toBeOneOf([59, 60]);
  });

  test.each([
    ["of many items", 1_001, 1, [1_000, 1]],
    ["of many bytes", 20, 60 * 1024, [13, 7]],
  ])("%s go in as few batches as take them", async (_, count, bytes, sizes) => {
    const batch = vi.spyOn(node, "batch");
    const items = Array.from({ length: count }, (__, index) => ({ key: `n:${index}`, value: "x".repeat(bytes) }));
    await storage.setItems(items);
    expect(batch.mock.calls.map(([ops]) => ops.length)).toEqual(sizes);
    batch.mockRestore();
    expect(await storage.getKeys("n")).toHaveLength(count);
  });
});

test("meta data tell when and by whom an item was set, beside those of one's own", async () => {
  const before = Date.now();
  await storage.setItem("a", "text");
  await storage.setMeta("a", { color: "blue" });
  const meta = await storage.getMeta("a");
  expect(meta).toMatchObject({ size: 4, author: node.info().peerId, color: "blue" });
  expect(meta.mtime?.getTime()).toBeGreaterThanOrEqual(before);
});

describe("with another member", () => {
  let theirs: Storage;
  beforeAll(() => void (theirs = createStorage({ driver: p2pSyncDriver({ node: other, prefix: "app:" }) })));

  test("a write can wait until the other has it", async () => {
    await until("the two are linked", () => node.peers().some(({ state }) => state === "Connected"));
    await storage.setItem("sure", "v", { certainty: "shared" });
    expect(await theirs.getItem("sure")).toBe("v");
    await expect(storage.setItem("surer", "v", { certainty: "shared", copies: 2, timeoutMs: 1 })).rejects.toMatchObject(
      { code: "not_shared" },
    );
  });

  test("a watch tells what any member sets and removes, and what expires, until it is ended", async () => {
    const told: string[] = [];
    const unwatch = await theirs.watch((event, key) => void told.push(`${event} ${key}`));
    await storage.setItem("w:brief", 1, { ttl: 1 });
    await storage.setItem("w:mine", 1);
    await theirs.setItem("w:yours", 1);
    await storage.removeItem("w:mine");
    const wanted = ["remove w:brief", "remove w:mine", "update w:brief", "update w:yours"];
    await until("all is told", () => wanted.every((each) => told.includes(each)), { seen: () => told });
    expect([await storage.hasItem("w:brief"), await theirs.hasItem("w:brief")]).toEqual([false, false]);
    await unwatch();
    const before = told.length;
    await theirs.setItem("w:after", 1);
    expect(told).toHaveLength(before);
  });
});
