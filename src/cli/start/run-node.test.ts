import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startCommand, type CommandOptions, type RunningCommand } from "../../../test/support/command.ts";
import { createMemoryNode, memoryPeerId } from "../../../test/support/memory-facade.ts";
import type { Config } from "../../config/settings.ts";
import { runNode } from "./run-node.ts";

let folder: string;
let dataDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "p2p-sync-start-"));
  dataDir = join(folder, "data");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = (words: readonly string[] = [], options: CommandOptions = {}): RunningCommand =>
  startCommand(["start", "--data-dir", dataDir, "--http-port", "0", ...words], { workingDir: folder, ...options });

describe("a started node", () => {
  test("prints one line when it serves, leaves its address, and takes both away when it stops", async () => {
    const node = start();
    await node.says("ready ");
    expect(node.out()).toMatch(
      new RegExp(
        `^ready p2p=/ip4/127\\.0\\.0\\.1/tcp/4001/p2p/${memoryPeerId} http=(http://127\\.0\\.0\\.1:\\d+) peer=${memoryPeerId}\\n$`,
      ),
    );
    const url = / http=(\S+) /.exec(node.out())?.[1] ?? "";
    expect(readFileSync(join(dataDir, "http.url"), "utf8")).toBe(`${url}\n`);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    node.child.kill("SIGTERM");
    expect(await node.end).toMatchObject({ code: 0, out: node.out() });
    expect(existsSync(join(dataDir, "http.url"))).toBe(false);
  });

  test("tells its owner once which network it is on and how to have another", async () => {
    const first = start();
    await first.says("ready ");
    await first.says("Found on the LAN so far: 0 nodes of this network and 2 nodes of other networks.");
    expect(first.err()).toMatch(/first start.*"p2p-sync".*--network NAME/s);
    first.child.kill("SIGINT");
    expect((await first.end).code).toBe(0);
    const second = start();
    await second.says("ready ");
    second.child.kill("SIGINT");
    expect(await second.end).toMatchObject({ code: 0, err: "" });
  });

  test("does not mind the end of an input that is no terminal", async () => {
    const node = start();
    node.child.stdin.end();
    await node.says("ready ");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(node.child.exitCode).toBeNull();
    node.child.kill("SIGTERM");
    expect((await node.end).code).toBe(0);
  });

  test("reads its configuration again on a hang-up and says what needs a restart", async () => {
    mkdirSync(dataDir);
    const node = start();
    await node.says("ready ");
    writeFileSync(join(dataDir, "config.toml"), '[log]\nlevel = "debug"\n[p2p]\nport = 5\n');
    node.child.kill("SIGHUP");
    await node.says("log level now debug");
    await node.says("needs a restart");
    expect(node.err()).toMatch(/log\.level +"info" +"debug" +in effect now/);
    expect(node.err()).toMatch(/p2p\.port +4001 +5 +needs a restart/);
    writeFileSync(join(dataDir, "config.toml"), "[log]\nlevle = 1\n");
    node.child.kill("SIGHUP");
    await node.says("did you mean log.level?");
    node.child.kill("SIGTERM");
    expect((await node.end).code).toBe(0);
  });
});

describe("stopping", () => {
  test("a second signal ends the process at once", async () => {
    const node = start([], { environment: { MEMORY_STOP: "never" } });
    await node.says("ready ");
    node.child.kill("SIGTERM");
    node.child.kill("SIGINT");
    expect(await node.end).toMatchObject({ code: 1, err: expect.stringContaining("second signal") as string });
  });

  test("that takes too long is cut after five seconds, and says so", async () => {
    const node = start([], { environment: { MEMORY_STOP: "never" } });
    await node.says("ready ");
    const started = performance.now();
    node.child.kill("SIGTERM");
    expect(await node.end).toMatchObject({ code: 1, err: expect.stringContaining("over 5 s") as string });
    expect(performance.now() - started).toBeLessThan(6_500);
  });

  test("a node that stops by itself ends with the exit code of its fault", async () => {
    const node = start([], { environment: { MEMORY_FAULT: "disk_full" } });
    expect(await node.end).toMatchObject({
      code: 2,
      err: expect.stringContaining("Free space, then start the node again.") as string,
    });
  });
});

describe("a node that cannot start says why", () => {
  test("because of itself", async () => {
    const node = start([], { environment: { MEMORY_REFUSE: "data_dir_in_use" } });
    expect(await node.end).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("the memory node refuses to start") as string,
    });
  });

  test("because the HTTP port is taken, by whom", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) =>
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port)),
    );
    const node = start(["--http-port", String(port)]);
    expect(await node.end).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining(`The HTTP port ${port} on 127.0.0.1 is in use`) as string,
    });
    await new Promise((resolve) => other.close(resolve));
  });
});

describe("in a terminal", () => {
  function startInTerminal(flags: Record<string, string> = {}): {
    stdin: PassThrough;
    output: () => string;
    end: Promise<number>;
    config: () => Config | undefined;
    stopped: () => string | undefined;
  } {
    const { facade, control } = createMemoryNode();
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    let [output, config]: [string, Config | undefined] = ["", undefined];
    stdout.on("data", (chunk) => (output += String(chunk)));
    const shell = {
      stdin: Object.assign(stdin, { isTTY: true }),
      stdout: Object.assign(stdout, { isTTY: true }),
      stderr,
      environment: { NO_COLOR: "1" },
      workingDir: folder,
      homeDir: folder,
      version: "0.0.0",
    };
    const end = runNode({
      shell,
      sources: { ...shell, flags: { dataDir, httpPort: "0", ...flags } },
      promptWanted: true,
      createNode: async (given) => {
        config = given;
        mkdirSync(given.dataDir, { recursive: true });
        return {
          facade,
          apiToken: "t",
          announceHttp: () => undefined,
          applyConfig: (next) => ({ config: next, changes: [] }),
          stopped: new Promise(() => undefined),
        };
      },
    });
    return { stdin, output: () => output, end, config: () => config, stopped: () => control.stopped };
  }

  test("the end of input stops the node cleanly", async () => {
    const { stdin, end, stopped } = startInTerminal();
    stdin.end("add k v\n");
    expect([await end, stopped()]).toEqual([0, "end of input"]);
  });

  test("exit stops the node cleanly, after the ready line and the prompt", async () => {
    const { stdin, end, output, stopped } = startInTerminal();
    stdin.write("get k\nexit\n");
    expect([await end, stopped()]).toEqual([0, "exit command"]);
    expect(output()).toMatch(/^ready .*\n[\s\S]*k: no value\n/);
  });

  test("log lines stay away from the prompt unless they were asked for", async () => {
    const quiet = startInTerminal();
    quiet.stdin.end();
    await quiet.end;
    const asked = startInTerminal({ logLevel: "debug" });
    asked.stdin.end();
    await asked.end;
    expect([quiet.config()?.logLevel, asked.config()?.logLevel]).toEqual(["warn", "debug"]);
  });
});
