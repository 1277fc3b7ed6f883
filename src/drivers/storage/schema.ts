/**
 * The layout of `store/data.sqlite`, and the settings that make a commit durable.
 *
 * - `op` is the log: operations in the order they were merged. Its rowid grows for ever, so it is
 *   also the position a watcher resumes after, and inserts go to the end of the table.
 * - `parcel` is a signed header; its id is that of its first operation, its operations have the
 *   ids id … id + span − 1 as far as they are still stored.
 * - `trie` has the pages of the Merkle trie, entries packed; `trie_from` in `meta` is the first operation some page may lack.
 * - `due` is set where an operation can be collected: the stamp from which its age counts. `op_by_due` has only those.
 * - `aside` has entries that are part of the set no more, for the operator to look at.
 * - `op_by_key` is partial: exactly one operation per key lives. A point read is one index probe
 *   and one row.
 * - `peer_address` is the address book, as JSON.
 * - `peer_rule` has what was ruled about peers and addresses, as JSON: bans and exemptions.
 * - `arrived_at` and `via` of a parcel tell how it came (`arrivals.ts`); null where layout 1 stored it.
 *
 * The layout is made by steps, in order; each names the version it leads to. A new store takes all
 * of them and an older one those it lacks, in one transaction, so both end alike. A step is never
 * changed once a release has it; a new one stands at the end.
 *
 * Durability: WAL with synchronous=FULL syncs the log at every commit; NORMAL (`relaxed`) only at
 * checkpoints, so that a power cut may take back the last commits but never tears one.
 * Source: https://sqlite.org/pragma.html#pragma_synchronous.
 */
import type { DatabaseSync } from "node:sqlite";
import { type KeylessOp, storedValue } from "../../codec/op.ts";

/** Pages in the log before it is copied back: 16 MiB, few stalls. Source: measured for random upserts. */
const checkpointPages = 4_000;

export type Durability = "strict" | "relaxed";

interface LayoutStep {
  /** The version of a store that has taken this step and all before it; several steps may lead to one. */
  readonly version: number;
  apply(db: DatabaseSync): void;
}

const steps: readonly LayoutStep[] = [
  { version: 1, apply: (db) => db.exec(firstTables) },
  { version: 2, apply: (db) => db.exec(arrivalColumns) },
  { version: 3, apply: (db) => db.exec(trieTable) },
  { version: 3, apply: addDue },
  { version: 4, apply: (db) => db.exec("CREATE TABLE partition_log (id INTEGER PRIMARY KEY, body TEXT NOT NULL)") },
  {
    version: 5,
    apply: (db) => db.exec("CREATE TABLE peer_rule (target TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID"),
  },
  {
    version: 6,
    apply: (db) => db.exec("CREATE TABLE peer_address (address TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID"),
  },
];

/** The version this program reads and writes. */
export const storeVersion: number = Math.max(...steps.map(({ version }) => version));

const firstTables = `
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
`;

const arrivalColumns = `
CREATE TABLE peer (ref INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
ALTER TABLE parcel ADD COLUMN arrived_at INTEGER;
ALTER TABLE parcel ADD COLUMN via INTEGER;
`;

/** Empty after the step: the trie of an older store is made from its entries at the first opening. */
const trieTable = `
CREATE TABLE trie (path TEXT PRIMARY KEY, count INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL);
`;

const dueColumn = `
ALTER TABLE op ADD COLUMN due INTEGER;
CREATE INDEX op_by_due ON op (due) WHERE due IS NOT NULL AND living = 1;
CREATE TABLE aside (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value BLOB, stamp INTEGER NOT NULL, author TEXT NOT NULL, at INTEGER NOT NULL);
`;

/** When an operation is due follows from its bytes: of tombstones its stamp, of values the end of their time to live. */
function addDue(db: DatabaseSync): void {
  db.exec(dueColumn);
  db.exec("UPDATE op SET due = stamp WHERE flags & 3 = 1");
  const set = db.prepare("UPDATE op SET due = ? WHERE id = ?");
  for (const row of db.prepare("SELECT id, stamp, flags, rest FROM op WHERE flags & 7 = 4").all()) {
    const stored = storedValue(row as unknown as KeylessOp);
    const seconds = stored.type === "value" ? (stored.ttlSeconds ?? 0) : 0;
    set.run((row["stamp"] as number) + seconds * 1_000_000, row["id"] as number);
  }
}

export function setPragmas(db: DatabaseSync, durability: Durability, cacheMiB: number): void {
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(`PRAGMA synchronous = ${durability === "strict" ? "FULL" : "NORMAL"}`);
  db.exec(`PRAGMA cache_size = ${-cacheMiB * 1024}`);
  db.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
}

/** The version found, after the steps that an empty or older file lacks; a newer one is left as it is. */
export function ensureSchema(db: DatabaseSync): number {
  const found = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  const missing = steps.filter(({ version }) => version > found);
  if (missing.length === 0) return found;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const { apply } of missing) apply(db);
    db.exec(`PRAGMA user_version = ${storeVersion}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
  return storeVersion;
}
