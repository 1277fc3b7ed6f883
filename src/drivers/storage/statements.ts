/**
 * The statements of the store's writer, prepared once. `?` are bound in the order they stand.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";

const sql = {
  living: "SELECT id, stamp FROM op WHERE key = ? AND living = 1",
  entry:
    "SELECT op.*, parcel.header, parcel.arrived_at, parcel.via FROM op JOIN parcel ON parcel.id = op.parcel WHERE op.id = ? AND op.living = 1",
  parcels:
    "SELECT id, sequence, header, ops_count, span, proof FROM parcel WHERE origin = ? AND sequence BETWEEN ? AND ? ORDER BY sequence, id",
  parcelById: "SELECT id, sequence, header, ops_count, span, proof FROM parcel WHERE id = ?",
  ops: "SELECT * FROM op WHERE id BETWEEN ? AND ? ORDER BY id",
  collectable:
    "SELECT id, key, flags & 3 = 1 AS tombstone FROM op WHERE due IS NOT NULL AND living = 1 AND due < ? ORDER BY due, id LIMIT ?",
  aside: "SELECT key, value, stamp, author, at FROM aside ORDER BY id DESC LIMIT ?",
  asideEntry: "SELECT key, value, stamp, author, at FROM aside WHERE key = ?",
  setAside: "INSERT OR REPLACE INTO aside (key, value, stamp, author, at) VALUES (?, ?, ?, ?, ?)",
  trimAside: "DELETE FROM aside WHERE id <= (SELECT max(id) - ? FROM aside)",
  dropAside: "DELETE FROM aside WHERE key = ?",
  livingUnder: "SELECT id, key FROM op WHERE key >= ?1 AND key > ?2 AND living = 1 ORDER BY key LIMIT ?3",
  placeOf: "SELECT parcel, place FROM op WHERE id = ? AND living = 1",
  headers: "SELECT header FROM parcel WHERE origin = ? AND sequence = ?",
  livingAfter:
    "SELECT op.*, parcel.header, parcel.arrived_at, parcel.via FROM op JOIN parcel ON parcel.id = op.parcel JOIN origin ON origin.ref = parcel.origin WHERE op.living = 1 AND op.stamp > ? AND origin.author = ? LIMIT ?",
  livingFrom:
    "SELECT op.*, parcel.header, parcel.arrived_at, parcel.via FROM op JOIN parcel ON parcel.id = op.parcel WHERE op.id >= ? AND op.living = 1 ORDER BY op.id LIMIT ?",
  origins: "SELECT ref, author, incarnation, ranges FROM origin",
  addOrigin: "INSERT INTO origin (author, incarnation, ranges) VALUES (?, ?, '[]')",
  setRanges: "UPDATE origin SET ranges = ? WHERE ref = ?",
  state: "SELECT body, next_op FROM state WHERE id = 1",
  setState:
    "INSERT INTO state (id, body, next_op) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body, next_op = excluded.next_op",
  setNextOp: "UPDATE state SET next_op = ? WHERE id = 1",
  wholeNumbers:
    "SELECT DISTINCT sequence FROM parcel WHERE origin = ? AND sequence >= ? AND living = ops_count ORDER BY sequence",
  trimEvidence: "DELETE FROM evidence WHERE id <= (SELECT max(id) - ? FROM evidence)",
  addEvidence: "INSERT OR IGNORE INTO evidence (at, first, second) VALUES (?, ?, ?)",
  under:
    "SELECT op.key, op.parcel, parcel.header FROM op JOIN parcel ON parcel.id = op.parcel WHERE op.key >= ?1 AND op.key > ?2 AND op.living = 1 ORDER BY op.key",
  peerRules: "SELECT body FROM peer_rule",
  setPeerRule:
    "INSERT INTO peer_rule (target, body) VALUES (?, ?) ON CONFLICT (target) DO UPDATE SET body = excluded.body",
  dropPeerRule: "DELETE FROM peer_rule WHERE target = ?",
  addresses: "SELECT body FROM peer_address ORDER BY address",
  setAddress:
    "INSERT INTO peer_address (address, body) VALUES (?, ?) ON CONFLICT (address) DO UPDATE SET body = excluded.body",
  dropAddress: "DELETE FROM peer_address WHERE address = ?",
  partitions: "SELECT body FROM partition_log ORDER BY id",
  savePartition:
    "INSERT INTO partition_log (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
  trimPartitions: "DELETE FROM partition_log WHERE id <= (SELECT max(id) - ? FROM partition_log)",
  addParcel:
    "INSERT INTO parcel (id, origin, sequence, header, ops_count, span, stored, living, proof, arrived_at, via) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  addOp: "INSERT INTO op (id, parcel, place, living, stamp, flags, key, rest, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
  room: "SELECT parcel.id, parcel.span, parcel.stored, parcel.living FROM op JOIN parcel ON parcel.id = op.parcel WHERE op.id = ? AND op.living = 1",
  die: "UPDATE op SET living = 0 WHERE id = ?",
  setLiving: "UPDATE parcel SET living = ? WHERE id = ?",
  dropOps: "DELETE FROM op WHERE id BETWEEN ? AND ?",
  dropDead: "DELETE FROM op WHERE id BETWEEN ? AND ? AND living = 0",
  dropParcel: "DELETE FROM parcel WHERE id = ?",
  setProof: "UPDATE parcel SET stored = ?, proof = ? WHERE id = ?",
} as const;

export type Statements = Readonly<Record<keyof typeof sql, StatementSync>>;

export function prepareAll(db: DatabaseSync): Statements {
  const prepared = Object.entries(sql).map(([name, text]) => [name, db.prepare(text)] as const);
  return Object.fromEntries(prepared) as Record<keyof typeof sql, StatementSync>;
}
