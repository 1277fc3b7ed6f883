/**
 * Which clean pages are in memory: those used last, up to a number of bytes. Pages that are dirty,
 * or that only a snapshot knows, are not in its care and stay.
 */
import { assert } from "../../../base/assert.ts";
import { type Bytes, equalBytes } from "../../../base/bytes.ts";
import { storeDamaged } from "../../../base/store-damaged.ts";
import { entryBytes, hashOf } from "./entries.ts";
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
      page.body = loaded(page, this.#load(page.path));
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

/**
 * The page's entries as the disk has them. A bit that turned in them would make the root that of another set, and walks with
 * every peer would look for a difference that is none: so they are hashed, which takes 40 µs for the largest page.
 */
function loaded({ path, count, hash }: Page, body: Bytes): Bytes {
  assert(hash !== undefined, "a page that is on disk only has its hash");
  const isWhole = body.length === count * entryBytes;
  if (!isWhole || !equalBytes(hashOf(body, { from: 0, to: count }, path.length), hash))
    throw storeDamaged(`page "${path}" of the Merkle trie is not as it was written`);
  return body;
}
