import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, compareBytes, concat, toHex, utf8Encode } from "../../../base/bytes.ts";
import { branchHash, bucketHash, entryDigest, triePosition } from "../../../crypto/trie-hash.ts";
import { sha256 } from "../../../crypto/hash.ts";
import type { OpId, TriePageRow } from "../../../ports/store.ts";
import type { TrieEntry } from "./entries.ts";
import { pageEntriesMax } from "./page.ts";
import { Trie } from "./trie.ts";

/** The pages of a trie as a store would keep them. */
class Shelf {
  readonly rows = new Map<string, TriePageRow>();
  from: OpId = 1;

  open(cacheBytesMax = 1 << 20): Trie {
    const pages = [...this.rows.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    return new Trie({ pages, load: (path) => (this.rows.get(path) as TriePageRow).body.slice(), cacheBytesMax });
  }

  write(trie: Trie, before: OpId, next: OpId, pagesMax = 1_000): void {
    const dirty = trie.takeDirty(before, pagesMax, next);
    if (dirty === undefined) return;
    for (const path of dirty.dropped) if (!this.rows.delete(path)) throw new Error(`${path} was never written`);
    for (const row of dirty.pages) this.rows.set(row.path, row);
    this.from = dirty.from;
  }
}

function entry(key: string, version: number, id: OpId = version): TrieEntry {
  const digest = entryDigest(sha256(utf8Encode(`${version}`)), triePosition(key));
  return { position: Uint8Array.from(triePosition(key)), digest: Uint8Array.from(digest), id };
}

/** The definition of the root, written as directly as it can be. */
function rootOf(entries: readonly TrieEntry[]): string {
  const sorted = [...entries].sort((a, b) => compareBytes(a.position, b.position));
  return toHex(nodeOf(sorted, 0));
}

function nodeOf(sorted: readonly TrieEntry[], depth: number): Bytes {
  if (sorted.length <= 16) {
    const packed = concat(sorted.flatMap(({ position, digest }) => [position, digest]));
    return sha256(concat([Uint8Array.of(3, sorted.length), packed]));
  }
  const parts: Bytes[] = [];
  let bitmap = 0;
  for (let digit = 0; digit < 16; digit++) {
    const below = sorted.filter(({ position }) => toHex(position).charAt(depth) === digit.toString(16));
    if (below.length === 0) continue;
    bitmap |= 1 << digit;
    const count = new Uint8Array(8);
    new DataView(count.buffer).setBigUint64(0, BigInt(below.length));
    parts.push(count, nodeOf(below, depth + 1));
  }
  return sha256(concat([Uint8Array.of(4, bitmap >> 8, bitmap & 255), ...parts]));
}

function filled(trie: Trie, keys: number, version = 1): Map<string, TrieEntry> {
  const all = new Map<string, TrieEntry>();
  for (let i = 0; i < keys; i++) {
    const each = entry(`key-${i}`, version, i + 1);
    all.set(`key-${i}`, each);
    trie.set(each);
  }
  return all;
}

function rootHex(trie: Trie): string {
  return toHex(trie.summary().hash);
}

describe("the root", () => {
  test.each([0, 1, 16, 17, 40, pageEntriesMax, pageEntriesMax + 1, 3_000])(
    "of %i entries is what its definition says",
    (keys) => {
      const trie = new Shelf().open();
      const all = filled(trie, keys);
      expect(rootHex(trie)).toBe(rootOf([...all.values()]));
      expect(trie.count).toBe(keys);
    },
  );

  test("does not depend on the order of arrival, on what was there before, or on when pages are written", () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 700 }),
      version: fc.integer({ min: 0, max: 3 }),
      flush: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 900, size: "max" }), (steps) => {
        const shelf = new Shelf();
        const trie = shelf.open(20_000);
        const model = new Map<number, TrieEntry>();
        steps.forEach(({ key, version, flush }, index) => {
          const each = entry(`${key}`, version, index + 1);
          if (version === 0) {
            trie.remove(each.position, index + 1);
            model.delete(key);
          } else {
            trie.set(each);
            model.set(key, each);
          }
          if (flush === 0) shelf.write(trie, index - 50, index + 2);
        });
        expect(rootHex(trie)).toBe(rootOf([...model.values()]));
        expect(trie.count).toBe(model.size);
        const seen = [...trie.snapshot().entries("")].map(({ id }) => id);
        const sorted = [...model.values()].sort((a, b) => compareBytes(a.position, b.position));
        expect(seen).toEqual(sorted.map(({ id }) => id));
      }),
      { numRuns: 60 },
    );
  });

  test("changes when any entry changes", () => {
    const trie = new Shelf().open();
    filled(trie, 400);
    const before = rootHex(trie);
    trie.set(entry("key-7", 2));
    expect(rootHex(trie)).not.toBe(before);
    trie.set(entry("key-7", 1, 8));
    expect(rootHex(trie)).toBe(before);
  });
});

