import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  entrySchema,
  healthSchema,
  infoSchema,
  pageSchema,
  peersSchema,
  receiptSchema,
  statusSchema,
} from "../api/views.ts";
import { reloadSchema } from "../api/reload-views.ts";
import {
  runCommand,
  startCommand,
  type CommandOptions,
  type CommandResult,
  type RunningCommand,
} from "../../test/support/command.ts";

let folder: string;
let node: RunningCommand;
let dataDir: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-cli-"));
  dataDir = join(folder, "data");
  node = startCommand(["start", "--data-dir", dataDir, "--http-port", "0"], { workingDir: folder });
  await node.says("ready ");
});
afterAll(async () => {
  node.child.kill("SIGTERM");
  await node.end;
  rmSync(folder, { recursive: true, force: true });
});

const run = (words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> =>
  runCommand(words, {
    workingDir: folder,
    ...options,
    environment: { P2P_SYNC_DATA_DIR: dataDir, ...options.environment },
  });

describe("keys", () => {
  test("a value goes in and comes out byte for byte, with nothing added", async () => {
    expect(await run(["put", "k", '  a "b" ü '])).toMatchObject({ code: 0, out: "", err: "" });
    expect(await run(["get", "k"])).toMatchObject({ code: 0, out: '  a "b" ü ', err: "" });
    const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
    expect(await run(["add", "bytes", "-"], { stdin: bytes })).toMatchObject({ code: 0 });
    expect(new Uint8Array((await run(["get", "bytes"])).stdout)).toEqual(bytes);
  });

  test.each(["..", "a/../b", "a b?c#d%e", "-dash"])("the key %j survives", async (key) => {
    expect((await run(["put", "--", key, "v"])).code).toBe(0);
    expect((await run(["get", "--", key])).out).toBe("v");
  });

  test("--json has the same forms as the API", async () => {
    expect(receiptSchema.safeParse(JSON.parse((await run(["put", "j", "1", "--json"])).out)).success).toBe(true);
    expect(entrySchema.parse(JSON.parse((await run(["get", "j", "--json"])).out))).toMatchObject({
      key: "j",
      value: "1",
    });
    const { entries } = pageSchema.pick({ entries: true }).parse(JSON.parse((await run(["list", "j", "--json"])).out));
    expect(entries.map(({ key }) => key)).toEqual(["j"]);
    expect(JSON.parse((await run(["list", "nothing/", "--json"])).out)).toEqual({ entries: [] });
  });

  test("a list is a table, and may be cut short", async () => {
    for (const key of ["l/1", "l/22"]) await run(["put", key, `v${key}`]);
    expect((await run(["list", "l/"])).out).toBe("KEY   VALUE\nl/1   vl/1\nl/22  vl/22\n");
    expect((await run(["list", "l/", "--limit", "1"])).out).toBe("KEY  VALUE\nl/1  vl/1\n");
  });

  test("what is not there is exit code 4, also after a delete", async () => {
    await run(["put", "gone", "1"]);
    expect(await run(["delete", "gone"])).toMatchObject({ code: 0, out: "" });
    expect(await run(["get", "gone"])).toMatchObject({
      code: 4,
      out: "",
      err: 'p2p-sync get: There is no value under "gone". Check the name; list shows what is there.\n',
    });
    expect(JSON.parse((await run(["get", "gone", "--json"])).err)).toMatchObject({
      code: "not_found",
      details: { key: "gone" },
    });
  });

  test("a time to live is a time with its unit, and shows in lists", async () => {
    expect((await run(["put", "ttl/1", "v", "--ttl", "1m"])).code).toBe(0);
    expect((await run(["put", "ttl/2", "v"])).code).toBe(0);
    expect((await run(["list", "ttl/"])).out).toBe(
      "KEY    VALUE  EXPIRES\nttl/1  v      2026-01-02T03:05:05.000Z\nttl/2  v      -\n",
    );
    const wrong = await run(["put", "ttl/1", "v", "--ttl", "soon"]);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining("--ttl is a time such as") as string });
  });

  test("a condition that does not hold is exit code 1 and says that only this node was asked", async () => {
    const { etag } = receiptSchema.parse(JSON.parse((await run(["put", "c", "1", "--if-absent", "--json"])).out));
    expect((await run(["put", "c", "2", "--if-match", etag ?? ""])).code).toBe(0);
    const failed = await run(["delete", "c", "--if-match", `"${etag}"`]);
    expect(failed).toMatchObject({ code: 1, err: expect.stringMatching(/^p2p-sync delete: .*version/) as string });
    expect((await run(["put", "c", "3", "--if-absent"])).code).toBe(1);
    expect((await run(["put", "c", "3", "--if-absent", "--if-match", "x"])).code).toBe(2);
    expect((await run(["get", "c"])).out).toBe("2");
  });

  test("a certainty that was not reached is exit code 1 and says who has the write", async () => {
    const result = await run(["put", "k", "v", "--certainty", "shared", "--copies", "2", "--timeout", "1"]);
    expect(result).toMatchObject({ code: 1, out: "" });
    expect(result.err).toContain('"missing":2');
  });
});

