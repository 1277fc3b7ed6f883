/** The pages of the Merkle trie on disk, and the first operation that some of them may lack. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Bytes } from "../../base/bytes.ts";
import { storeDamaged } from "../../base/store-damaged.ts";
import { trieHashBytes } from "../../codec/trie-shape.ts";
import type { OpId, StoreWrite, TriePageSummary } from "../../ports/store.ts";

export class TriePages {
  readonly #all: StatementSync;
  readonly #body: StatementSync;
  readonly #from: StatementSync;
  readonly #set: StatementSync;
  readonly #drop: StatementSync;
  readonly #setFrom: StatementSync;

  constructor(db: DatabaseSync) {
    this.#all = db.prepare("SELECT path, count, hash FROM trie ORDER BY path");
    this.#body = db.prepare("SELECT body FROM trie WHERE path = ?");
    this.#from = db.prepare("SELECT value FROM meta WHERE name = 'trie_from'");
    this.#set = db.prepare(
      "INSERT INTO trie (path, count, hash, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (path) DO UPDATE SET count = ?2, hash = ?3, body = ?4",
    );
    this.#drop = db.prepare("DELETE FROM trie WHERE path = ?");
    this.#setFrom = db.prepare(
      "INSERT INTO meta (name, value) VALUES ('trie_from', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1",
    );
  }

  read(): { readonly pages: readonly TriePageSummary[]; readonly from: OpId } {
    const pages = this.#all.all() as unknown as readonly TriePageSummary[];
    const from = Number(this.#from.get()?.["value"] ?? 1);
    if (!pages.every(isSummary) || !Number.isSafeInteger(from) || hasNested(pages))
      throw storeDamaged("the pages of the Merkle trie do not fit together");
    return { pages, from };
  }

  bodyOf(path: string): Bytes {
    const body = this.#body.get(path)?.["body"];
    if (!(body instanceof Uint8Array)) throw storeDamaged(`page ${path} of the Merkle trie is not there any more`);
    return body;
  }

  apply({ pages, dropped, from }: Extract<StoreWrite, { type: "setTrie" }>): void {
    for (const path of dropped) this.#drop.run(path);
    for (const { path, count, hash, body } of pages) this.#set.run(path, count, hash, body);
    this.#setFrom.run(String(from));
  }
}

function isSummary({ path, count, hash }: TriePageSummary): boolean {
  const isPath = typeof path === "string" && /^[0-9a-f]*$/.test(path) && path.length <= 2 * trieHashBytes;
  return (
    isPath && Number.isSafeInteger(count) && count >= 0 && hash instanceof Uint8Array && hash.length === trieHashBytes
  );
}

/** Whether a page lies inside another; they come in the order of their paths, so it would follow at once. */
function hasNested(pages: readonly TriePageSummary[]): boolean {
  return pages.some(({ path }, index) => index > 0 && path.startsWith((pages[index - 1] as TriePageSummary).path));
}
