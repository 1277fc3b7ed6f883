/**
 * The layout of `store/data.sqlite`, and the settings that make a commit durable.
 *
 * - `op` is the log: operations in the order they were merged. Its rowid grows for ever, so it is
 *   also the position a watcher resumes after, and inserts go to the end of the table.
 * - `parcel` is a signed header; its id is that of its first operation, its operations have the
 *   ids id … id + span − 1 as far as they are still stored.
 * - `op_by_key` is partial: exactly one operation per key lives. A point read is one index probe
 *   and one row.
 *
 * Durability: WAL with synchronous=FULL syncs the log at every commit; NORMAL (`relaxed`) only at
 * checkpoints, so that a power cut may take back the last commits but never tears one.
 * Source: https://sqlite.org/pragma.html#pragma_synchronous.
 */
import type { DatabaseSync } from "node:sqlite";

/** Raised when the layout changes; a migration then leads from each older one. */
export const storeVersion = 1;

/** Pages in the log before it is copied back: 16 MiB, few stalls. Source: measured for random upserts. */
const checkpointPages = 4_000;

export type Durability = "strict" | "relaxed";

const tables = `
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

export function setPragmas(db: DatabaseSync, durability: Durability, cacheMiB: number): void {
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(`PRAGMA synchronous = ${durability === "strict" ? "FULL" : "NORMAL"}`);
  db.exec(`PRAGMA cache_size = ${-cacheMiB * 1024}`);
  db.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
}

/** The version found, after creating the tables in an empty file. */
export function ensureSchema(db: DatabaseSync): number {
  const found = db.prepare("PRAGMA user_version").get()?.["user_version"];
  if (found !== 0) return Number(found);
  db.exec(`BEGIN IMMEDIATE; ${tables} PRAGMA user_version = ${storeVersion}; COMMIT`);
  return storeVersion;
}
