/** The folder of one node: made once, its secrets private, held by one process at a time. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataFolder } from "./data-folder.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "p2p-sync-folder-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test("identity and token are made at the first start, private, and stay", () => {
  const first = openDataFolder(join(root, "data"));
  expect(first.fresh).toBe(true);
  for (const name of ["identity.key", "api-token"]) expect(statSync(join(root, "data", name)).mode & 0o777).toBe(0o600);
  first.release();
  const second = openDataFolder(join(root, "data"));
  expect(second).toMatchObject({ fresh: false, identitySeed: first.identitySeed, apiToken: first.apiToken });
  second.release();
});

test("a second start is refused with the name of the holder, and let in after its end", () => {
  const path = join(root, "data");
  const held = openDataFolder(path);
  expect(() => openDataFolder(path)).toThrow(
    expect.objectContaining({
      code: "data_dir_in_use",
      message: expect.stringContaining(`process ${process.pid}`) as string,
    }) as Error,
  );
  held.release();
  held.release();
  openDataFolder(path).release();
});

test("a key that others can read is refused with the command that mends it", () => {
  const path = join(root, "data");
  openDataFolder(path).release();
  chmodSync(join(path, "identity.key"), 0o644);
  expect(() => openDataFolder(path)).toThrow(/mode 644.*chmod 600/);
  chmodSync(join(path, "identity.key"), 0o600);
  openDataFolder(path).release();
});

test("a damaged key is refused and never replaced", () => {
  const path = join(root, "data");
  openDataFolder(path).release();
  writeFileSync(join(path, "identity.key"), "not a key\n", { mode: 0o600 });
  expect(() => openDataFolder(path)).toThrow(expect.objectContaining({ code: "data_dir_unusable" }) as Error);
  expect(readFileSync(join(path, "identity.key"), "utf8")).toBe("not a key\n");
});

test("a path that is a file is refused by name", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => openDataFolder(join(root, "file"))).toThrow(
    expect.objectContaining({
      code: "data_dir_unusable",
      message: expect.stringContaining(join(root, "file")) as string,
    }) as Error,
  );
});
