/**
 * Which clean pages are in memory: those used last, up to a number of bytes. Pages that are dirty,
 * or that only a snapshot knows, are not in its care and stay.
 */
import type { Bytes } from "../../../base/bytes.ts";
import { assert } from "../../../base/assert.ts";
import { entryBytes } from "./entries.ts";
import type { Page } from "./page.ts";

export class PageCache {
  readonly #load: (path: string) => Bytes;
  readonly #bytesMax: number;
  /** The longest unused first. */
  readonly #kept = new Set<Page>();
  #bytes = 0;

  constructor(load: (path: string) => Bytes, bytesMax: number) {
    this.#load = load;
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Makes sure that the page's entries are in memory. */
  load(page: Page): void {
    if (page.body === undefined) {
      page.body = this.#load(page.path);
      assert(page.body.length === page.count * entryBytes, "a page on disk has as many entries as it says");
      this.keep(page);
    } else if (this.#kept.delete(page)) this.#kept.add(page);
  }

  /** Takes a clean page into its care. */
  keep(page: Page): void {
    if (this.#kept.has(page)) return;
    this.#kept.add(page);
    this.#bytes += page.count * entryBytes;
    for (const oldest of this.#kept) {
      if (this.#bytes <= this.#bytesMax || oldest === page) break;
      this.release(oldest);
      oldest.body = undefined;
    }
  }

  /** Leaves the page to its owner; its entries stay in memory. */
  release(page: Page): void {
    if (this.#kept.delete(page)) this.#bytes -= page.count * entryBytes;
  }
}
