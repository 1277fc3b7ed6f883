/**
 * The life of a node process: what it says and how it exits when it cannot start, how it stops,
 * and what it keeps from one life to the next.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { command, Nursery, type RealNode, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;

beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

/** A port somebody else listens on, until `release`. */
async function heldPort(): Promise<{ readonly port: number; release(): Promise<unknown> }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, release: () => once(server.close(), "close") };
}

/** A port that was free a moment ago, so that nobody answers there. */
async function freePort(): Promise<number> {
  const { port, release } = await heldPort();
  await release();
  return port;
}

test("the ready line is the only line on stdout, and what it names answers", async () => {
  const node = await nursery.start("a");
  expect(node.process.stdout).toMatch(
    /^ready p2p=\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+ http=http:\/\/127\.0\.0\.1:\d+ peer=\w+\n$/,
  );
  expect(node.address).toContain(`/p2p/${node.id}`);
  expect((await node.status()).peerId).toBe(node.id);
});

test("identity, token and data persist over a clean stop", async () => {
  const first = await nursery.start("a");
  await first.put("k", "v");
  await first.stop();
  const second = await nursery.start("a");
  expect(second.id).toBe(first.id);
  expect(await second.get("k")).toBe("v");
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s stops a linked node within 5 s with exit code 0 and says goodbye",
  async (signal) => {
    const a = await nursery.start("a");
    const b = await nursery.start("b", { dial: [a.address] });
    await untilMeshed([a, b]);
    const waiting = b.ask("PUT", "/v1/kv/k?certainty=shared&copies=2&timeout=60", { body: "v" });
    await until("the write that waits for a third node is here", async () => (await b.get("k")) === "v");
    const exit = await b.stop(signal);
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(exit.afterMs).toBeLessThan(5_000);
    expect((await waiting).json()).toMatchObject({ code: "not_shared" });
    const farewell = 'p2p_sync_goodbyes_total{by="them",code="shuttingDown"}';
    await until("a heard the goodbye", async () => (await a.metrics()).get(farewell) === 1);
  },
);

test("a second node on one data folder is refused with exit code 2 and the name of the holder", async () => {
  const a = await nursery.start("a");
  const second = nursery.spawn("a");
  const exit = await second.exited;
  expect(exit.code).toBe(2);
  expect(second.stdout).toBe("");
  expect(second.stderr).toContain(`process ${a.process.pid}`);
  expect(second.stderr).toContain(nursery.dataDirOf("a"));
  await a.put("still", "served");
});

test.each(["port", "httpPort"] as const)(
  "a %s held by another program is named with its process, exit code 2",
  async (which) => {
    const held = await heldPort();
    const refused = nursery.spawn("a", { [which]: held.port });
    const exit = await refused.exited;
    await held.release();
    expect(exit.code).toBe(2);
    expect(refused.stdout).toBe("");
    expect(refused.stderr).toContain(String(held.port));
    expect(refused.stderr).toMatch(new RegExp(`process ${process.pid}\\b`));
    // Nothing of the failed start stands in the way of the next.
    await nursery.start("a");
  },
);

test.each(["not-a-multiaddr", "/ip4/300.1.1.1/tcp/1", "/ip4/127.0.0.1"])(
  "--dial %j is refused at once, exit code 2",
  async (address) => {
    const refused = nursery.spawn("a", { dial: [address] });
    expect((await refused.exited).code).toBe(2);
    expect(refused.stderr).toContain("--dial");
    expect(existsSync(nursery.dataDirOf("a"))).toBe(false);
  },
);

test("an invalid address given to a running node is refused with its code", async () => {
  const node = await nursery.start("a");
  for (const address of ["not-a-multiaddr", "/ip4/1.2.3.4/udp/1"]) {
    const answer = await node.dial(address);
    expect(answer.status, address).toBe(400);
    expect(answer.json()).toMatchObject({ code: "invalid_address" });
  }
});

test("absent peer and unreachable host are recorded with family and system's words, and tried again later", async () => {
  const startedAt = Date.now();
  const absent = `/ip4/127.0.0.1/tcp/${await freePort()}`;
  // The system refuses TCP to a broadcast address for want of a route, on every machine.
  const unreachable = "/ip4/255.255.255.255/tcp/4001";
  const node = await nursery.start("a", { dial: [absent, unreachable] });
  const failed = async (address: string): Promise<{ readonly reason: string; readonly next: string } | undefined> => {
    const peer = (await node.peers()).find((each) => each.address === address);
    // The failure is seen first; when the next dial is due is decided a moment later.
    if (peer?.state !== "Failed" || peer.lastError === null || peer.nextDialAt === null) return undefined;
    return { reason: peer.lastError.reason, next: peer.nextDialAt };
  };
  const refused = await until("the absent peer is recorded", () => failed(absent));
  expect(refused.reason).toContain("ECONNREFUSED");
  expect(Date.parse(refused.next)).toBeGreaterThan(startedAt);
  const lost = await until("the unreachable host is recorded", () => failed(unreachable), { deadlineMs: 15_000 });
  expect(lost.reason).toContain("ENETUNREACH");
  expect((await node.metrics()).get('p2p_sync_dials_total{result="refused"}')).toBeGreaterThanOrEqual(1);
  await node.put("still", "works");
});

test("a dial to the wrong peer id fails by that name", async () => {
  const a = await nursery.start("a");
  const b = await nursery.start("b");
  const c = await nursery.start("c", { dial: [a.address.replace(a.id, b.id)] });
  const wrong = 'p2p_sync_dials_total{result="wrongPeer"}';
  await until("the wrong peer is counted", async () => ((await c.metrics()).get(wrong) ?? 0) >= 1);
  expect(await c.connected()).toEqual([]);
});

// Probes for util-linux script(1): without it there is no terminal to give to the node.
test.skipIf(spawnSync("script", ["--version"]).status !== 0)(
  "at a terminal the prompt works, and its end of input ends the node cleanly",
  async () => {
    const dataDir = nursery.dataDirOf("tty");
    const start = `${command} start --no-mdns --port 0 --http-port 0 --listen 127.0.0.1 --network ${nursery.network} --data-dir ${dataDir}`;
    const terminal = spawn("script", ["--quiet", "--return", "--command", start, "/dev/null"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    try {
      let shown = "";
      terminal.stdout.on("data", (data: Buffer) => (shown += data.toString()));
      const ended = once(terminal, "close");
      await until("the prompt", () => shown.includes("p2p-sync> "), { deadlineMs: 20_000, seen: () => shown });
      terminal.stdin.write("add key1 a value of several words\r");
      await until("ok", () => /ok\r?\n/.test(shown), { seen: () => shown });
      terminal.stdin.write("get key1\r");
      await until("the value", () => /\na value of several words\r?\n/.test(shown), { seen: () => shown });
      terminal.stdin.write("\u0004"); // end of transmission: what Ctrl-D sends
      expect(await ended).toEqual([0, null]);
      expect(shown).not.toMatch(/error|Error/);
    } finally {
      terminal.kill("SIGKILL");
    }
  },
);

test("the other commands find the node by its data folder, and say so when there is none", async () => {
  const node: RealNode = await nursery.start("a");
  const run = (...words: string[]): { code: number | null; out: string } => {
    const { status, stdout } = spawnSync(command, [...words, "--data-dir", nursery.dataDirOf("a")], {
      encoding: "utf8",
    });
    return { code: status, out: stdout };
  };
  expect(run("put", "key1", "value1").code).toBe(0);
  expect(run("get", "key1")).toEqual({ code: 0, out: "value1" });
  expect(run("get", "absent").code).toBe(4);
  await node.stop();
  expect(run("get", "key1").code).toBe(3);
});
