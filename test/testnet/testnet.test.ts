/** The commands of a testnet, on three real processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { portOwner } from "../../src/drivers/system/port-owner.ts";
import { until } from "../support/until.ts";
import { OwnTestnet, say } from "./own-testnet.ts";

const minute = { timeout: 60_000 };

test("split, each side goes on, healed to one set of data; down leaves no process and no port", minute, async () => {
  await using net = new OwnTestnet();
  const nodes = await net.up(3);
  expect(nodes.map(({ state, links }) => `${state} ${links}`)).toEqual(["running 2", "running 2", "running 2"]);
  for (const folder of ["data/node1", "logs/node1.log", "run/node1.pid"])
    expect(existsSync(join(net.dir, folder))).toBe(true);
  expect(readFileSync(join(net.dir, "logs", "node1.log"), "utf8")).toMatch(/INFO +peers peer admitted/);
  expect((await net.at(1, "put", "before", "1", "--certainty", "shared", "--copies", "2")).code).toBe(0);

  await net.must("partition", "1,2|3");
  const cut = await net.views();
  expect(cut.map(({ faults }) => faults)).toEqual(["cut from 3", "cut from 3", "cut from 1,2"]);
  await until("only the link of 1 and 2 stands", async () => {
    const links = (await net.views()).map((view) => view.links);
    return links.join() === "1,1,0";
  });
  expect((await net.at(1, "put", "left", "L", "--certainty", "shared", "--copies", "1")).code).toBe(0);
  expect((await net.at(3, "put", "right", "R")).code).toBe(0);
  expect(await net.read(2, "left")).toBe("L");
  expect([await net.read(3, "left"), await net.read(1, "right"), await net.read(2, "right")]).toEqual(
    Array(3).fill(undefined),
  );

  await net.must("heal");
  await until("all hold the same three entries", async () => {
    const { convergence } = (await net.run("status", "--json")).json() as {
      convergence: { converged: boolean; entries: number };
    };
    return convergence.converged && convergence.entries === 3;
  });
  expect([await net.read(3, "left"), await net.read(1, "right")]).toEqual(["L", "R"]);

  const ports = nodes.flatMap(({ p2p, http }) => [p2p, http]);
  expect((await net.must("down", "--json")).json()).toMatchObject({ stopped: 3 });
  expect(net.running()).toEqual([]);
  for (const { pid } of nodes) expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
  expect(await Promise.all(ports.map((port) => portOwner(port)))).toEqual(ports.map(() => undefined));
  expect((await net.run("status")).code).toBe(3);
  await net.must("down", "--wipe");
  expect(existsSync(net.dir)).toBe(false);
});

test("nodes are killed, paused, restarted, wiped and added, and the network takes them back", minute, async () => {
  await using net = new OwnTestnet();
  const nodes = await net.up(3);
  await net.at(1, "put", "k", "v", "--certainty", "shared", "--copies", "2");
  await net.must("kill", "2");
  expect((await net.views())[1]).toMatchObject({ state: "stopped", pid: null });
  expect((await net.run("kill", "2")).err).toMatch(/Node 2 does not run.*testnet restart 2/);
  await net.must("restart", "2");
  expect(await net.read(2, "k")).toBe("v");
  await net.must("pause", "3");
  expect((await net.views())[2]?.state).toBe("paused");
  await net.must("partition", "3"); // reaches the sleeper when it wakes
  await net.must("resume", "3");
  await until("node 3 has lost its links", async () => (await net.views())[2]?.links === 0);
  await net.must("kill", "3");
  await net.must("restart", "3");
  await until("its dials have failed for the same reason", async () => {
    const { peers } = (await net.at(3, "peers", "--json")).json() as {
      peers: { lastError: { reason: string } | null }[];
    };
    return (
      peers.length === 2 && peers.every(({ lastError }) => lastError?.reason.includes("cut off on purpose") === true)
    );
  });
  expect((await net.views())[2]).toMatchObject({ state: "running", links: 0, faults: "cut from 1,2" });
  await net.must("heal");
  await net.must("wipe", "2");
  await until("the new store has what the others hold", async () => (await net.read(2, "k")) === "v");
  const added = (await net.must("add", "--json")).json() as { readonly node: number };
  expect(added.node).toBe(4);
  const views = await net.views();
  expect(views.map(({ links }) => links)).toEqual([3, 3, 3, 3]);
  expect(views.slice(0, 3).map(({ peer }) => peer)).toEqual(nodes.map(({ peer }) => peer));
  expect(readFileSync(join(net.dir, "modular-node1.toml"), "utf8")).toContain(views[3]?.peer);
  await net.must("down");
});

test(
  "a full disk stops the node as a real one does, a restart alone does not help, and room does",
  minute,
  async () => {
    await using net = new OwnTestnet();
    await net.up(2);
    await net.must("diskfull", "2");
    const refused = await net.at(2, "put", "k", "v");
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("disk is full")]);
    await until("the process has ended", () => !net.running().includes(2));
    const again = await net.run("restart", "2"); // it may need room for what it notes of its peers before it is ready
    const put = again.code === 0 ? await net.at(2, "put", "k", "v") : again;
    expect([again.code, put.code]).not.toContain(1);
    expect(put.code).not.toBe(0); // refused, or nobody there to refuse
    await until("the process has ended again", () => !net.running().includes(2));
    await net.must("diskfull", "2", "--off");
    await net.must("restart", "2");
    expect((await net.at(2, "put", "k", "v")).code).toBe(0);
    await net.must("down");
  },
);

test("slow and lossy links and a wrong clock are shown, felt and taken back", minute, async () => {
  await using net = new OwnTestnet();
  await net.up(2, "--set", "sync.interval_seconds=1");
  await net.must("slow", "1-2", "400ms");
  const began = performance.now();
  const shared = await net.at(1, "put", "slow", "v", "--certainty", "shared", "--copies", "1");
  expect(shared.code).toBe(0);
  expect(performance.now() - began).toBeGreaterThan(800); // there and back
  await net.must("slow", "1-2", "0s");
  await net.must("lossy", "2", "100");
  await net.must("clock", "1", "-20s");
  expect((await net.views()).map(({ faults }) => faults)).toEqual(["clock -20 s", "lossy 2 100 %"]);
  await net.must("heal", "--all");
  expect((await net.views()).map(({ faults }) => faults)).toEqual(["", ""]);
  await net.at(1, "put", "after", "v", "--certainty", "shared", "--copies", "1");
  expect(await net.read(2, "after")).toBe("v");
  await net.must("down");
});

test("a busy port is named with its holder before any node starts", minute, async () => {
  await using net = new OwnTestnet();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const said = await net.run("up", "--nodes", "1", "--base-port", `${port}`, "--http-base", "0");
  await new Promise((resolve) => server.close(resolve));
  expect(said.code).toBe(2);
  expect(said.err).toMatch(new RegExp(`port of the testnet is taken: ${port} \\(.*process ${process.pid}\\)`));
  expect(net.running()).toEqual([]);
});

test("down ends nobody whose pid only stands in the file", minute, async () => {
  await using net = new OwnTestnet();
  await net.up(1);
  await net.must("kill", "1");
  const stranger = spawn("sleep", ["60"], { stdio: "ignore" });
  await once(stranger, "spawn");
  writeFileSync(join(net.dir, "run", "node1.pid"), `${stranger.pid}\n`);
  expect((await net.must("down", "--json")).json()).toMatchObject({ stopped: 0 });
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  stranger.kill("SIGKILL");
});

test("wrong words end with exit code 2 and say what is right", minute, async () => {
  await using net = new OwnTestnet();
  const none = await net.run("status");
  expect([none.code, none.err]).toEqual([2, expect.stringContaining("There is no testnet in")]);
  await net.up(1);
  for (const [words, message] of [
    [["partition", "1,9"], /no node 9; this testnet has nodes 1/],
    [["slow", "1", "fast"], /duration with its unit/],
    [["up", "--nodes", "5"], /has a testnet of 1 nodes/],
    [["up", "--nodes", "51"], /from 1 to 50/],
  ] as const) {
    const said = await net.run(...words);
    expect([said.code, said.err]).toEqual([2, expect.stringMatching(message)]);
  }
  expect((await say(["testnet", "slow", "--help"])).out).toContain("p2p-sync testnet slow 1-3 1s");
  await net.must("down");
});
