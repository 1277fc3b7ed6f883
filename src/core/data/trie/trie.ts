/**
 * The Merkle trie over all living entries, tombstones included: 16-way over SHA-256(key), a subtree
 * of at most 16 entries is a bucket, every node has a count and a hash. Its shape and its root
 * follow from the set alone, so equal roots mean equal sets, whoever wrote them.
 *
 * It works like a card index whose drawers (`Page`) are fetched from the archive when needed and
 * brought back a few at a time:
 *
 * 1. Hashes are computed when they are asked for, once per change of what is below.
 * 2. A page is written back some time after its first change (`takeDirty`); until then the disk has
 *    its older form. `from` tells which operations the pages on disk may lack: setting all living
 *    operations from there on anew makes the trie whole, so a crash costs a bounded replay.
 *    What cannot be replayed (a removal, a split) is written in the same turn.
 * 3. A snapshot shares all nodes; what changes later is copied first. So it stays as it is, however
 *    long a session takes and whatever is written meanwhile.
 * 4. Clean pages beyond a number of bytes are dropped from memory. A page that only snapshots still
 *    know is never dropped: the disk has a later form of it.
 */
import type { Bytes } from "../../../base/bytes.ts";
import { assert } from "../../../base/assert.ts";
import { digitAt } from "../../../codec/trie-shape.ts";
import type { TrieChild } from "../../../crypto/trie-hash.ts";
import type { OpId, TriePageRow, TriePageSummary } from "../../../ports/store.ts";
import { type TrieEntry, entryBytes, find } from "./entries.ts";
import {
  type Page,
  bodyOf,
  emptyPage,
  joinPages,
  owned,
  pageEntriesJoined,
  pageEntriesMax,
  pageHash,
  removeEntry,
  setEntry,
  splitPage,
} from "./page.ts";
import { type Branch, type Node, hashOfNode, pagesBelow, treeOf } from "./node.ts";
import { PageCache } from "./page-cache.ts";
import { TrieSnapshot } from "./snapshot.ts";

/** Pages to be written, and what they leave to be replayed. */
export interface DirtyPages {
  readonly pages: readonly TriePageRow[];
  readonly dropped: readonly string[];
  readonly from: OpId;
}

export interface TrieOptions {
  readonly pages: readonly TriePageSummary[];
  /** Reads the entries of a page that is on disk. */
  readonly load: (path: string) => Bytes;
  /** Bytes of clean pages kept in memory. */
  readonly cacheBytesMax: number;
}

export class Trie {
  readonly #cache: PageCache;
  /** Pages whose form on disk is older, the longest waiting first. */
  readonly #dirty = new Map<string, Page>();
  /** Those that must not wait. */
  readonly #urgent = new Set<string>();
  /** Paths with a row on disk, so that only those are ever dropped. */
  readonly #onDisk: Set<string>;
  readonly #dropped = new Set<string>();
  #epoch = 0;
  #root: Node;

  constructor({ pages, load, cacheBytesMax }: TrieOptions) {
    this.#cache = new PageCache(load, cacheBytesMax);
    this.#onDisk = new Set(pages.map(({ path }) => path));
    this.#root = treeOf("", pages) ?? emptyPage("", 0);
  }

  get count(): number {
    return this.#root.count;
  }

