/** Every example does what it says, as a program of its own that imports the built library. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { until } from "../support/until.ts";

const root = join(import.meta.dirname, "../..");
const patience = { deadlineMs: 45_000 };
let folder: string;
const running: Example[] = [];

class Example {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<unknown>;
  out = "";
  err = "";

  constructor(name: string, ...words: readonly string[]) {
    this.child = spawn(process.execPath, [join(root, "examples", name, "main.ts"), ...words]);
    this.child.stdout.on("data", (chunk) => (this.out += String(chunk)));
    this.child.stderr.on("data", (chunk) => (this.err += String(chunk)));
    this.exited = once(this.child, "close");
    running.push(this);
  }

  async says(text: string | RegExp): Promise<string> {
    const look = (): string | undefined => {
      const found = this.out.match(text)?.[0];
      if (found === undefined && this.child.exitCode !== null) throw new Error(`ended: ${this.out}${this.err}`);
      return found;
    };
    return await until(`${text} is said`, look, { ...patience, seen: () => this.out + this.err });
  }

  async address(): Promise<string> {
    return (await this.says(/^listening \/ip4\/127.0.0.1\S+$/m)).slice("listening ".length);
  }
}

/** Builds the whole library where nothing is built yet, on a busy machine. Guess. */
const buildMsMax = 180_000;

beforeAll(() => {
  // Quick where nothing has changed; of an older build the examples would show nothing.
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`the library cannot be built: ${stdout}${stderr}`);
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-examples-"));
}, buildMsMax);
afterEach(async () => {
  for (const { child } of running) child.kill("SIGKILL");
  await Promise.all(running.splice(0).map(({ exited }) => exited));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("embed-in-an-app: what one run wrote the next one lists", async () => {
  for (const count of [1, 2]) {
    const example = new Example("embed-in-an-app", join(folder, "visits"));
    expect(await example.exited).toEqual([0, null]);
    expect(example.out.trim().split("\n")).toHaveLength(count);
    expect(example.err).toBe("");
  }
}, 120_000);

test("shared-configuration: what one machine changes the other is told, and both keep both changes", async () => {
  const a = new Example("shared-configuration", join(folder, "config-a"));
  const b = new Example("shared-configuration", join(folder, "config-b"), await a.address());
  await Promise.all([a, b].map((each) => each.says('{"theme":"light"}')));
  a.child.stdin.write("theme dark\n");
  await b.says('{"theme":"dark"}');
  b.child.stdin.write("size 12\n");
  await a.says('{"theme":"dark","size":"12"}');
  for (const { child } of [a, b]) child.stdin.end();
  expect(await Promise.all([a.exited, b.exited])).toEqual([
    [0, null],
    [0, null],
  ]);
}, 120_000);

test("unstorage-driver: what one machine sets and removes the other prints", async () => {
  const a = new Example("unstorage-driver", join(folder, "notes-a"));
  const b = new Example("unstorage-driver", join(folder, "notes-b"), await a.address());
  await b.address();
  a.child.stdin.write("todo buy milk\n");
  await b.says(/^todo: buy milk$/m);
  b.child.stdin.write("todo\n");
  await a.says(/^todo is gone$/m);
  for (const { child } of [a, b]) child.stdin.end();
  expect(await Promise.all([a.exited, b.exited])).toEqual([
    [0, null],
    [0, null],
  ]);
}, 120_000);

test("presence-by-ttl: who comes, who loses power and who leaves is told", async () => {
  const alice = new Example("presence-by-ttl", "alice", join(folder, "presence-a"));
  const bob = new Example("presence-by-ttl", "bob", join(folder, "presence-b"), await alice.address());
  await Promise.all([alice.says(/^\+ bob$/m), bob.says(/^\+ alice$/m)]);
  bob.child.kill("SIGKILL");
  await alice.says("- bob");
  alice.child.kill("SIGTERM");
  expect(await alice.exited).toEqual([0, null]);
}, 120_000);
