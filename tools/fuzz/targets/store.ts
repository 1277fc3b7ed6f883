/**
 * A store that the disk has changed: one field of one row is another, and everything is read. It comes out as it was or in the
 * shape it had, or the node is told that its store is damaged.
 *
 * An input has a byte each for the column, the row and the type of SQLite that stands there now, and behind them what does.
 */
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Instant, PeerId, Stamp } from "../../../src/base/brand.ts";
import { type Bytes, concat, utf8Encode } from "../../../src/base/bytes.ts";
import { Fault } from "../../../src/base/fault.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { LivingTrie } from "../../../src/core/replica/living-trie.ts";
import { SqliteReader } from "../../../src/drivers/storage/sqlite-reader.ts";
import { type StoreOnDisk, openSqliteStore } from "../../../src/drivers/storage/sqlite-store.ts";
import { merge, turn } from "../../../test/support/store-turns.ts";
import { author, incarnation, network, put, signedBatch } from "../../../test/support/stored-batches.ts";
import { scratchFolder } from "../scratch-folder.ts";
import { type Decoding, type Target, refusedAs } from "../target.ts";

const types = ["integer", "text", "blob", "null"] as const;
const now = 1_790_000_000_000 as Instant;
const keys = ["a", "b", "c", "d", "e"];
const peer = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf" as PeerId;

function openAt(path: string): StoreOnDisk {
  return openSqliteStore({ path, durability: "relaxed", cacheMiB: 1, network: { id: network, name: "fuzz" } });
}

/** A store with something in every table that is read. */
function fill(path: string): void {
  const store = openAt(path);
  const via = { type: "gossip", peer } as const;
  turn(store, () => {
    const ops = keys.map((key) => ({ ...put(key), ttlSeconds: key === "e" ? 60 : undefined }));
    merge(store, signedBatch(1, ops), undefined, { at: now, via });
    merge(store, signedBatch(2, [put("a", 5), { ...put("b"), content: { type: "tombstone" } }]));
    store.apply({ type: "setOrigin", origin: { author, incarnation, ranges: [[1, 2]] } });
    const counts = {
      sequence: 2,
      lastStamp: 9 as Stamp,
      values: 4,
      conflicts: 1,
      createdAt: now,
      reconciledAt: undefined,
    };
    store.apply({ type: "setState", state: { incarnation, ...counts } });
    const version = { stamp: 5 as Stamp, author, batch: signedBatch(1, [put("a")]).id };
    store.apply({
      type: "addConflict",
      conflict: { key: "a", at: now, loser: version, winner: version, value: undefined },
    });
    store.apply({
      type: "setAddress",
      known: {
        ...{ address: "/ip4/192.0.2.1/tcp/1", peer, table: "tried", toldBy: "192.0.2.0/24" },
        ...{ addedAt: now, linkedAt: undefined, anchor: true },
      },
    });
    store.apply({
      type: "setPeerRule",
      rule: { target: peer, kind: "ban", source: "operator", reason: "r", since: now, until: undefined, offences: 0 },
    });
    const member = { peer, lostAt: now, returnedAt: undefined, settledAt: undefined, heardThrough: undefined };
    store.apply({
      type: "savePartition",
      partition: {
        ...{ id: 1, since: now, endedAt: undefined, here: [peer], there: [member] },
        ...{ ownWrites: 0, receivedWrites: 0, arrivedWrites: 0, conflicts: 0, lost: [] },
      },
    });
    store.apply({
      type: "setAside",
      entries: [{ key: "z", value: utf8Encode("v"), stamp: 5 as Stamp, author, at: now }],
    });
  });
  const trie = new LivingTrie(store, 1);
  turn(store, () => {
    trie.close(store, {
      push: (effect) => {
        if (effect.type === "persist") store.apply(effect.write);
      },
    });
  });
  store.close();
}

/** `table column` of everything that is stored, and how many rows there are. */
interface Place {
  readonly table: string;
  readonly column: string;
  readonly key: string;
  readonly rows: number;
}

let made: { readonly path: string; readonly places: readonly Place[] } | undefined;

function pristine(): NonNullable<typeof made> {
  if (made !== undefined) return made;
  const path = join(scratchFolder(), "pristine.sqlite");
  fill(path);
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = DELETE"); // all of it in one file
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").all();
  const places = tables.flatMap(({ name }) => {
    const columns = db.prepare(`PRAGMA table_info(${String(name)})`).all();
    const key = String(columns.find(({ pk }) => pk === 1)?.["name"]);
    const rows = Number(db.prepare(`SELECT count(*) AS rows FROM ${String(name)}`).get()?.["rows"]);
    return rows === 0
      ? []
      : columns.map((column) => ({ table: String(name), column: String(column["name"]), key, rows }));
  });
  db.close();
  made = { path, places };
  return made;
}

interface Change {
  readonly place: Place;
  readonly row: number;
  readonly as: (typeof types)[number];
  readonly bytes: Bytes;
}

function changeOf(input: Bytes): Change | undefined {
  const [place, row, type, ...bytes] = input;
  if (place === undefined || row === undefined || type === undefined) return undefined;
  const { places } = pristine();
  const chosen = places[place % places.length] as Place;
  const as = types[type % types.length] as Change["as"];
  return { place: chosen, row: row % chosen.rows, as, bytes: Uint8Array.from(bytes) };
}

