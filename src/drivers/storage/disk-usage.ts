/**
 * How much disk the store takes, and how much is left: its pages that are in use, its log, and the free
 * space of the file system under it. Pages that SQLite freed are not counted: it uses them again before the
 * file grows, so the file stays within what was ever counted. Pages that only the log has so far will make
 * the file grow when they are copied back: that much of the free space is spoken for.
 * Source: https://sqlite.org/pragma.html#pragma_freelist_count, https://sqlite.org/fileformat2.html#walindexformat.
 */
import { statSync, statfsSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { guarded } from "./guarded.ts";

export class DiskUsage {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #pages: StatementSync;
  readonly #freePages: StatementSync;
  readonly #pageBytes: number;

  /** The store must be there. */
  constructor(path: string) {
    this.#path = path;
    this.#db = new DatabaseSync(path, { readOnly: true });
    this.#pages = this.#db.prepare("PRAGMA page_count");
    this.#freePages = this.#db.prepare("PRAGMA freelist_count");
    this.#pageBytes = Number(this.#db.prepare("PRAGMA page_size").get()?.["page_size"]);
  }

  measure(): { readonly usedBytes: number; readonly freeBytes: number } {
    return guarded("measure its size", () => {
      const bytes = Number(this.#pages.get()?.["page_count"]) * this.#pageBytes;
      const freedBytes = Number(this.#freePages.get()?.["freelist_count"]) * this.#pageBytes;
      const logBytes = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      const growthBytes = Math.max(0, bytes - statSync(this.#path).size);
      const { bavail, bsize } = statfsSync(this.#path);
      return { usedBytes: bytes - freedBytes + logBytes, freeBytes: Math.max(0, bavail * bsize - growthBytes) };
    });
  }

  close(): void {
    this.#db.close();
  }
}