describe("the node", () => {
  test.each([
    ["status", statusSchema, "network    p2p-sync\n"],
    ["info", infoSchema, "started      2026-01-02T03:04:05.000Z\n"],
    ["peers", peersSchema, "no peers yet\n"],
    ["health", healthSchema, "ok\nCHECK    STATUS  WHAT\nstorage  ok      writes reach the disk\n"],
  ] as const)("%s, for people and for programs", async (verb, schema, text) => {
    expect(await run([verb])).toMatchObject({ code: 0, err: "", out: expect.stringContaining(text) as string });
    expect(schema.safeParse(JSON.parse((await run([verb, "--json"])).out)).success).toBe(true);
  });

  test("takes orders", async () => {
    expect(await run(["clock", "repair"])).toMatchObject({ code: 0, out: "3 entries written again\n" });
    expect(await run(["peer", "dial", "/ip4/10.0.0.1/tcp/1"])).toMatchObject({ code: 0 });
    expect(await run(["peer", "dial", "nowhere"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("/ip4/192.168.1.5/tcp/4001") as string,
    });
  });

  test("watch tells changes as they come, one JSON object per line, and ends when nobody reads", async () => {
    const watch = startCommand(["watch", "w/", "--json", "--data-dir", dataDir], { workingDir: folder });
    const put = async (): Promise<void> => {
      while (!watch.out().includes("\n")) await run(["put", "w/1", "v"]);
    };
    await put();
    expect(JSON.parse(watch.out().split("\n")[0] ?? "")).toMatchObject({ type: "put", key: "w/1", value: "v" });
    watch.child.kill("SIGTERM");
    await watch.end;
  });
});

describe("finding a node", () => {
  test("without one, every verb ends with exit code 3 and the next step", async () => {
    const result = await run(["get", "k"], { environment: { P2P_SYNC_DATA_DIR: join(folder, "empty") } });
    expect(result).toMatchObject({ code: 3, out: "" });
    expect(result.err).toMatch(
      /^p2p-sync get: No node runs on the data folder .*empty: it has no http\.url\. Start one with p2p-sync start.*\n$/,
    );
  });

  test("an address where nothing listens, and one where something else does", async () => {
    expect(await run(["status", "--api", "http://127.0.0.1:1"])).toMatchObject({
      code: 3,
      err: expect.stringContaining("nothing listens there") as string,
    });
    const other = createServer((socket) => socket.resume().end("HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nhi"));
    const port = await new Promise<number>((resolve) =>
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port)),
    );
    const result = await run(["status", "--api", `http://127.0.0.1:${port}`]);
    expect(result).toMatchObject({
      code: 3,
      err: expect.stringContaining("but not as a P2P Sync node does") as string,
    });
    await new Promise((resolve) => other.close(resolve));
  });

  test("an address that is none is wrong usage", async () => {
    expect((await run(["status", "--api", "127.0.0.1:9001"])).code).toBe(2);
    expect((await run(["status", "--api", "https://127.0.0.1:9001"])).code).toBe(2);
  });

  test("the address may come from the environment, with the token", async () => {
    const environment = {
      P2P_SYNC_API: readFileSync(join(dataDir, "http.url"), "utf8").trim(),
      P2P_SYNC_TOKEN: "memory-token",
      P2P_SYNC_DATA_DIR: join(folder, "empty"),
    };
    expect((await run(["status"], { environment })).code).toBe(0);
    expect(await run(["status"], { environment: { ...environment, P2P_SYNC_TOKEN: "wrong" } })).toMatchObject({
      code: 1,
      err: expect.stringContaining("api-token") as string,
    });
  });
});