describe("a trie opened from its pages", () => {
  test("has the same root without reading a page, and after the replay of what was not written", () => {
    const shelf = new Shelf();
    const trie = shelf.open();
    const all = filled(trie, 2_000);
    shelf.write(trie, 1_200, 2_001);
    trie.set(entry("key-3", 2, 2_001));
    const reopened = shelf.open();
    for (const each of [...all.values(), entry("key-3", 2, 2_001)]) if (each.id >= shelf.from) reopened.set(each);
    expect(rootHex(reopened)).toBe(rootHex(trie));
    shelf.write(trie, Infinity, 2_002);
    expect(shelf.from).toBe(2_002);
    const pages = [...shelf.rows.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    const blind = new Trie({ pages, load: () => expect.unreachable("no page is read for the root"), cacheBytesMax: 0 });
    expect(rootHex(blind)).toBe(rootHex(trie));
  });

  test("is never built upon a page that the disk changed", () => {
    const shelf = new Shelf();
    const trie = shelf.open();
    for (let id = 1; id <= 300; id++) trie.set(entry(`key-${id}`, 1, id));
    shelf.write(trie, Infinity, 301);
    const [row] = [...shelf.rows.values()].filter(({ count }) => count > 0);
    const damaged = row?.body.slice() ?? new Uint8Array(0);
    damaged[40] = (damaged[40] as number) ^ 1;
    for (const body of [damaged, row?.body.subarray(1) ?? damaged]) {
      shelf.rows.set(row?.path ?? "", { ...(row as TriePageRow), body });
      const reopened = shelf.open();
      const everyKey = (): void => {
        for (let id = 1; id <= 300; id++) reopened.remove(entry(`key-${id}`, 1, id).position, 301);
      };
      expect(everyKey).toThrow(expect.objectContaining({ code: "store_damaged" }) as Error);
    }
  });

  test("is the same after a crash at the end of any turn", () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 900 }),
      remove: fc.boolean(),
      age: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 300, maxLength: 1_200, size: "max" }), (steps) => {
        const shelf = new Shelf();
        const trie = shelf.open(20_000);
        const model = filled(trie, 700);
        shelf.write(trie, 0, 701);
        steps.forEach(({ key, remove, age }, index) => {
          const id = 701 + index;
          const each = entry(`key-${key}`, id);
          if (remove) trie.remove(each.position, id);
          else trie.set(each);
          if (remove) model.delete(`key-${key}`);
          else model.set(`key-${key}`, each);
          shelf.write(trie, id - 100 * age, id + 1, 3);
        });
        const reopened = shelf.open();
        for (const each of model.values()) if (each.id >= shelf.from) reopened.set(each);
        expect(rootHex(reopened)).toBe(rootOf([...model.values()]));
      }),
      { numRuns: 40 },
    );
  });

  test("lacks nothing removed or split, whenever it crashed", () => {
    const shelf = new Shelf();
    const trie = shelf.open();
    const model = new Map(filled(trie, 600));
    shelf.write(trie, 0, 601); // only what must not wait
    for (let i = 0; i < 500; i++) {
      trie.remove(triePosition(`key-${i}`), 601);
      model.delete(`key-${i}`);
    }
    shelf.write(trie, 0, 601);
    const reopened = shelf.open();
    for (const each of model.values()) if (each.id >= shelf.from) reopened.set(each);
    expect(rootHex(reopened)).toBe(rootOf([...model.values()]));
  });

  test("keeps no more clean pages in memory than its cache allows, and answers all the same", () => {
    const shelf = new Shelf();
    const whole = shelf.open();
    const all = filled(whole, 5_000);
    shelf.write(whole, Infinity, 5_001);
    let loads = 0;
    const pages = [...shelf.rows.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    const load = (path: string): Bytes => {
      loads += 1;
      return (shelf.rows.get(path) as TriePageRow).body.slice();
    };
    const small = new Trie({ pages, load, cacheBytesMax: 30_000 });
    for (let round = 0; round < 2; round++) expect([...small.snapshot().entries("")]).toHaveLength(5_000);
    expect(loads).toBe(2 * pages.length);
    small.set(entry("key-1", 9, 5_001));
    all.set("key-1", entry("key-1", 9, 5_001));
    expect(rootHex(small)).toBe(rootOf([...all.values()]));
  });
});

