import { expect, test } from "vitest";
import { storeContract } from "../test/support/store-contract.ts";
import { put, rowOf, signedBatch } from "../test/support/stored-batches.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { type CommitFate, StoreFailure, createMemoryStore } from "./memory-store.ts";

storeContract("the memory store", () => {
  const disk = new MemoryDisk();
  let store = createMemoryStore(disk);
  return Promise.resolve({
    store,
    reopen: () => {
      store.crash();
      store = createMemoryStore(disk);
      return Promise.resolve(store);
    },
    dispose: () => Promise.resolve(),
    conflicts: () => Promise.resolve(disk.conflicts),
  });
});

function afterFailedCommit(fate: CommitFate): { readonly disk: MemoryDisk; readonly use: () => unknown } {
  const disk = new MemoryDisk();
  const before = createMemoryStore(disk);
  before.begin();
  before.apply({ type: "merge", parcel: rowOf(signedBatch(1, [put("old")])), supersedes: [] });
  before.commit();
  const failing = createMemoryStore(disk, { fate: () => fate, durable: () => undefined });
  failing.begin();
  failing.apply({ type: "merge", parcel: rowOf(signedBatch(2, [put("old"), put("new")])), supersedes: [1] });
  expect(() => failing.commit()).toThrow(StoreFailure);
  return { disk, use: () => failing.living("old") };
}

test("a commit that fails without reaching the disk leaves the turn before it", () => {
  const { disk } = afterFailedCommit("failsLost");
  expect([disk.fact("old")?.batch, disk.fact("new")]).toEqual([signedBatch(1, [put("old")]).id, undefined]);
});

test("a commit that fails after reaching the disk leaves the whole turn", () => {
  const { disk } = afterFailedCommit("failsDurable");
  expect(disk.fact("old")?.batch).toBe(signedBatch(2, [put("old"), put("new")]).id);
  expect(disk.fact("new")?.batch).toBe(disk.fact("old")?.batch);
});

test("a store whose commit failed is not used again", () => {
  const { use } = afterFailedCommit("failsDurable");
  expect(use).toThrow(StoreFailure);
});

test("two living operations on one key are refused", () => {
  const store = createMemoryStore();
  store.begin();
  store.apply({ type: "merge", parcel: rowOf(signedBatch(1, [put("k")])), supersedes: [] });
  expect(() => store.apply({ type: "merge", parcel: rowOf(signedBatch(2, [put("k")])), supersedes: [] })).toThrow(
    /two living/,
  );
});
