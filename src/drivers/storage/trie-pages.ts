/** The pages of the Merkle trie on disk, and the first operation that some of them may lack. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { assert } from "../../base/assert.ts";
import type { Bytes } from "../../base/bytes.ts";
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
    return { pages, from: Number(this.#from.get()?.["value"] ?? 1) };
  }

  bodyOf(path: string): Bytes {
    const body = this.#body.get(path)?.["body"] as Bytes | undefined;
    assert(body !== undefined, "a page of the trie that is asked for is stored");
    return body;
  }

  apply({ pages, dropped, from }: Extract<StoreWrite, { type: "setTrie" }>): void {
    for (const path of dropped) this.#drop.run(path);
    for (const { path, count, hash, body } of pages) this.#set.run(path, count, hash, body);
    this.#setFrom.run(String(from));
  }
}
