/**
 * The trie in a process of its own, so that its memory can be seen: `node bench/trie-worker.ts build
 * ENTRIES STORE` fills one, changes it and writes its pages; `… open ENTRIES STORE` opens them again.
 * Prints one line of JSON. A change includes hashing the key and the digest, as in a replica.
 */
import { Prng } from "../src/base/prng.ts";
import type { NetworkId } from "../src/base/brand.ts";
import { Trie } from "../src/core/data/trie/trie.ts";
import { trieCacheBytesMax, triePagesPerTurn, trieReplayOpsMin, trieReplayShare } from "../src/core/replica/limits.ts";
import { openSqliteStore } from "../src/drivers/storage/sqlite-store.ts";
import type { Store } from "../src/ports/store.ts";
import { nowMs } from "./clock.ts";
import { entryOf } from "./set-side.ts";

export interface Built {
  readonly setPerSecond: number;
  readonly coldRootMs: number;
  /** Batches of 1,000 changes of random keys. */
  readonly changesPerSecond: number;
  /** The root after 100,000 of them, which leave no page as it was. */
  readonly rootMs: number;
  /** Both together. */
  readonly withRootPerSecond: number;
  /** Of the process, for 100,000 changes and their root. */
  readonly cpuMs: number;
  /** The same, with the pages of each batch written back as a replica would. */
  readonly writtenPerSecond: number;
  readonly memoryMb: number;
}

export interface Opened {
  /** From the summaries of the pages on disk to the root. */
  readonly openMs: number;
  readonly openMb: number;
  /** Reading all pages once. */
  readonly readMs: number;
  readonly readMb: number;
}

const batch = 1_000;
const rootEvery = 100_000;

function main(): void {
  const [way, count, path] = process.argv.slice(2);
  const entries = Number(count);
  const store = openSqliteStore({
    path: path as string,
    durability: "relaxed",
    cacheMiB: 64,
    network: { id: "00".repeat(32) as NetworkId, name: "bench" },
  });
  const found = way === "build" ? build(entries, store) : open(store);
  store.close();
  process.stdout.write(`${JSON.stringify(found)}\n`);
}

function build(entries: number, store: Store): Built {
  const before = residentMb();
  const trie = new Trie({ pages: [], load: () => new Uint8Array(0), cacheBytesMax: trieCacheBytesMax });
  const begun = nowMs();
  for (let number = 1; number <= entries; number++) trie.set(entryOf(number));
  const filled = nowMs();
  trie.summary();
  const coldRootMs = nowMs() - filled;
  const memoryMb = residentMb() - before;
  const prng = new Prng(1);
  let next = entries + 1;
  const change = (): void => {
    for (let i = 0; i < batch; i++) trie.set({ ...entryOf(1 + prng.below(entries), next), id: next++ });
  };
  const [changing, cpu] = [nowMs(), process.cpuUsage()];
  for (let changed = 0; changed < rootEvery; changed += batch) change();
  const changed = nowMs();
  trie.summary();
  const rooted = nowMs();
  const { user, system } = process.cpuUsage(cpu);
  const written = (pagesMax: number, before: number): void => {
    const dirty = trie.takeDirty(before, pagesMax, next);
    if (dirty === undefined) return;
    store.begin();
    store.apply({ type: "setTrie", ...dirty });
    store.commit();
  };
  written(Infinity, next);
  const from = nowMs();
  const waitOps = Math.max(trieReplayOpsMin, entries * trieReplayShare);
  const changes = Math.max(rootEvery, 4 * waitOps); // past the time for which pages wait
  for (let changed = 0; changed < changes; changed += batch) {
    change();
    written(triePagesPerTurn, next - waitOps);
    if (changed % rootEvery === 0) trie.summary();
  }
  const writtenPerSecond = (changes / (nowMs() - from)) * 1_000;
  written(Infinity, next);
  return {
    setPerSecond: (entries / (filled - begun)) * 1_000,
    coldRootMs,
    changesPerSecond: (rootEvery / (changed - changing)) * 1_000,
    rootMs: rooted - changed,
    withRootPerSecond: (rootEvery / (rooted - changing)) * 1_000,
    cpuMs: (user + system) / 1_000,
    writtenPerSecond,
    memoryMb,
  };
}

function open(store: Store): Opened {
  const before = residentMb();
  const begun = nowMs();
  const { pages } = store.trie();
  const trie = new Trie({ pages, load: (path) => store.triePage(path), cacheBytesMax: trieCacheBytesMax });
  trie.summary();
  const openMs = nowMs() - begun;
  const openMb = residentMb() - before;
  const opened = nowMs();
  let sum = 0;
  for (const { id } of trie.snapshot().entries("")) sum += id;
  if (sum === 0) throw new Error("the trie has no entries");
  return { openMs, openMb, readMs: nowMs() - opened, readMb: residentMb() - before };
}

function residentMb(): number {
  return process.memoryUsage.rss() / 1e6;
}

main();
