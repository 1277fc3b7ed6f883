/** `get --proof` and `verify` as a user runs them, with a node in memory behind. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CommandResult, type RunningCommand, runCommand, startCommand } from "../../test/support/command.ts";

let folder: string;
let node: RunningCommand;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-proof-"));
  node = startCommand(["start", "--data-dir", join(folder, "data"), "--http-port", "0"], { workingDir: folder });
  await node.says("ready ");
  await run(["put", "colour", "green"]);
  await run(["put", "gone", "x"]);
  await run(["delete", "gone"]);
  root = (await json(["get", "colour", "--proof", "--json"]))["root"] as string;
});
afterAll(async () => {
  node.child.kill("SIGTERM");
  await node.end;
  rmSync(folder, { recursive: true, force: true });
});

let root: string;
/** No node is reachable where `dataDir` is another folder. */
const run = (words: readonly string[], dataDir = "data"): Promise<CommandResult> =>
  runCommand(words, { workingDir: folder, environment: { P2P_SYNC_DATA_DIR: join(folder, dataDir) } });
const json = async (words: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await run(words)).out) as Record<string, unknown>;
const otherRoot = "00".repeat(32);

test("a value goes to standard output alone; who wrote it and against which root it is proven beside it", async () => {
  const result = await run(["get", "colour", "--proof"]);
  expect(result).toMatchObject({ code: 0, out: "green" });
  expect(result.err).toMatch(
    new RegExp(`^"colour" was written by 12D3Koo\\w+ at 20\\S+Z; proven against root ${root} of 2 entries, tomb.*\\n$`),
  );
});

test("what was deleted, or never there, is proven so, with exit code 4", async () => {
  const [deleted, absent] = [await run(["get", "gone", "--proof"]), await run(["get", "never", "--proof"])];
  expect([deleted, absent]).toMatchObject([
    { code: 4, out: "", err: expect.stringContaining('"gone" was deleted by 12D3Koo') as string },
    {
      code: 4,
      out: "",
      err: `"never" is not in the set; proven against root ${root} of 2 entries, tombstones included\n`,
    },
  ]);
});

test("--json tells the same", async () => {
  expect(await json(["get", "colour", "--proof", "--json"])).toMatchObject({
    key: "colour",
    state: "value",
    value: "green",
    encoding: "utf8",
    root,
    count: 2,
    expiresAt: null,
  });
  expect(await json(["get", "gone", "--proof", "--json"])).toMatchObject({ state: "deleted", value: null });
  expect(await json(["get", "never", "--proof", "--json"])).toMatchObject({ state: "absent", author: null, count: 2 });
});

test("a root brought from elsewhere must be the node's, or nothing is printed or kept", async () => {
  expect(await run(["get", "colour", "--proof", "--root", root.toUpperCase()])).toMatchObject({
    code: 0,
    out: "green",
  });
  const other = await run(["get", "colour", "--proof", "--root", otherRoot, "--out", "other.proof"]);
  expect(other).toMatchObject({ code: 1, out: "" });
  expect(other.err).toBe(
    `p2p-sync get: The node's set of 2 entries has root ${root}, not ${otherRoot}: the sets differ, or changed meanwhile.\n`,
  );
  expect(() => readFileSync(join(folder, "other.proof"))).toThrow("ENOENT");
});

test("a proof that was kept is checked without a node", async () => {
  await run(["get", "colour", "--proof", "--out", "colour.proof"]);
  await run(["get", "never", "--proof", "--out", "never.proof"]);
  const verify = (file: string, key: string, ...more: string[]): Promise<CommandResult> =>
    run(["verify", file, key, "--root", root, ...more], "nowhere");
  expect(await verify("colour.proof", "colour")).toMatchObject({ code: 0, out: "green" });
  expect(await verify("never.proof", "never")).toMatchObject({ code: 4, out: "" });
  expect(JSON.parse((await verify("colour.proof", "colour", "--json")).out)).toMatchObject({ value: "green", root });
  const proof = readFileSync(join(folder, "colour.proof"));
  writeFileSync(join(folder, "damaged.proof"), proof.subarray(1));
  proof[proof.length - 1] = (proof.at(-1) as number) ^ 1;
  writeFileSync(join(folder, "altered.proof"), proof);
  const refusals = [
    [await verify("altered.proof", "colour"), "batchMismatch"],
    [await verify("damaged.proof", "colour"), "damaged"],
    [await verify("colour.proof", "color"), "another key"],
    [await run(["verify", "colour.proof", "colour", "--root", otherRoot], "nowhere"), "leads to another root"],
  ] as const;
  expect(refusals.map(([{ code, out }]) => [code, out])).toEqual(refusals.map(() => [1, ""]));
});

test.each([
  ["a root that is none", ["get", "colour", "--proof", "--root", "abc"], "64 hex digits"],
  ["--out without --proof", ["get", "colour", "--out", "f"], "--out goes with --proof"],
  ["--root without --proof", ["get", "colour", "--root", otherRoot], "--root goes with --proof"],
  ["a folder to write to that is not there", ["get", "colour", "--proof", "--out", "no/f"], "cannot be written"],
  ["a file that is not there", ["verify", "none.proof", "k", "--root", otherRoot], "cannot be read"],
  ["no root to verify against", ["verify", "none.proof", "k"], "--root"],
])("is wrong usage: %s", async (_, words, says) => {
  expect(await run(words)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(says) as string });
});
