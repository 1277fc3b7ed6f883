/**
 * The log of living operations as watchers read it, and beside it what expires: an expiry writes
 * nothing, so it is found by when it is due, in the order (due, id).
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Author, Instant, Stamp } from "../../base/brand.ts";
import type { Bytes } from "../../base/bytes.ts";
import { storedValue } from "../../codec/op.ts";
import { decodeStoredHeader } from "../../codec/parcel.ts";
import { expiredBefore, microsPerMs } from "./expiry.ts";
import { storedNumber } from "./stored-json.ts";

export interface ReadChange {
  readonly position: number;
  readonly key: string;
  /** Undefined for a tombstone. */
  readonly value: Bytes | undefined;
  /** When a value expires, in microseconds; undefined where it does not. */
  readonly due: number | undefined;
  readonly stamp: Stamp;
  readonly author: Author;
}

/** A place among what expires. */
export interface DuePlace {
  readonly due: number;
  readonly id: number;
}

/** Where the log stands, and how far it can be resumed. */
export interface LogState {
  readonly tag: string;
  /** Of the newest operation ever merged. */
  readonly head: number;
  /** Operations up to this one, and expiries up to this moment, may be forgotten. */
  readonly forgottenOp: number;
  readonly forgottenDue: number;
}

interface Row {
  readonly id: number;
  readonly stamp: number;
  readonly flags: number;
  readonly key: string;
  readonly rest: Uint8Array;
  readonly due: number | null;
  readonly header: Uint8Array;
}

export class LogReader {
  readonly #changes: StatementSync;
  readonly #change: StatementSync;
  readonly #due: StatementSync;
  readonly #nextDue: StatementSync;
  readonly #state: StatementSync;

  constructor(db: DatabaseSync) {
    const rows =
      "SELECT op.id, op.stamp, op.flags, op.key, op.rest, op.due, parcel.header FROM op JOIN parcel ON parcel.id = op.parcel";
    this.#changes = db.prepare(`${rows} WHERE op.id > ? AND op.living = 1 ORDER BY op.id LIMIT ?`);
    this.#change = db.prepare(`${rows} WHERE op.id = ? AND op.living = 1`);
    this.#due = db.prepare(
      "SELECT due, id, flags & 3 = 0 AS isValue FROM op WHERE due IS NOT NULL AND living = 1 AND (due, id) > (?1, ?2) AND due < ?3 ORDER BY due, id LIMIT ?4",
    );
    this.#nextDue = db.prepare(
      "SELECT due FROM op WHERE due IS NOT NULL AND living = 1 AND due >= ? AND flags & 3 = 0 ORDER BY due LIMIT 1",
    );
    const meta = (name: string): string => `(SELECT value FROM meta WHERE name = '${name}')`;
    this.#state = db.prepare(
      `SELECT (SELECT next_op - 1 FROM state WHERE id = 1) AS head, ${meta("log_tag")} AS tag, ${meta("forgotten_op")} AS forgottenOp, ${meta("forgotten_due")} AS forgottenDue`,
    );
  }

  state(): LogState {
    const row = this.#state.get() ?? {};
    return {
      tag: String(row["tag"]),
      head: mark(row["head"]),
      forgottenOp: mark(row["forgottenOp"]),
      forgottenDue: mark(row["forgottenDue"]),
    };
  }

  /** Living operations merged after a position, in the order this node merged them. */
  changes(after: number, limit: number): readonly ReadChange[] {
    return (this.#changes.all(after, limit) as unknown as readonly Row[]).map(changeOf);
  }

  /** Values that had expired by now, behind a place; `reached` is where a next call goes on, undefined at the end. */
  expired(
    place: DuePlace,
    now: Instant,
    limit: number,
  ): { readonly changes: readonly (ReadChange & { readonly due: number })[]; readonly reached: DuePlace | undefined } {
    const rows = this.#due.all(place.due, place.id, expiredBefore(now), limit) as unknown as readonly (DuePlace & {
      readonly isValue: number;
    })[];
    const changes = rows.flatMap(({ due, id, isValue }) => {
      const row = isValue === 1 ? (this.#change.get(id) as unknown as Row | undefined) : undefined;
      return row === undefined ? [] : [{ ...changeOf(row), due }]; // it may be overwritten by now
    });
    return { changes, reached: rows.length < limit ? undefined : rows.at(-1) };
  }

  /** When the next value expires that has not yet. */
  nextExpiry(now: Instant): Instant | undefined {
    const due = this.#nextDue.get(expiredBefore(now))?.["due"] as number | undefined;
    return due === undefined ? undefined : (Math.floor(due / microsPerMs) as Instant);
  }
}

function mark(value: unknown): number {
  return storedNumber("how far the log has come", Number(value ?? 0));
}

function changeOf(row: Row): ReadChange {
  const stored = storedValue(row);
  return {
    position: row.id,
    key: row.key,
    value: stored.type === "value" ? stored.value : undefined,
    due: stored.type === "value" ? (row.due ?? undefined) : undefined,
    stamp: storedNumber("the stamp of an operation", row.stamp) as Stamp,
    author: decodeStoredHeader(row.header).author,
  };
}
