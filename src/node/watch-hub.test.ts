/** Watching a store on disk, with a clock of the test's own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { merge, turn } from "../../test/support/store-turns.ts";
import { incarnation, put, signedBatch } from "../../test/support/stored-batches.ts";
import type { Instant, NetworkId, Stamp } from "../base/brand.ts";
import type { Op } from "../codec/op.ts";
import { SqliteReader } from "../drivers/storage/sqlite-reader.ts";
import { openSqliteStore } from "../drivers/storage/sqlite-store.ts";
import type { Store } from "../ports/store.ts";
import type { Change, Watch } from "./facade.ts";
import { WatchHub } from "./watch-hub.ts";

const network = { id: "ab".repeat(32) as NetworkId, name: "test" };
/** In milliseconds, just after the stamps of the batches. */
const start = 1_790_000_000_001;

let folder: string;
let store: Store;
let reader: SqliteReader;
let hub: WatchHub;
let now: number;
let sequence: number;

function open(name = "data.sqlite"): void {
  const path = join(folder, name);
  store = openSqliteStore({ path, durability: "strict", cacheMiB: 4, network });
  turn(store, () => store.apply({ type: "setState", state }));
  reader = new SqliteReader(path, 4);
  hub = new WatchHub(reader.log, () => now as Instant);
}

function close(): void {
  hub.close();
  reader.close();
  store.close();
}

const state = {
  incarnation,
  sequence: 0,
  lastStamp: 0 as Stamp,
  values: 0,
  conflicts: 0,
  createdAt: 3 as Instant,
  reconciledAt: undefined,
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-watch-"));
  [now, sequence] = [start, 0];
  open();
});
afterEach(() => {
  vi.useRealTimers();
  close();
  rmSync(folder, { recursive: true, force: true });
});

function write(...ops: readonly Op[]): void {
  turn(store, () => merge(store, signedBatch(++sequence, ops)));
  hub.wake();
}

const lease = (key: string, ttlSeconds: number): Op => ({ ...put(key), ttlSeconds });
const gone = (key: string): Op => ({ ...put(key), content: { type: "tombstone" } });

/** As many changes as asked for, in words. */
async function next(watch: Watch, count: number): Promise<string[]> {
  const iterator = watch[Symbol.asyncIterator]();
  const told: string[] = [];
  while (told.length < count) {
    const { value } = (await iterator.next()) as { readonly value: Change };
    told.push(`${value.type} ${value.key}`);
  }
  return told;
}

function passTo(seconds: number): void {
  now = start + seconds * 1_000;
  hub.wake();
}

test("an expiry is told when its time comes, in the order of the times, and only of what still lives", async () => {
  const watch = hub.watch({});
  write(lease("b", 5), lease("a", 9), lease("renewed", 2), lease("deleted", 2));
  expect((await next(watch, 4)).toSorted()).toEqual(["put a", "put b", "put deleted", "put renewed"]);
  write(lease("renewed", 3_600), gone("deleted"));
  expect(await next(watch, 2)).toEqual(["delete deleted", "put renewed"]);
  const later = next(watch, 3);
  passTo(10);
  write(put("end"));
  expect(await later).toEqual(["put end", "expire b", "expire a"]);
});

test("a hub wakes its watchers by itself when something expires", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  write(lease("a", 3));
  const told = next(hub.watch({}), 1);
  await vi.waitUntil(() => vi.getTimerCount() === 1);
  now = start + 3_000;
  vi.advanceTimersByTime(3_000);
  expect(await told).toEqual(["expire a"]);
});

test("a cursor goes on behind the change told last, expiries included, each once", async () => {
  write(lease("a", 1), lease("b", 1), lease("c", 2), put("d"));
  const watch = hub.watch({ after: 0 });
  expect(await next(watch, 4)).toHaveLength(4);
  passTo(1);
  expect(await next(watch, 1)).toEqual(["expire a"]);
  passTo(3);
  expect(await next(hub.watch({ after: watch.cursor }), 2)).toEqual(["expire b", "expire c"]);
  write(put("end"));
  const resumed = hub.watch({ after: watch.cursor });
  expect(await next(resumed, 3)).toEqual(["put end", "expire b", "expire c"]);
  write(put("last"));
  expect(await next(hub.watch({ after: resumed.cursor }), 1)).toEqual(["put last"]);
});

test("what had expired before it came, or before a position is resumed, is told as expired", async () => {
  passTo(60);
  const live = hub.watch({});
  write(lease("late", 1));
  expect(await next(live, 1)).toEqual(["expire late"]);
  expect(await next(hub.watch({ after: 0 }), 1)).toEqual(["expire late"]);
});

test("where the clock was set back, what expires by it is told again rather than not at all", async () => {
  write(lease("a", 5));
  passTo(6);
  const watch = hub.watch({});
  passTo(0);
  write(put("now"));
  expect(await next(watch, 1)).toEqual(["put now"]);
  const told = next(watch, 2);
  passTo(2);
  write(put("then"));
  passTo(7);
  expect(await told).toEqual(["put then", "expire a"]);
});

test("a watch that filters a long log lets others run, and tells what it looks for", async () => {
  for (let i = 0; i < 3; i++) write(...Array.from({ length: 300 }, (_, n) => put(`skip/${i}/${n}`)));
  write(put("wanted"));
  const told = next(hub.watch({ after: 0, prefix: "wanted" }), 1);
  let passes = 0;
  setImmediate(() => passes++);
  expect([await told, passes]).toEqual([["put wanted"], 1]);
});

test("entries that went without a successor leave a gap for whoever had not come so far", async () => {
  write(put("first"));
  const old = hub.watch({});
  write(gone("first"));
  const place = reader.log.state().head - 1;
  const id = store.living("first")?.id ?? 0;
  turn(store, () => store.apply({ type: "retract", ops: [id] }));
  const details = expect.objectContaining({ position: place, forgotten: id }) as object;
  expect(() => hub.watch({ after: place })).toThrow(expect.objectContaining({ code: "watch_gap", details }) as Error);
  await expect(next(old, 1)).rejects.toMatchObject({ code: "watch_gap" });
  write(put("next"));
  expect(await next(hub.watch({ after: id }), 1)).toEqual(["put next"]);
  expect(await next(hub.watch({ after: 0 }), 1)).toEqual(["put next"]); // who knows nothing misses nothing
});

test("a place of another log, ahead of this one, or none at all is told apart", () => {
  write(put("a"));
  const { cursor } = hub.watch({});
  const [, ...numbers] = cursor.split(".");
  const codeOf = (after: string | number): unknown => {
    try {
      return hub.watch({ after }).cursor === "" ? undefined : "fine";
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
  };
  const other = ["00000000", ...numbers].join(".");
  expect([cursor, "1", 1, 0].map(codeOf)).toEqual(["fine", "fine", "fine", "fine"]);
  expect([other, 2, "2"].map(codeOf)).toEqual(["watch_gap", "watch_gap", "watch_gap"]);
  expect(["", "x", "1.2", `${cursor}.1`, -1, 1.5].map(codeOf)).toEqual(
    Array.from({ length: 6 }, () => "invalid_argument"),
  );
});