/** Whether SQLite took it. */
function change(path: string, { place: { table, column, key }, row, as, bytes }: Change): boolean {
  const db = new DatabaseSync(path);
  try {
    const value =
      as === "integer"
        ? Number(BigInt.asIntN(53, BigInt(`0x0${Buffer.from(bytes.subarray(0, 7)).toString("hex")}`)))
        : bytes;
    const expression = { integer: "?1", text: "CAST(?1 AS TEXT)", blob: "?1", null: "nullif(?1, ?1)" }[as];
    const where = `${key} IS (SELECT ${key} FROM ${table} LIMIT 1 OFFSET ${row})`;
    db.exec("PRAGMA ignore_check_constraints = 1");
    db.prepare(`UPDATE ${table} SET ${column} = ${expression} WHERE ${where}`).run(value);
    return true;
  } catch {
    return false; // no disk could make a row that breaks the rules of its table, or it would be noticed below
  } finally {
    db.close();
  }
}

function look(input: Bytes): Decoding {
  const wanted = changeOf(input);
  if (wanted === undefined) return refusedAs("no place");
  const path = join(scratchFolder(), "damaged.sqlite");
  for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  copyFileSync(pristine().path, path);
  if (!change(path, wanted)) return { outcome: "ok, but not possible", again: undefined };
  const outcomes = [told(() => readAsReplica(path)), told(() => readAsUser(path))];
  return { outcome: `ok ${outcomes.find((each) => each !== "read") ?? "read"}`, again: undefined };
}

/** The codes of a fault that somebody can act upon. */
const codes = ["store_damaged", "storage_failed", "data_dir_unusable"];

function told(read: () => void): string {
  try {
    read();
    return "read";
  } catch (error) {
    if (error instanceof Fault && codes.includes(error.code)) return error.code;
    throw error;
  }
}

function readAsReplica(path: string): void {
  const store = openAt(path);
  try {
    store.state();
    for (const origin of store.origins()) {
      store.whollyLiving(origin.author, origin.incarnation, 1);
      store.headers(origin.author, origin.incarnation, 1);
      store.parcels({ ...origin, from: 1, to: 99, skip: 0, bytesMax: 1e6 });
    }
    const entries = store.livingFrom(1, 99);
    store.fragments(
      entries.map(({ id }) => id),
      1e6,
    );
    for (const key of keys) {
      const living = store.living(key);
      if (living !== undefined) store.entry(living.id);
    }
    const trie = new LivingTrie(store, 1);
    trie.summary();
    for (const key of keys) trie.forgotten(key, store.nextId());
    store.livingAfter(author, 0 as Stamp, 99);
    store.livingUnder("", "", 99);
    store.under("", "", 99, () => undefined);
    store.collectable(Number.MAX_SAFE_INTEGER as Stamp, 99);
    store.aside(99);
    store.asideEntry("z");
    store.addresses();
    store.peerRules();
    store.partitions();
  } finally {
    store.close();
  }
}

function readAsUser(path: string): void {
  const reader = new SqliteReader(path, 1);
  try {
    for (const key of keys) {
      reader.get(key, now);
      reader.insight.version(key);
      reader.conflictsOf(key, 0 as Instant);
    }
    reader.page("", "", 99, now);
    reader.conflicts("", 0 as Instant, 99);
    reader.insight.keysOf([{ author, incarnation, ranges: [[1, 9]] }], 99);
    reader.insight.keysSince(0 as Instant, 99);
    reader.aside.page("", 1e9, 99);
    reader.aside.count("");
    reader.log.state();
    reader.log.changes(0, 99);
    reader.log.expired({ due: 0, id: 0 }, (now * 2) as Instant, 99);
    reader.log.nextExpiry(0 as Instant);
  } finally {
    reader.close();
  }
}

/** For the most part what a disk does: one bit of what stands there. */
function anyChange(prng: Prng): Bytes {
  const { places, path } = pristine();
  const place = prng.below(places.length);
  const { table, column, rows } = places[place] as Place;
  const row = prng.below(rows);
  const db = new DatabaseSync(path, { readOnly: true });
  const found = db
    .prepare(`SELECT typeof(${column}) AS type, CAST(${column} AS BLOB) AS bytes FROM ${table} LIMIT 1 OFFSET ${row}`)
    .get();
  db.close();
  const bytes = Uint8Array.from((found?.["bytes"] as Uint8Array | null) ?? []);
  const known = types.findIndex((type) => type === found?.["type"]);
  const type = known < 0 || prng.chance(0.3) ? prng.below(types.length) : known;
  if (bytes.length > 0 && prng.chance(0.7)) {
    const at = prng.below(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << prng.below(8));
  }
  return concat([Uint8Array.of(place, row, type), prng.chance(0.8) ? bytes : prng.bytes(prng.below(9))]);
}

export const targets: readonly Target[] = [
  {
    name: "store-rows",
    group: "store",
    covers: [
      "drivers/storage/guarded.ts readingRows",
      "drivers/storage/stored-json.ts storedJson",
      "drivers/storage/stored-json.ts storedList",
      "drivers/storage/stored-json.ts storedNumber",
      "codec/op.ts storedOp",
      "codec/op.ts storedValue",
    ],
    batch: 32,
    valid: anyChange,
    heaviest: () => [],
    decode: look,
    look,
  },
];
