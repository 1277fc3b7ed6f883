/**
 * The nodes a trie is held together by in memory: pages, and branches above them. Hashes are
 * computed when they are asked for and kept until something below changes.
 */
import type { Bytes } from "../../../base/bytes.ts";
import { assert } from "../../../base/assert.ts";
import { trieFanout } from "../../../codec/trie-shape.ts";
import { type TrieChild, branchHash } from "../../../crypto/trie-hash.ts";
import type { TriePageSummary } from "../../../ports/store.ts";
import { type Page, pageHash } from "./page.ts";
import type { PageCache } from "./page-cache.ts";

/** Always over more entries than a page holds when it has just been joined. */
export interface Branch {
  readonly type: "branch";
  readonly path: string;
  readonly epoch: number;
  count: number;
  hash: Bytes | undefined;
  readonly children: (Node | undefined)[];
}

export type Node = Page | Branch;

/** The hash of a node, computed where it is not known. */
export function hashOfNode(node: Node, cache: PageCache): Bytes {
  if (node.type === "page") {
    if (node.hash === undefined) cache.load(node);
    return pageHash(node);
  }
  node.hash ??= branchHash(childSummaries(node, cache));
  return node.hash;
}

export function childSummaries(branch: Branch, cache: PageCache): readonly (TrieChild | undefined)[] {
  return branch.children.map((child) =>
    child === undefined ? undefined : { count: child.count, hash: hashOfNode(child, cache) },
  );
}

export function pagesBelow(node: Node): readonly Page[] {
  if (node.type === "page") return [node];
  return node.children.flatMap((child) => (child === undefined ? [] : pagesBelow(child)));
}

/** The tree above the pages on disk, which must be in order of their paths; undefined where there are none. */
export function treeOf(path: string, pages: readonly TriePageSummary[]): Node | undefined {
  return treeOfSome(path, pages, 0, pages.length);
}

/** Those from `from` to `to` lie below `path`. */
function treeOfSome(path: string, pages: readonly TriePageSummary[], from: number, to: number): Node | undefined {
  if (from === to) return undefined;
  const first = pages[from] as TriePageSummary;
  if (first.path === path) {
    assert(to - from === 1, "no page lies inside another");
    const { count, hash } = first;
    return { type: "page", path, epoch: 0, count, hash, body: undefined, dirtySince: undefined };
  }
  const children: (Node | undefined)[] = [];
  let count = 0;
  let at = from;
  for (let digit = 0; digit < trieFanout; digit++) {
    const below = path + digit.toString(16);
    const start = at;
    while (at < to && (pages[at] as TriePageSummary).path.startsWith(below)) at += 1;
    const child = treeOfSome(below, pages, start, at);
    count += child?.count ?? 0;
    children.push(child);
  }
  assert(at === to, "pages come in order of their paths");
  return { type: "branch", path, epoch: 0, count, hash: undefined, children };
}
