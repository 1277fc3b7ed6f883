/** What is read from the store without the replica: only what is durable. */
import type { Instant } from "../base/brand.ts";
import { conflictLogLimits } from "../drivers/storage/conflict-log.ts";
import type { SqliteReader } from "../drivers/storage/sqlite-reader.ts";
import type { ConflictEntry, Entry, ListOptions } from "./facade.ts";
import { checkLimit, conflictOf, entriesAtOnce, entryOf } from "./read-views.ts";

export interface Page {
  readonly entries: readonly Entry[];
  readonly next: string | undefined;
}

export class Reads {
  readonly #reader: () => SqliteReader;

  /** `reader` throws where the node has none any more. */
  constructor(reader: () => SqliteReader) {
    this.#reader = reader;
  }

  get(key: string): Entry | undefined {
    const entry = this.#reader().get(key, Date.now() as Instant);
    return entry === undefined ? undefined : entryOf(entry);
  }

  page({ prefix = "", after = "", limit = 100 }: ListOptions): Page {
    checkLimit(limit);
    const { entries, next } = this.#reader().page(prefix, after, limit, Date.now() as Instant);
    return { entries: entries.map(entryOf), next };
  }

  async *list({ prefix = "", after = "", signal }: Omit<ListOptions, "limit">): AsyncGenerator<Entry, void, undefined> {
    for (let from: string | undefined = after; from !== undefined;) {
      signal?.throwIfAborted();
      const { entries, next }: Page = this.page({ prefix, after: from, limit: entriesAtOnce });
      for (const entry of entries) {
        yield entry;
        signal?.throwIfAborted();
      }
      from = next;
    }
  }

  conflicts({
    prefix = "",
    limit = 100,
  }: {
    readonly prefix?: string;
    readonly limit?: number;
  }): readonly ConflictEntry[] {
    checkLimit(limit);
    const since = (Date.now() - conflictLogLimits.ageMsMax) as Instant;
    return this.#reader().conflicts(prefix, since, limit).map(conflictOf);
  }
}
