/** The store on disk keeps what every store promises, and what only a file can break. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { Instant, NetworkId, PeerId } from "../../base/brand.ts";
import { storeContract } from "../../../test/support/store-contract.ts";
import { merge, served, turn } from "../../../test/support/store-turns.ts";
import { put, signedBatch } from "../../../test/support/stored-batches.ts";
import { asideMax, conflictAgeMsMax, conflictsMax, conflictsPerKeyMax, evidenceMax } from "../../core/data/limits.ts";
import { conflictLogLimits } from "./conflict-log.ts";
import { partitionsKeptMax } from "../../core/peers/partitions/limits.ts";
import { rowsMax } from "./row-limits.ts";
import { type StoreOnDisk, openSqliteStore } from "./sqlite-store.ts";
import type { Store } from "../../ports/store.ts";

const network = { id: "ab".repeat(32) as NetworkId, name: "test" };

storeContract("the SQLite store", () => {
  const folder = mkdtempSync(join(tmpdir(), "p2p-sync-store-"));
  const path = join(folder, "data.sqlite");
  const open = (): ReturnType<typeof openSqliteStore> =>
    openSqliteStore({ path, durability: "strict", cacheMiB: 4, network });
  let store = open();
  return Promise.resolve({
    store,
    reopen: () => {
      store.close(); // an open transaction is rolled back, as after a crash
      store = open();
      return Promise.resolve(store);
    },
    dispose: () => {
      store.close();
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
    conflicts: () => {
      const db = new DatabaseSync(path, { readOnly: true });
      const rows = db.prepare("SELECT key, at FROM conflict ORDER BY id").all();
      db.close();
      return Promise.resolve(rows.map((row) => ({ key: row["key"] as string, at: row["at"] as number })));
    },
  });
});

test("as many rows are kept as the core keeps of the same", () => {
  expect(rowsMax).toEqual({ evidence: evidenceMax, aside: asideMax, partitions: partitionsKeptMax });
});

test("the log of conflicts has the data model's bounds", () => {
  expect(conflictLogLimits).toEqual({
    perKeyMax: conflictsPerKeyMax,
    ageMsMax: conflictAgeMsMax,
    rowsMax: conflictsMax,
  });
});

test("a bit that turned on the disk is noticed when the batch is served, narrowed or sent in part", () => {
  const folder = mkdtempSync(join(tmpdir(), "p2p-sync-store-"));
  try {
    const path = join(folder, "data.sqlite");
    const store = openSqliteStore({ path, durability: "strict", cacheMiB: 4, network });
    turn(store, () =>
      merge(
        store,
        signedBatch(
          1,
          ["a", "b", "c"].map((key) => put(key)),
        ),
      ),
    );
    expect(served(store)).toHaveLength(1);
    const db = new DatabaseSync(path);
    db.exec("UPDATE op SET rest = substr(rest, 1, length(rest) - 1) || x'00' WHERE key = 'b'");
    db.close();
    const damaged = expect.objectContaining({
      code: "store_damaged",
      details: expect.objectContaining({ sequence: 1 }) as unknown,
    });
    const failure = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (error) {
        return error;
      }
    };
    expect(failure(() => served(store))).toEqual(damaged);
    expect(failure(() => store.fragments([store.living("a")?.id ?? 0], 1_000))).toEqual(damaged);
    store.begin();
    merge(store, signedBatch(2, [put("a")]));
    expect(failure(() => merge(store, signedBatch(3, [put("c")])))).toEqual(damaged);
    store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each([
  [
    "a number in the header",
    "UPDATE parcel SET header = CAST(substr(header, 1, 73) || x'ffffffffffffffff' || substr(header, 82) AS BLOB)",
  ],
  ["bytes of the header that are text now", "UPDATE parcel SET header = x'07' || substr(header, 2)"],
  ["the length of the header", "UPDATE parcel SET header = substr(header, 1, 40)"],
  ["how many operations the batch had", "UPDATE parcel SET ops_count = 700"],
  ["the place of an operation", "UPDATE op SET place = 9 WHERE key = 'b'"],
  ["how far the batch's operations reach", "UPDATE parcel SET span = 700, ops_count = 2"],
  ["the place of the last operation", "UPDATE op SET place = 70000 WHERE key = 'c'"],
  ["the flags of an operation", "UPDATE op SET flags = 300 WHERE key = 'b'"],
  ["the key of an operation", "UPDATE op SET key = 'bb' WHERE key = 'b'"],
])("damage by the disk has its own code, whatever it hit: %s", (_, damage) => {
  const folder = mkdtempSync(join(tmpdir(), "p2p-sync-store-"));
  try {
    const path = join(folder, "data.sqlite");
    const store = openSqliteStore({ path, durability: "strict", cacheMiB: 4, network });
    const keys = ["a", "b", "c"];
    const ops = keys.map((key) => put(key));
    turn(store, () => merge(store, signedBatch(1, ops)));
    const db = new DatabaseSync(path);
    expect(db.prepare(damage).run().changes).toBe(1);
    db.close();
    expect(() => served(store)).toThrow(expect.objectContaining({ code: "store_damaged" }) as Error);
    store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const rules = { target: "t", kind: "ban", source: "operator", reason: "r", since: 1, offences: 0 } as const;
const known = {
  address: "/a",
  peer: "p" as PeerId,
  table: "new",
  toldBy: "n",
  addedAt: 1 as Instant,
  anchor: false,
} as const;

test.each<[string, string, (store: Store) => unknown]>([
  ["a rule that is no JSON", "UPDATE peer_rule SET body = substr(body, 2)", (store) => store.peerRules()],
  ["a rule of no kind", "UPDATE peer_rule SET body = replace(body, 'ban', 'can')", (store) => store.peerRules()],
  [
    "an address of no table",
    "UPDATE peer_address SET body = replace(body, 'new', 'nes')",
    (store) => store.addresses(),
  ],
  ["numbers of batches", "UPDATE origin SET ranges = '[[7,1]]'", (store) => store.origins()],
  ["its own state", "UPDATE state SET body = replace(body, 'values', 'walues')", (store) => store.state()],
  ["a stamp", "UPDATE op SET stamp = 'x'", (store) => store.living("a")],
  ["a value's length", "UPDATE op SET rest = substr(rest, 1, length(rest) - 1)", (store) => store.livingFrom(1, 9)],
  ["a key that is bytes now", "UPDATE op SET key = x'61'", (store) => store.livingUnder("", "", 9)],
  ["a batch that is gone", "DELETE FROM parcel", (store) => store.entry(1)],
  ["a page inside another", "UPDATE trie SET path = '0' WHERE path = 'f'", (store) => store.trie()],
  ["a page that is gone", "DELETE FROM trie WHERE path = 'f'", (store) => store.triePage("f")],
])("what the disk changed is neither acted upon nor a crash: %s", (_, damage, read) => {
  const folder = mkdtempSync(join(tmpdir(), "p2p-sync-store-"));
  try {
    const path = join(folder, "data.sqlite");
    const store = openSqliteStore({ path, durability: "strict", cacheMiB: 4, network });
    turn(store, () => {
      const batch = signedBatch(1, [put("a")]);
      merge(store, batch);
      const { author, incarnation } = batch.parcel.header;
      store.apply({ type: "setOrigin", origin: { author, incarnation, ranges: [[1, 1]] } });
      const state = {
        incarnation,
        sequence: 1,
        lastStamp: batch.stamp,
        values: 1,
        conflicts: 0,
        createdAt: 1 as Instant,
      };
      store.apply({ type: "setState", state: { ...state, reconciledAt: undefined } });
      store.apply({ type: "setPeerRule", rule: { ...rules, since: 1 as Instant, until: undefined } });
      store.apply({ type: "setAddress", known: { ...known, linkedAt: undefined } });
      const pages = ["00", "f"].map((at) => ({
        path: at,
        count: 0,
        hash: new Uint8Array(32),
        body: new Uint8Array(0),
      }));
      store.apply({ type: "setTrie", pages, dropped: [], from: 2 });
    });
    expect(read(store)).toBeDefined();
    const db = new DatabaseSync(path);
    expect(db.prepare(damage).run().changes).toBe(1);
    db.close();
    expect(() => read(store)).toThrow(expect.objectContaining({ code: "store_damaged" }) as Error);
    store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a file whose pages the disk changed is damaged, too", () => {
  const folder = mkdtempSync(join(tmpdir(), "p2p-sync-store-"));
  try {
    const path = join(folder, "data.sqlite");
    const open = (): StoreOnDisk => openSqliteStore({ path, durability: "strict", cacheMiB: 4, network });
    const first = open();
    turn(first, () => merge(first, signedBatch(1, [put("a")])));
    first.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x55, 4_096)); // all pages but the one with the layout
    expect(() => open().livingFrom(1, 9)).toThrow(expect.objectContaining({ code: "store_damaged" }) as Error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