describe("a snapshot", () => {
  test("stays as it was, whatever is written, removed, split, joined or dropped from memory meanwhile", () => {
    const shelf = new Shelf();
    const trie = shelf.open(20_000);
    const all = filled(trie, 1_000);
    shelf.write(trie, Infinity, 1_001);
    const snapshot = trie.snapshot();
    const before = [...all.values()].sort((a, b) => compareBytes(a.position, b.position));
    const root = rootOf(before);
    for (let i = 0; i < 1_000; i++) trie.set(entry(`key-${i}`, 2, 1_001 + i));
    for (let i = 0; i < 3_000; i++) trie.set(entry(`new-${i}`, 1, 3_000 + i));
    shelf.write(trie, Infinity, 6_001);
    for (let i = 0; i < 950; i++) trie.remove(triePosition(`key-${i}`), 6_001);
    for (let i = 0; i < 3_000; i++) trie.remove(triePosition(`new-${i}`), 6_001);
    shelf.write(trie, Infinity, 6_001);
    expect(toHex(snapshot.summary("").hash)).toBe(root);
    expect([...snapshot.entries("")].map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect(trie.count).toBe(50);
  });

  test("says of every path what the entries below it are", () => {
    const trie = new Shelf().open();
    const all = [...filled(trie, 1_500).values()];
    const snapshot = trie.snapshot();
    for (const path of ["", "0", "a", "7f", "7f3", "7f3a", "00000000", toHex((all[5] as TrieEntry).position)]) {
      const below = all
        .filter(({ position }) => toHex(position).startsWith(path))
        .sort((a, b) => compareBytes(a.position, b.position));
      const { count, hash } = snapshot.summary(path);
      expect([count, snapshot.countBelow(path)]).toEqual([below.length, below.length]);
      expect(toHex(hash)).toBe(toHex(nodeOf(below, path.length)));
      const childOf = (digit: string): unknown => {
        const child = snapshot.summary(path + digit);
        return child.count === 0 ? undefined : child;
      };
      const bucket = { type: "bucket", entries: below };
      const branch = {
        type: "branch",
        children: Array.from({ length: 16 }, (_, digit) => childOf(digit.toString(16))),
      };
      expect(snapshot.view(path)).toEqual(below.length <= 16 ? bucket : branch);
    }
  });
});

test("hashes of buckets, branches and entries are never equal by their kind", () => {
  const zero = new Uint8Array(32);
  const hashes = [
    entryDigest(zero, zero),
    bucketHash(new Uint8Array(64), 0, 1, 64),
    branchHash([{ count: 0, hash: zero }]),
  ];
  expect(new Set(hashes.map(toHex)).size).toBe(3);
});
