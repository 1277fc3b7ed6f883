/** Folders are made with their parents, or the one that cannot be is named. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

test("missing parents are made, for the owner alone, and an existing folder is left as it is", () => {
  const root = mkdtempSync(join(tmpdir(), "p2p-sync-folder-"));
  makeFolder(join(root, "a", "b"));
  makeFolder(join(root, "a", "b"));
  expect(statSync(join(root, "a", "b")).mode & 0o777).toBe(0o700);
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "file", "below"))).toThrow(/ENOTDIR|EEXIST/);
  rmSync(root, { recursive: true, force: true });
});

test("a place where the system makes no folders is refused at once", (ctx) => {
  ctx.skip(!existsSync("/proc/self"), "there is no /proc here");
  expect(() => makeFolder("/proc/nowhere/data")).toThrow(/ENOENT|EACCES|EPERM/);
});
