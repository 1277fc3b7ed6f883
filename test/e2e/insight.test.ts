/**
 * What operators ask of real nodes, by the command: whether all are equal, how a key came to be what
 * it is, and who was cut off when.
 */
import { spawn } from "node:child_process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ConvergenceView, KeyExplanationView, PartitionsView } from "../../src/api/insight-views.ts";
import { Nursery, type RealNode, command, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;
beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

const faults = (names: readonly string[]): Record<string, string> => ({
  P2P_SYNC_TEST_FAULTS: "1",
  P2P_SYNC_SYNC_INTERVAL_SECONDS: "3600",
  ...Object.fromEntries(names.map((name) => [`P2P_SYNC_TEST_${name}`, "true"])),
});

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as an operator runs it on that node's machine. */
function run(node: RealNode, ...words: readonly string[]): Promise<Said> {
  const child = spawn(command, [...words, "--data-dir", node.process.options.dataDir]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

test("converged is exit code 0 for two nodes that are equal, waiting until they are", async () => {
  const a = await nursery.start("a");
  const b = await nursery.start("b", { dial: [a.address] });
  await untilMeshed([a, b]);
  await a.putAll([
    ["k1", "v"],
    ["k2", "v"],
  ]);
  const said = await run(b, "converged", "--wait", "30s");
  expect(said).toMatchObject({ code: 0, err: "" });
  expect(said.out).toContain("all 1 reachable members are equal to this node\nhere: 2 entries");
  expect(await run(a, "converged", "--wait", "30s")).toMatchObject({ code: 0 });
});

test("converged is exit code 1 and names the lag where a member gets nothing, and where it answers nothing", async () => {
  const a = await nursery.start("a", { environment: faults([]) });
  await a.put("before", "v"); // so that they are equal once, and no walk is due
  const deaf = await nursery.start("deaf", { dial: [a.address], environment: faults(["DROP_GOSSIP"]) });
  await untilMeshed([a, deaf]);
  expect(await run(a, "converged", "--wait", "10s")).toMatchObject({ code: 0 });
  await a.put("unheard", "v");
  const lagging = await run(a, "converged", "--json");
  expect(lagging.code).toBe(1);
  expect((JSON.parse(lagging.out) as ConvergenceView).members).toMatchObject([
    { peer: deaf.id, state: "differs", lagEntries: 1, keysItMayLack: expect.arrayContaining(["unheard"]) as string[] },
  ]);
  expect((await run(a, "converged", "--wait", "500ms")).out).toMatch(/1 entries behind +\d+ s/);

  expect(await run(a, "converged", "--prefix", "elsewhere/", "--wait", "10s")).toMatchObject({ code: 0 });
  const part = await run(a, "converged", "--prefix", "unh", "--wait", "2s");
  expect(part.code).toBe(1);
  expect(part.out).toMatch(/equal to this node under unh\n[^]*1 entries behind/);

  const mute = await nursery.start("mute", {
    dial: [a.address],
    environment: faults(["DROP_GOSSIP", "DROP_FRONTIER"]),
  });
  await until("a is linked to both", async () => (await a.connected()).length === 2);
  const silent = await run(mute, "converged", "--wait", "500ms");
  expect(silent.code).toBe(1);
  expect(silent.out).toMatch(/silent +unknown +unknown +\d+ s/);
});

test("converged of a node that reaches nobody is exit code 1, unless that is fine", async () => {
  const a = await nursery.start("a");
  expect(await run(a, "converged")).toMatchObject({
    code: 1,
    out: "no member is reachable: there is nobody to compare with\n",
  });
  expect(await run(a, "converged", "--alone-ok")).toMatchObject({ code: 0 });
  expect(await run(a, "converged", "--wait", "soon")).toMatchObject({ code: 2, out: "" });
});

test("explain names the peer that gossip or a pull came from, and exit code 4 says never seen", async () => {
  const first = await nursery.start("a");
  await first.put("pulled", "early");
  await first.stop(); // gossip of a running node offers again what is a few seconds old
  const a = await nursery.start("a");
  const b = await nursery.start("b", { dial: [a.address] });
  await untilMeshed([a, b]);
  await until("b has what was there", async () => (await b.get("pulled")) === "early");
  const explained = async (key: string): Promise<KeyExplanationView> =>
    JSON.parse((await run(b, "explain", key, "--json")).out) as KeyExplanationView;
  expect(await explained("pulled")).toMatchObject({
    state: "living",
    certainty: "shared",
    version: { preview: "early", writer: a.id, arrival: { via: "pull", peer: a.id } },
  });
  await a.put("gossiped", "late");
  await until("b has what came later", async () => (await b.get("gossiped")) === "late");
  expect(await explained("gossiped")).toMatchObject({
    version: { writer: a.id, arrival: { via: "gossip", peer: a.id } },
  });
  await b.put("gossiped", "mine");
  const own = await run(b, "explain", "gossiped");
  expect(own).toMatchObject({ code: 0, err: "" });
  expect(own.out).toMatch(/arrived +\S+, written here\nreplaced +the version of /);
  expect(await run(b, "explain", "never")).toMatchObject({ code: 4, err: "" });
});

test("partitions tells of a member killed and back: both sides' writes, and the one that lost", async () => {
  const environment = { P2P_SYNC_PEERS_CUT_OFF_SECONDS: "1" };
  const a = await nursery.start("a", { environment });
  const b = await nursery.start("b", { environment, dial: [a.address] });
  const c = await nursery.start("c", { environment, dial: [a.address, b.address] });
  await untilMeshed([a, b, c]);
  const left = await nursery.start("left", { environment, dial: [a.address] });
  await until("it is linked", async () => (await a.connected()).includes(left.id));
  await left.stop(); // with a goodbye: that is no partition
  await c.kill();
  const latest = async (node: RealNode): Promise<PartitionsView["partitions"][number] | undefined> =>
    ((await node.ask("GET", "/v1/partitions")).json() as PartitionsView).partitions[0];
  const open = await until("a has noticed", () => latest(a));
  expect(open).toMatchObject({ id: 1, phase: "open", endedAt: null, there: [{ peer: c.id, returnedAt: null }] });
  expect(open.here).toEqual([b.id]);
  await a.put("both", "from a");
  await a.put("here", "1");
  await b.put("neighbour", "1");
  await until("a has it", async () => (await a.get("neighbour")) === "1");

  // c writes while it is alone, later than a, so that its write to the same key wins
  const isolated = { ...environment, P2P_SYNC_PEERS_OUTBOUND: "0" }; // or it would dial those it was linked with
  const alone = await nursery.start("c", { environment: isolated, listen: "127.0.0.1" });
  await alone.put("both", "from c");
  await alone.put("there", "1");
  await alone.dial(a.address);
  const ended = await until("a has what c wrote", async () => {
    const partition = await latest(a);
    return partition?.phase === "ended" && partition;
  });
  expect(ended).toMatchObject({ id: 1, ownWrites: 2, receivedWrites: 1, arrivedWrites: 2, conflicts: 1 });
  expect(ended.lost).toMatchObject([
    { key: "both", lostOn: "here", winner: { author: c.id }, loser: { author: a.id } },
  ]);
  expect((await run(a, "partitions")).out).toContain(`both: written on this side by ${a.id}, lost to ${c.id}`);
  expect(await a.total("network_partition_events")).toBe(2);

  await a.stop();
  const again = await nursery.start("a", { environment });
  expect(await latest(again)).toEqual(ended);
});
