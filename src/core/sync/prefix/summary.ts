/**
 * The summary of all living entries under a prefix: a chain of hashes in the order of the keys'
 * bytes, so that equal sets, and only they, have equal digests. Made a slice at a time; of entries
 * that change meanwhile some are seen as before and some as after.
 */
import { fromHex, utf8Encode } from "../../../base/bytes.ts";
import { assert } from "../../../base/assert.ts";
import type { PrefixSummary } from "../../../codec/prefix.ts";
import { sha256Hex } from "../../../crypto/hash.ts";
import type { StoreView } from "../../../ports/store.ts";
import { prefixEntriesMax, prefixSliceEntries } from "../limits.ts";

export class PrefixScan {
  readonly prefix: string;
  #link = "0".repeat(64);
  #after = "";
  #count = 0;
  #isOver = false;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** Entries looked at so far. */
  get count(): number {
    return this.#count;
  }

  /** Looks at the next entries; false while there may be more. */
  advance(view: StoreView): boolean {
    const most = Math.min(prefixSliceEntries, prefixEntriesMax + 1 - this.#count);
    const isWhole = view.under(this.prefix, this.#after, most, (key, batch) => {
      this.#link = sha256Hex(utf8Encode(this.#link + batch + key));
      this.#after = key;
      this.#count += 1;
    });
    this.#isOver = isWhole || this.#count > prefixEntriesMax;
    return this.#isOver;
  }

  /** Undefined where there are more entries than one question may look at. */
  summary(): PrefixSummary | undefined {
    assert(this.#isOver, "a summary is of everything");
    const digest = fromHex(this.#link);
    assert(digest !== undefined, "a hash is hex");
    return this.#count <= prefixEntriesMax ? { count: this.#count, digest } : undefined;
  }
}
