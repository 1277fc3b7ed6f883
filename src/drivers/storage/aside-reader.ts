/**
 * Reads of what was set aside, on the reader's connection: it is part of nothing, so nobody but the
 * operator asks for it. At most 10,000 rows, so looking at all of them takes milliseconds.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Bytes } from "../../base/bytes.ts";
import type { Author, Instant, Stamp } from "../../base/brand.ts";
import { storeDamaged } from "../../base/store-damaged.ts";
import type { AsideEntry } from "../../ports/store.ts";
import { isNumber, isText, optional, record } from "./stored-json.ts";

/** Lowest two bits of a tombstone's flags. */
const tombstoneKind = 1;

export interface ReadAside {
  /** Of the list, newest first: a later page begins behind it. */
  readonly position: number;
  readonly key: string;
  /** Undefined where the value was never here. */
  readonly sizeBytes: number | undefined;
  readonly stamp: Stamp;
  readonly author: Author;
  readonly at: Instant;
  /** What happened to the key in the set since, if anything. */
  readonly since: "written" | "deleted" | undefined;
}

export class AsideReader {
  readonly #page: StatementSync;
  readonly #count: StatementSync;

  constructor(db: DatabaseSync) {
    this.#page = db.prepare(
      `SELECT id AS position, key, length(value) AS size, stamp, author, at,
         (SELECT flags FROM op WHERE op.key = aside.key AND op.living = 1) AS flags
       FROM aside WHERE id < ?1 AND substr(key, 1, length(?2)) = ?2 ORDER BY id DESC LIMIT ?3`,
    );
    this.#count = db.prepare("SELECT count(*) AS entries FROM aside WHERE substr(key, 1, length(?1)) = ?1");
  }

  /** The newest first, those before a position. */
  page(prefix: string, before: number, limit: number): readonly ReadAside[] {
    return this.#page.all(before, prefix, limit).map((row) => ({
      position: row["position"] as number,
      key: row["key"] as string,
      sizeBytes: (row["size"] as number | null) ?? undefined,
      stamp: row["stamp"] as Stamp,
      author: row["author"] as Author,
      at: row["at"] as Instant,
      since: sinceOf(row["flags"] as number | null),
    }));
  }

  count(prefix: string): number {
    return this.#count.get(prefix)?.["entries"] as number;
  }
}

/** A row as the replica sees it. */
export function asideOf(row: Record<string, unknown>): AsideEntry {
  if (!isAside(row)) throw storeDamaged("an entry that was set aside cannot be read");
  const { value, ...rest } = row as unknown as AsideEntry & { readonly value: Bytes | null };
  return { ...rest, value: value ?? undefined };
}

const isAside = record<AsideEntry>({
  key: isText,
  value: optional((value) => value instanceof Uint8Array),
  stamp: isNumber,
  author: isText,
  at: isNumber,
});

/** Source: layout of an operation, `codec/op.ts`. */
function sinceOf(flags: number | null): ReadAside["since"] {
  if (flags === null) return undefined;
  return (flags & 3) === tombstoneKind ? "deleted" : "written";
}
