/**
 * What the system is asked to sync, seen by strace(1): once for each group of writes that is
 * acknowledged together, so once for a write that comes alone.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Nursery } from "../support/real-node.ts";
import { until } from "../support/until.ts";

const hasStrace = spawnSync("strace", ["--version"]).status === 0;
let nursery: Nursery;

beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

const alone = 50;
const together = 200;

test("a put alone costs one sync, and puts that come together share theirs", { timeout: 60_000 }, async (ctx) => {
  ctx.skip(!hasStrace, "strace is not installed: the syncs cannot be counted");
  const trace = join(nursery.folder, "trace");
  // -D keeps the node this process's own child, so that it is ended as any other.
  const wrap = ["strace", "-D", "-f", "-e", "trace=fsync,fdatasync", "-o", trace];
  const node = await nursery.start("a", { wrap });
  const syncs = (): number =>
    readFileSync(trace, "utf8")
      .split("\n")
      .filter((line) => /\b(fsync|fdatasync)\(.*(= 0|unfinished)/.test(line)).length;
  await node.put("first", "the log file is made and synced with its folder");
  const before = syncs();
  for (let n = 0; n < alone; n++) await node.put(`alone/${n}`, "v");
  await until("the trace has them", () => syncs() - before >= alone);
  const singles = syncs() - before;
  expect(singles).toBe(alone);
  const between = syncs();
  await Promise.all(Array.from({ length: together }, (_, n) => node.put(`together/${n}`, "v")));
  const shared = syncs() - between;
  expect(shared).toBeGreaterThanOrEqual(1);
  expect(shared).toBeLessThan(together / 2);
});