describe("wrong usage is exit code 2 with one line", () => {
  test.each([
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["put", "k"], "missing required argument 'VALUE'"],
    [["get", "a", "b"], "too many arguments"],
    [["get", "k", "--colour"], "unknown option '--colour'"],
    [["put", "k", "v", "--certainty", "final"], "Allowed choices are local, shared"],
    [["put", "k", "v", "--copies", "2"], "only goes with certainty=shared"],
    [["list", "--limit", "0"], "--limit must be a whole number"],
    [["put", "", "v"], "A key has 1 to 256 bytes"],
    [["start", "--port", "70000"], "--port must be from 0 to 65535, not 70000"],
    [["start", "--dial", "nowhere"], '--dial has "nowhere", which must be an address'],
    [["start", "--config", "missing.toml"], "missing.toml cannot be read"],
  ])("%j", async (words, message) => {
    const { code, out, err } = await run(words);
    expect([code, out, err.split("\n").length]).toEqual([2, "", 2]);
    expect(err).toContain(message);
  });

  test("a value over 64 KiB is refused while it is read", async () => {
    expect(await run(["put", "k", "-"], { stdin: new Uint8Array(1_000_000) })).toMatchObject({
      code: 2,
      err: expect.stringContaining("over 65536 bytes") as string,
    });
  });

  test("--json makes it an object", async () => {
    expect(JSON.parse((await run(["get", "--json"])).err)).toMatchObject({ code: "invalid_argument" });
  });

  test("no command at all shows the help", async () => {
    const { code, err } = await run([]);
    expect([code, err.includes("Exit codes:")]).toEqual([2, true]);
  });
});

describe("help, version, completion", () => {
  test("every command has help with its flags", async () => {
    const { code, out } = await run(["put", "--help"]);
    expect([code, out.includes("Examples:"), out.includes("--certainty")]).toEqual([0, true, true]);
    expect((await run(["start", "--help"])).out).toMatch(/--no-mdns[\s\S]*--no-prompt[\s\S]*ready p2p=/);
  });

  test("the version is package.json's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect((await run(["--version"])).out).toBe(`${version}\n`);
    expect(JSON.parse((await run(["version", "--json"])).out)).toMatchObject({ version, node: process.versions.node });
  });

  test("completion scripts know the commands", async () => {
    for (const shell of ["bash", "zsh", "fish"]) expect((await run(["completion", shell])).out).toContain("peers");
  });
});

describe("config", () => {
  test("init writes a file that is private, checks as good and is not overwritten", async () => {
    const environment = { P2P_SYNC_DATA_DIR: join(folder, "fresh") };
    const file = join(folder, "fresh", "config.toml");
    expect(await run(["init", "--port", "5001"], { environment })).toMatchObject({ code: 0, out: `wrote ${file}\n` });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await run(["config", "check"], { environment })).toMatchObject({ code: 0, out: `ok: ${file}\n` });
    expect((await run(["config", "show"], { environment })).out).toMatch(/\[p2p\][\s\S]*\nport = 5001\n/);
    expect(await run(["config", "init"], { environment })).toMatchObject({
      code: 2,
      err: expect.stringContaining("it exists already") as string,
    });
  });

  test("check names every problem with its line, show says where values come from", async () => {
    const file = join(folder, "bad.toml");
    writeFileSync(file, "[p2p]\nport = -1\nprot = 2\n");
    expect(await run(["config", "check", "--config", file])).toMatchObject({ code: 2, out: "" });
    expect(
      (await run(["config", "check", "--config", file])).err
        .trim()
        .split("\n")
        .map((line) => line.slice(0, file.length + 3)),
    ).toEqual([`${file}:2:`, `${file}:3:`]);
    const shown = JSON.parse((await run(["config", "show", "--json", "--port", "7"])).out) as Record<string, unknown>;
    expect(shown["p2p.port"]).toEqual({ value: 7, origin: { type: "flag", name: "--port" } });
  });

  test("is read again by the node when told, which says what is in effect, and names what is wrong with the file", async () => {
    const file = join(dataDir, "config.toml");
    writeFileSync(file, "[p2p]\nmdns = false\nport = 5\n");
    expect((await run(["config", "reload"])).out).toMatch(
      /p2p\.port +4001 +5 +needs a restart\np2p\.mdns +true +false +in effect now\n/,
    );
    writeFileSync(file, "");
    const told = JSON.parse((await run(["config", "reload", "--json"])).out) as unknown;
    expect(reloadSchema.parse(told).changes).toEqual([
      { key: "p2p.mdns", from: false, to: true, outcome: "applied", reason: null },
    ]);
    writeFileSync(file, "[p2p]\nprot = 5\n");
    const refused = await run(["config", "reload"]);
    expect(refused).toMatchObject({ out: "", err: expect.stringContaining("did you mean p2p.port?") as string });
    expect(refused.code).not.toBe(0);
    rmSync(file);
  });
});
