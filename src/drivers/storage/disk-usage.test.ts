import { mkdtempSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DiskUsage } from "./disk-usage.ts";

let folder: string;
let path: string;
let db: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-usage-"));
  path = join(folder, "data.sqlite");
  db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (v BLOB)");
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

test("the log counts beside the pages, and what it will add to the file is not free any more", () => {
  const usage = new DiskUsage(path);
  const before = usage.measure();
  db.exec("INSERT INTO t VALUES (zeroblob(1000000))");
  const after = usage.measure();
  expect(after.usedBytes - before.usedBytes).toBeGreaterThan(2_000_000);
  expect(statSync(path).size).toBeLessThan(100_000);
  expect(after.freeBytes).toBeLessThanOrEqual(before.freeBytes + 8_000_000); // others write on the same disk
  usage.close();
});

test("pages that were freed are not counted", () => {
  db.exec("INSERT INTO t VALUES (zeroblob(1000000)); PRAGMA wal_checkpoint(TRUNCATE)");
  const usage = new DiskUsage(path);
  const full = usage.measure();
  db.exec("DELETE FROM t; PRAGMA wal_checkpoint(TRUNCATE)");
  expect(full.usedBytes - usage.measure().usedBytes).toBeGreaterThan(900_000);
  expect(statSync(path).size).toBeGreaterThan(1_000_000);
  usage.close();
});
