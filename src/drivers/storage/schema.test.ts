/** A store of an older layout is led to the present one with all it holds; a new one looks the same. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { NetworkId, PeerId } from "../../base/brand.ts";
import { served, merge, turn } from "../../../test/support/store-turns.ts";
import { author, incarnation, put, signedBatch } from "../../../test/support/stored-batches.ts";
import { Arrivals } from "./arrivals.ts";
import { ensureSchema, storeVersion } from "./schema.ts";
import { openSqliteStore } from "./sqlite-store.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "p2p-sync-schema-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const network = { id: "ab".repeat(32) as NetworkId, name: "test" };
const open = (path: string): ReturnType<typeof openSqliteStore> =>
  openSqliteStore({ path, durability: "strict", cacheMiB: 4, network });

/** Layout 1 as it was released; not to be changed. */
const layout1 = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL, next_op INTEGER NOT NULL);
CREATE TABLE origin (ref INTEGER PRIMARY KEY, author BLOB NOT NULL, incarnation BLOB NOT NULL, ranges TEXT NOT NULL, UNIQUE (author, incarnation));
CREATE TABLE parcel (id INTEGER PRIMARY KEY, origin INTEGER NOT NULL, sequence INTEGER NOT NULL, header BLOB NOT NULL,
  ops_count INTEGER NOT NULL, span INTEGER NOT NULL, stored INTEGER NOT NULL, living INTEGER NOT NULL, proof BLOB);
CREATE INDEX parcel_by_number ON parcel (origin, sequence);
CREATE TABLE op (id INTEGER PRIMARY KEY, parcel INTEGER NOT NULL, place INTEGER NOT NULL, living INTEGER NOT NULL,
  stamp INTEGER NOT NULL, flags INTEGER NOT NULL, key TEXT NOT NULL, rest BLOB NOT NULL);
CREATE UNIQUE INDEX op_by_key ON op (key) WHERE living = 1;
CREATE TABLE conflict (id INTEGER PRIMARY KEY, key TEXT NOT NULL, at INTEGER NOT NULL, loser TEXT NOT NULL, winner TEXT NOT NULL, value BLOB);
CREATE INDEX conflict_by_key ON conflict (key);
CREATE TABLE evidence (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, first BLOB NOT NULL, second BLOB NOT NULL, UNIQUE (first, second));
PRAGMA user_version = 1;
`;

/** A file of layout 1 with two batches in it: the columns that layout 1 had are the same today. */
function writeLayout1(path: string): void {
  const today = join(folder, "today.sqlite");
  const store = open(today);
  turn(store, () => {
    merge(store, signedBatch(1, [put("a"), put("b")]));
    merge(store, signedBatch(2, [put("b", 5)]));
    store.apply({ type: "setOrigin", origin: { author, incarnation, ranges: [[1, 2]] } });
  });
  store.close();
  const db = new DatabaseSync(path);
  db.exec(layout1);
  db.exec(`ATTACH '${today}' AS today`);
  const tables = db.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table'").all();
  for (const { name } of tables as { name: string }[]) {
    const columns = db.prepare(`SELECT name FROM pragma_table_info('${name}', 'main')`).all();
    const list = columns.map((column) => column["name"]).join(", ");
    db.exec(`INSERT INTO main.${name} (${list}) SELECT ${list} FROM today.${name}`);
  }
  db.close();
}

function layoutOf(path: string): unknown {
  const db = new DatabaseSync(path, { readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const layout = tables.map((table) => {
    const { name } = table as { name: string };
    return { name, columns: db.prepare("SELECT * FROM pragma_table_info(?)").all(name) };
  });
  const indexes = db.prepare("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name").all();
  const version = db.prepare("PRAGMA user_version").get();
  db.close();
  return { layout, indexes, version };
}

test("a store of layout 1 is led to the present layout, keeps what it held, and does not know how that came", () => {
  const path = join(folder, "old.sqlite");
  writeLayout1(path);
  expect(layoutOf(path)).toMatchObject({ version: { user_version: 1 } });
  const store = open(path);
  expect(served(store).map(({ sequence, ops }) => [sequence, ops.map(({ op }) => op.key)])).toEqual([
    [1, ["a", "b"]],
    [2, ["b"]],
  ]);
  expect(store.origins()).toEqual([{ author, incarnation, ranges: [[1, 2]] }]);
  const entry = store.entry(store.living("b")?.id ?? 0);
  expect(entry.op.op.content).toEqual({ type: "value", value: new Uint8Array(5).fill(7) });
  expect(entry.arrival).toBeUndefined();
  turn(store, () => merge(store, signedBatch(3, [put("a")])));
  expect(store.entry(store.living("a")?.id ?? 0).arrival).toMatchObject({ via: { type: "own" } });
  store.close();
  expect(layoutOf(path)).toEqual(layoutOf(join(folder, "today.sqlite")));
  expect(layoutOf(path)).toMatchObject({ version: { user_version: storeVersion } });
});

test("a step that fails leaves the file as it was", () => {
  const path = join(folder, "old.sqlite");
  writeLayout1(path);
  const before = layoutOf(path);
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE peer (id TEXT)"); // in the way of layout 2
  expect(() => ensureSchema(db)).toThrow(/peer/);
  db.exec("DROP TABLE peer");
  db.close();
  expect(layoutOf(path)).toEqual(before);
  open(path).close();
});

test("peers beyond the room for names are kept without a name, and the others keep theirs", () => {
  const db = new DatabaseSync(":memory:");
  ensureSchema(db);
  const arrivals = new Arrivals(db, 2);
  const came = (peer: string): unknown => {
    const via = { type: "gossip", peer: peer as PeerId } as const;
    return arrivals.arrivalOf(arrivals.columnsOf({ at: 1 as never, via }))?.via;
  };
  expect(["p", "q", "r", "p"].map(came)).toEqual([
    { type: "gossip", peer: "p" },
    { type: "gossip", peer: "q" },
    { type: "gossip", peer: undefined },
    { type: "gossip", peer: "p" },
  ]);
  expect(
    new Arrivals(db, 2).arrivalOf(arrivals.columnsOf({ at: 1 as never, via: { type: "pull", peer: "q" as PeerId } })),
  ).toEqual({ at: 1, via: { type: "pull", peer: "q" } });
  db.close();
});
