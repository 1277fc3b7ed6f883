/** What is read from the store, in the facade's terms. */
import { Fault } from "../base/fault.ts";
import { peerIdOf } from "../codec/peer-id.ts";
import { etagOf, type Version } from "../core/data/version.ts";
import type { ReadConflict, ReadEntry } from "../drivers/storage/sqlite-reader.ts";
import type { ConflictEntry, Entry } from "./facade.ts";

/** Entries read at once, and the largest page. Source: contract of `ListOptions`. */
export const entriesAtOnce = 1_000;

export function entryOf({ key, value, stamp, author, batch, expiresAt }: ReadEntry): Entry {
  const entry = { key, value, stamp, author: peerIdOf(author), etag: etagOf({ stamp, batch }) };
  return expiresAt === undefined ? entry : { ...entry, expiresAt };
}

export function conflictOf({ key, at, winner, loser, value }: ReadConflict): ConflictEntry {
  const conflict = { key, at, winner: writeOf(winner), loser: writeOf(loser) };
  return value === undefined ? conflict : { ...conflict, value };
}

function writeOf({ stamp, author }: Version): ConflictEntry["winner"] {
  return { stamp, author: peerIdOf(author) };
}

export function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= entriesAtOnce) return;
  throw new Fault("invalid_argument", `limit is a whole number from 1 to ${entriesAtOnce}, not ${limit}`);
}
