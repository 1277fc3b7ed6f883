/**
 * Reads for users, on their own read-only connection: only what is durable is ever seen, and no
 * read waits for the replica's thread. Expired entries are hidden at the given time.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Author, BatchId, Instant, Stamp } from "../../base/brand.ts";
import { Fault } from "../../base/fault.ts";
import type { Bytes } from "../../base/bytes.ts";
import { storedValue } from "../../codec/op.ts";
import type { Version } from "../../core/data/version.ts";
import { AsideReader } from "./aside-reader.ts";
import { type BatchMark, BatchMarks } from "./batch-marks.ts";
import { guardingRows } from "./guarded.ts";
import { InsightReader } from "./insight-reader.ts";
import { LogReader } from "./log-reader.ts";
import { storedJson, storedNumber } from "./stored-json.ts";
import { versionShape } from "./stored-shapes.ts";

export interface ReadEntry {
  readonly position: number;
  readonly key: string;
  readonly value: Bytes;
  readonly stamp: Stamp;
  readonly author: Author;
  readonly batch: BatchId;
  readonly expiresAt: Instant | undefined;
}

export interface ReadConflict {
  readonly key: string;
  readonly at: Instant;
  readonly winner: Version;
  readonly loser: Version;
  readonly value: Bytes | undefined;
}

interface Row {
  readonly id: number;
  readonly parcel: number;
  readonly stamp: number;
  readonly flags: number;
  readonly key: string;
  readonly rest: Uint8Array;
}

interface RowWithHeader extends Row {
  readonly header: Uint8Array;
}

/** Bytes of values after which a page of a listing ends. Source: contract of `ListOptions`. */
const pageBytesMax = 1024 * 1024;

/** Rows looked at for one page, deleted and expired ones among them. Guess: 20 ms. */
const pageRowsMax = 10_000;

/** An entry that is overwritten while it is read is read again. Guess: so often in a row it never is. */
const readsMax = 10;

export class SqliteReader {
  readonly insight: InsightReader;
  readonly aside: AsideReader;
  readonly log: LogReader;
  readonly #db: DatabaseSync;
  readonly #marks = new BatchMarks();
  readonly #get: StatementSync;
  readonly #header: StatementSync;
  readonly #scan: StatementSync;
  readonly #conflicts: StatementSync;
  readonly #conflictsOf: StatementSync;

  constructor(path: string, cacheMiB: number) {
    this.#db = new DatabaseSync(path, { readOnly: true });
    this.#db.exec(`PRAGMA cache_size = ${-cacheMiB * 1024}`);
    this.insight = guardingRows(new InsightReader(this.#db));
    this.aside = guardingRows(new AsideReader(this.#db));
    this.log = guardingRows(new LogReader(this.#db));
    guardingRows(this);
    const own = "op.id, op.parcel, op.stamp, op.flags, op.key, op.rest";
    const columns = `${own}, parcel.header`;
    this.#get = this.#db.prepare(`SELECT ${own} FROM op WHERE op.key = ? AND op.living = 1`);
    this.#header = this.#db.prepare("SELECT header FROM parcel WHERE id = ?");
    this.#scan = this.#db.prepare(
      `SELECT ${columns} FROM op JOIN parcel ON parcel.id = op.parcel WHERE op.key >= ?1 AND op.key > ?2 AND op.living = 1 ORDER BY op.key`,
    );
    this.#conflicts = this.#db.prepare(
      "SELECT key, at, loser, winner, value FROM conflict WHERE at > ?1 AND substr(key, 1, length(?2)) = ?2 ORDER BY id DESC LIMIT ?3",
    );
    this.#conflictsOf = this.#db.prepare(
      "SELECT key, at, loser, winner, value FROM conflict WHERE key = ? AND at > ? ORDER BY id DESC",
    );
  }

  get(key: string, now: Instant): ReadEntry | undefined {
    for (let tries = 0; tries < readsMax; tries++) {
      const row = this.#get.get(key) as unknown as Row | undefined;
      if (row === undefined) return undefined;
      const mark = this.#marks.known(row.parcel) ?? this.#findMark(row.parcel);
      if (mark !== undefined) return entryOf(row, mark, now); // else it was overwritten between the two reads
    }
    throw new Fault("store_damaged", `the entry on ${JSON.stringify(key)} names a batch that is not stored`, { key });
  }

  #findMark(parcel: number): BatchMark | undefined {
    const header = this.#header.get(parcel)?.["header"] as Uint8Array | undefined;
    return header === undefined ? undefined : this.#marks.read(parcel, header);
  }

  #markOf({ parcel, header }: RowWithHeader): BatchMark {
    return this.#marks.known(parcel) ?? this.#marks.read(parcel, header);
  }

  /** Up to `limit` live entries in key order; `next` is set when there may be more, also where none was found yet. */
  page(
    prefix: string,
    after: string,
    limit: number,
    now: Instant,
  ): { readonly entries: readonly ReadEntry[]; readonly next: string | undefined } {
    const entries: ReadEntry[] = [];
    let bytes = 0;
    let looked = 0;
    let last = after;
    for (const row of this.#scan.iterate(prefix, after) as unknown as Iterable<RowWithHeader>) {
      if (!row.key.startsWith(prefix)) break;
      if (entries.length >= limit || bytes >= pageBytesMax || looked >= pageRowsMax) return { entries, next: last };
      looked += 1;
      last = row.key;
      const entry = entryOf(row, this.#markOf(row), now);
      if (entry === undefined) continue;
      entries.push(entry);
      bytes += entry.value.length;
    }
    return { entries, next: undefined };
  }

  /** Lost writes since a time, newest first. */
  conflicts(prefix: string, since: Instant, limit: number): readonly ReadConflict[] {
    return this.#conflicts.all(since, prefix, limit).map(conflictOf);
  }

  /** Lost writes to one key since a time, newest first; the log keeps few of a key. */
  conflictsOf(key: string, since: Instant): readonly ReadConflict[] {
    return this.#conflictsOf.all(key, since).map(conflictOf);
  }

  /** Gives back the memory of cached pages. */
  shrink(): void {
    this.#db.exec("PRAGMA shrink_memory");
  }

  close(): void {
    this.#db.close();
  }
}

function conflictOf(row: Record<string, unknown>): ReadConflict {
  return {
    key: row["key"] as string,
    at: row["at"] as Instant,
    winner: storedJson("a conflict on record cannot be read", row["winner"], versionShape),
    loser: storedJson("a conflict on record cannot be read", row["loser"], versionShape),
    value: (row["value"] as Bytes | null) ?? undefined,
  };
}

function entryOf(row: Row, { author, batch }: BatchMark, now: Instant): ReadEntry | undefined {
  const stored = storedValue(row);
  const stamp = storedNumber("the stamp of an operation", row.stamp) as Stamp;
  if (stored.type !== "value") return undefined;
  const expiresAt =
    stored.ttlSeconds === undefined ? undefined : ((Math.floor(stamp / 1000) + stored.ttlSeconds * 1000) as Instant);
  if (expiresAt !== undefined && expiresAt <= now) return undefined;
  return {
    position: row.id,
    key: row.key,
    value: stored.value,
    stamp,
    author,
    batch,
    expiresAt,
  };
}
