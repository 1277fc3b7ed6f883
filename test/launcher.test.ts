import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** A checkout of its own, so that what it runs is this test's business. */
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "p2p-sync-launcher-"));
  cpSync(join(root, "bin"), join(checkout, "bin"), { recursive: true });
  mkdirSync(join(checkout, "src/cli"), { recursive: true });
  mkdirSync(join(checkout, "dist/cli"), { recursive: true });
  writeFileSync(join(checkout, "package.json"), '{ "type": "module" }');
});

afterEach(() => rmSync(checkout, { recursive: true, force: true }));

function writeMain(code: string): void {
  writeFileSync(join(checkout, "src/cli/main.ts"), code);
}

function pinNode(): void {
  mkdirSync(join(checkout, "node_modules/.bin"), { recursive: true });
  symlinkSync(process.execPath, join(checkout, "node_modules/.bin/node"));
}

/** Environment in which the first Node started takes itself for another version, or system, and its children do not. */
function pretend(code: string): NodeJS.ProcessEnv {
  const preload = join(checkout, "pretend.cjs");
  writeFileSync(preload, `delete process.env.NODE_OPTIONS;\n${code}`);
  return { ...process.env, NODE_OPTIONS: `--require ${preload}` };
}

const oldNode =
  'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } });\nprocess.execve = undefined;\n';

function launch(
  parameters: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): { code: number | null; signal: string | null; stdout: string; stderr: string } {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [join(checkout, "bin/p2p-sync"), ...parameters],
    { env, encoding: "utf8" },
  );
  return { code: status, signal, stdout, stderr };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, "data")) as [Buffer];
  return chunk.toString().trim();
}

test("runs the sources of a checkout with all parameters", () => {
  writeMain("const words: string[] = process.argv.slice(2); console.log(words.join('|')); process.exitCode = 4;");
  expect(launch(["get", "a key", "--json"])).toMatchObject({ code: 4, stdout: "get|a key|--json\n", stderr: "" });
});

test("runs the built form where the package is installed", () => {
  const installed = join(checkout, "node_modules/p2p-sync");
  writeMain("console.log('source');");
  writeFileSync(join(checkout, "dist/cli/main.js"), "console.log('built');");
  for (const part of ["bin", "src", "dist", "package.json"])
    cpSync(join(checkout, part), join(installed, part), { recursive: true });
  expect(spawnSync(process.execPath, [join(installed, "bin/launcher.cjs")], { encoding: "utf8" }).stdout).toBe(
    "built\n",
  );
});

test("says so where nothing is built", () => {
  const result = launch([]);
  expect(result).toMatchObject({ code: 2, stdout: "" });
  expect(result.stderr).toContain("npm run build");
});

test("an old Node without the pinned one is told what to do, with exit code 2", () => {
  writeMain("console.log('ran');");
  const result = launch(["start"], pretend(oldNode));
  expect(result).toMatchObject({ code: 2, stdout: "" });
  expect(result.stderr).toContain("needs Node 24.15 or newer");
  expect(result.stderr).toContain("is 20.1.0");
  expect(result.stderr).toContain("npm ci");
});

test.each([
  ["as its child", oldNode],
  ["in its own place where the system can", oldNode.replace(/process\.execve.*\n/, "")],
])("an old Node starts the pinned one, %s", (_, code) => {
  pinNode();
  writeMain("console.log(process.argv.slice(2).join('|'), process.env['P2P_SYNC_RESTARTED']); process.exit(5);");
  expect(launch(["a", "b c"], pretend(code))).toMatchObject({ code: 5, stdout: "a|b c undefined\n" });
});

test("a pinned Node that is too old ends in words, not in a loop", () => {
  pinNode();
  writeMain("console.log('ran');");
  const result = launch([], { ...pretend(oldNode), P2P_SYNC_RESTARTED: "1" });
  expect(result).toMatchObject({ code: 2, stdout: "" });
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "an old Node passes %s on to the pinned one, once, and ends with its code",
  async (signal) => {
    pinNode();
    writeMain(
      `let seen = 0; process.on("${signal}", () => { seen++; setTimeout(() => process.exit(10 + seen), 100); }); setInterval(() => {}, 1000); console.log("ready");`,
    );
    // A session of its own: no terminal delivers signals to the child by itself.
    const child = spawn(process.execPath, [join(checkout, "bin/p2p-sync")], {
      env: pretend(oldNode),
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    expect(await firstLine(child)).toBe("ready");
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([11, null]);
  },
);

test("an old Node dies of the signal that killed the pinned one", () => {
  pinNode();
  writeMain('process.kill(process.pid, "SIGKILL");');
  expect(launch([], pretend(oldNode))).toMatchObject({ code: null, signal: "SIGKILL" });
});

test("as a shell command it becomes the pinned Node, under the same process id", async () => {
  pinNode();
  writeMain("console.log(process.pid);");
  chmodSync(join(checkout, "bin/p2p-sync"), 0o755);
  const link = join(checkout, "a link");
  symlinkSync(join(checkout, "bin/p2p-sync"), link);
  const child = spawn(link, [], { stdio: ["ignore", "pipe", "inherit"], env: { PATH: "/usr/bin:/bin" } });
  expect(await firstLine(child)).toBe(String(child.pid));
});

test("Windows is told that it is not supported yet", () => {
  writeMain("console.log('ran');");
  const result = launch(["start"], pretend('Object.defineProperty(process, "platform", { value: "win32" });\n'));
  expect(result).toMatchObject({ code: 2, stdout: "" });
  expect(result.stderr).toContain("Windows is not supported yet");
});

test("a compile cache that others can write to is not used", () => {
  writeMain('import { getCompileCacheDir } from "node:module"; console.log(getCompileCacheDir() ?? "none");');
  const folder = join(checkout, `p2p-sync-compile-cache-${process.getuid!()}`);
  const env = { ...process.env, TMPDIR: checkout };
  expect(launch([], env).stdout).toContain(folder);
  chmodSync(folder, 0o777);
  expect(launch([], env).stdout).toBe("none\n");
});