  /** Count and hash of the whole. */
  summary(): TrieChild {
    return { count: this.#root.count, hash: hashOfNode(this.#root, this.#cache) };
  }

  /** The entry takes the place of the one at its position. */
  set(entry: TrieEntry): void {
    this.#root = this.#set(this.#root, entry);
  }

  /** Forgets the entry at a position, if there is one; `since` is the next operation's id. */
  remove(position: Bytes, since: OpId): void {
    this.#root = this.#remove(this.#root, position, since) ?? this.#mark(emptyPage("", this.#epoch), since, true);
  }

  /** The trie as it is now, whatever follows. */
  snapshot(): TrieSnapshot {
    this.#epoch += 1;
    return new TrieSnapshot(this.#root, this.#cache);
  }

  /**
   * Takes what is to be written now: what must not wait, and of the rest those whose first change
   * came before `before`, at most `pagesMax`. `next` is the id of the next operation.
   */
  takeDirty(before: OpId, pagesMax: number, next: OpId): DirtyPages | undefined {
    const paths = [...this.#urgent];
    for (const [path, page] of this.#dirty) {
      if (paths.length >= pagesMax || (page.dirtySince as OpId) >= before) break;
      if (!this.#urgent.has(path)) paths.push(path);
    }
    if (paths.length === 0 && this.#dropped.size === 0) return undefined;
    const pages = paths.map((path) => this.#written(path));
    const dropped = [...this.#dropped];
    for (const path of dropped) this.#onDisk.delete(path);
    for (const path of paths) this.#onDisk.add(path);
    this.#urgent.clear();
    this.#dropped.clear();
    const oldest = this.#dirty.values().next().value;
    return { pages, dropped, from: oldest?.dirtySince ?? next };
  }

  #written(path: string): TriePageRow {
    const page = this.#dirty.get(path);
    assert(page !== undefined, "a page to be written is dirty");
    this.#dirty.delete(path);
    page.dirtySince = undefined;
    const row = { path, count: page.count, hash: pageHash(page), body: bodyOf(page).slice(0, page.count * entryBytes) };
    this.#cache.keep(page);
    return row;
  }

  #set(node: Node, entry: TrieEntry): Node {
    if (node.type === "page") return this.#setInPage(node, entry);
    const branch = this.#ownBranch(node);
    const digit = digitAt(entry.position, 0, branch.path.length);
    const child = branch.children[digit] ?? emptyPage(branch.path + digit.toString(16), this.#epoch);
    const before = child.count;
    const after = this.#set(child, entry);
    branch.children[digit] = after;
    branch.count += after.count - before;
    return branch;
  }

  #setInPage(old: Page, entry: TrieEntry): Node {
    const page = this.#ownPage(old);
    setEntry(page, entry);
    this.#mark(page, entry.id, false);
    if (page.count <= pageEntriesMax) return page;
    this.#unmark(page.path);
    const children = splitPage(page);
    for (const child of children) if (child !== undefined) this.#mark(child, page.dirtySince as OpId, true);
    return {
      type: "branch",
      path: page.path,
      epoch: this.#epoch,
      count: page.count,
      hash: undefined,
      children: [...children],
    };
  }

  #remove(node: Node, position: Bytes, since: OpId): Node | undefined {
    if (node.type === "page") {
      this.#cache.load(node);
      if (!find(bodyOf(node), node.count, position).found) return node;
      const page = this.#ownPage(node);
      removeEntry(page, position);
      if (page.count > 0) return this.#mark(page, since, true);
      this.#unmark(page.path);
      return undefined;
    }
    const digit = digitAt(position, 0, node.path.length);
    const child = node.children[digit];
    if (child === undefined) return node;
    const branch = this.#ownBranch(node);
    const before = child.count;
    const after = this.#remove(child, position, since);
    branch.children[digit] = after;
    branch.count += (after?.count ?? 0) - before;
    return branch.count > pageEntriesJoined ? branch : this.#join(branch, since);
  }

  #join(branch: Branch, since: OpId): Page {
    const pages = pagesBelow(branch);
    for (const page of pages) {
      this.#cache.load(page);
      this.#cache.release(page);
    }
    const joined = joinPages(branch.path, this.#epoch, pages);
    for (const page of pages) this.#unmark(page.path);
    return this.#mark(joined, since, true);
  }

  #ownPage(page: Page): Page {
    this.#cache.load(page);
    this.#cache.release(page); // snapshots may know it, and the disk will have a later form
    const own = owned(page, this.#epoch);
    if (own !== page && this.#dirty.has(page.path)) this.#dirty.set(page.path, own);
    return own;
  }

  #ownBranch(branch: Branch): Branch {
    if (branch.epoch !== this.#epoch)
      return { ...branch, epoch: this.#epoch, hash: undefined, children: [...branch.children] };
    branch.hash = undefined;
    return branch;
  }

  #mark(page: Page, since: OpId, urgent: boolean): Page {
    page.dirtySince ??= since;
    this.#dirty.set(page.path, page);
    this.#dropped.delete(page.path);
    if (urgent) this.#urgent.add(page.path);
    return page;
  }

  /** The page of this path is no more. */
  #unmark(path: string): void {
    this.#dirty.delete(path);
    this.#urgent.delete(path);
    if (this.#onDisk.has(path)) this.#dropped.add(path);
  }
}
