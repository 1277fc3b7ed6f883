/**
 * The trie as it was at one moment, to be read at any path: a path of hex digits names the set of
 * entries whose positions begin with them, and a set has a count and a hash whether or not the
 * trie has a node just there. So two tries can be compared at the same paths whatever their depths.
 */
import type { Bytes } from "../../../base/bytes.ts";
import { bucketEntriesMax, digitAt } from "../../../codec/trie-shape.ts";
import type { TrieChild } from "../../../crypto/trie-hash.ts";
import { type Stretch, type TrieEntry, childrenOf, entryBytes, hashOf, read } from "./entries.ts";
import { type Page, bodyOf } from "./page.ts";
import type { PageCache } from "./page-cache.ts";
import { type Node, childSummaries, hashOfNode } from "./node.ts";

/** What stands at a path: up to 16 entries, or 16 subtrees. */
export type TrieView =
  | { readonly type: "bucket"; readonly entries: readonly TrieEntry[] }
  | { readonly type: "branch"; readonly children: readonly (TrieChild | undefined)[] };

export class TrieSnapshot {
  readonly #root: Node;
  readonly #cache: PageCache;

  constructor(root: Node, cache: PageCache) {
    this.#root = root;
    this.#cache = cache;
  }

  get count(): number {
    return this.#root.count;
  }

  /** How many entries are below a path: what `summary` says without computing a hash. */
  countBelow(path: string): number {
    const found = this.#find(path);
    return found.type === "node" ? found.node.count : found.stretch.to - found.stretch.from;
  }

  /** Count and hash of the entries below a path. */
  summary(path: string): TrieChild {
    const found = this.#find(path);
    if (found.type === "node") return { count: found.node.count, hash: hashOfNode(found.node, this.#cache) };
    const { from, to } = found.stretch;
    return { count: to - from, hash: hashOf(found.body, found.stretch, path.length) };
  }

  /** What stands at a path. */
  view(path: string): TrieView {
    const found = this.#find(path);
    if (found.type === "node" && found.node.type === "branch")
      return { type: "branch", children: childSummaries(found.node, this.#cache) };
    const { body, stretch } = found.type === "node" ? this.#wholeOf(found.node as Page) : found;
    const count = stretch.to - stretch.from;
    if (count > bucketEntriesMax) return { type: "branch", children: childrenOf(body, stretch, path.length) };
    return { type: "bucket", entries: Array.from({ length: count }, (_, i) => read(body, stretch.from + i)) };
  }

  /** The 16 subtrees below a path, however few entries there are. */
  children(path: string): readonly (TrieChild | undefined)[] {
    const found = this.#find(path);
    if (found.type === "node" && found.node.type === "branch") return childSummaries(found.node, this.#cache);
    const { body, stretch } = found.type === "node" ? this.#wholeOf(found.node as Page) : found;
    return childrenOf(body, stretch, path.length);
  }

  /** All entries below a path, in order of their positions. */
  *entries(path: string): Generator<TrieEntry, void, undefined> {
    const found = this.#find(path);
    if (found.type === "node" && found.node.type === "branch") {
      for (const child of found.node.children) if (child !== undefined) yield* this.entries(child.path);
      return;
    }
    const { body, stretch } = found.type === "node" ? this.#wholeOf(found.node as Page) : found;
    for (let at = stretch.from; at < stretch.to; at++) yield read(body, at);
  }

  #find(
    path: string,
  ):
    | { readonly type: "node"; readonly node: Node }
    | { readonly type: "part"; readonly body: Bytes; readonly stretch: Stretch } {
    let node: Node = this.#root;
    while (node.type === "branch" && node.path.length < path.length) {
      const child: Node | undefined = node.children[Number.parseInt(path.charAt(node.path.length), 16)];
      if (child === undefined) return { type: "part", body: nothing, stretch: { from: 0, to: 0 } };
      node = child;
    }
    if (node.path.length >= path.length) return { type: "node", node };
    const { body } = this.#wholeOf(node as Page);
    return { type: "part", body, stretch: partOf(body, node.count, path, node.path.length) };
  }

  #wholeOf(page: Page): { readonly body: Bytes; readonly stretch: Stretch } {
    this.#cache.load(page);
    return { body: bodyOf(page), stretch: { from: 0, to: page.count } };
  }
}

const nothing = new Uint8Array(0);

/** The stretch of a page whose positions begin with a path that is longer than the page's own. */
function partOf(body: Bytes, count: number, path: string, depth: number): Stretch {
  const compare = (index: number): number => {
    for (let at = depth; at < path.length; at++) {
      const difference = digitAt(body, index * entryBytes, at) - Number.parseInt(path.charAt(at), 16);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const first = (isBehind: (order: number) => boolean): number => {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBehind(compare(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return { from: first((order) => order >= 0), to: first((order) => order > 0) };
}
