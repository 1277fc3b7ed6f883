/**
 * Real nodes share keys: written anywhere, read everywhere, stored once, repaired where a message,
 * a process or a whole node was missing.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Nursery, type RealNode, type StartOptions, untilConverged, untilMeshed } from "../support/real-node.ts";
import type { ClosedView, KnownPeerView } from "../../src/api/peer-views.ts";
import { countingRelay } from "../support/driver-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;

beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

/** Node `a`, `b`, …: each dials all before it. */
async function mesh(count: number, options: Partial<StartOptions> = {}): Promise<RealNode[]> {
  const nodes: RealNode[] = [];
  for (let n = 0; n < count; n++) {
    const dial = nodes.map(({ address }) => address);
    nodes.push(await nursery.start(String.fromCodePoint(97 + n), { dial, ...options }));
  }
  await untilMeshed(nodes);
  return nodes;
}

async function untilReads(nodes: readonly RealNode[], key: string, value: string | undefined): Promise<void> {
  for (const node of nodes) {
    await until(`${node.name} reads ${key} as ${value}`, async () => (await node.get(key)) === value);
  }
}

/** Pulls come every second, so that a test can wait for two of them. */
const oftenSynced = { P2P_SYNC_SYNC_INTERVAL_SECONDS: "1" };

async function untilPulledAgain(node: RealNode, times = 2): Promise<void> {
  const complete = async (): Promise<number> => (await node.metrics()).get('p2p_sync_pulls_total{how="complete"}') ?? 0;
  const before = await complete();
  await until(`${node.name} completes ${times} more pulls`, async () => (await complete()) >= before + times);
}

test("three nodes in a full mesh read what any of them writes, and no longer what any of them deletes", async () => {
  const nodes = await mesh(3);
  for (const node of nodes) await node.put(`from ${node.name}`, `value of ${node.name}`);
  for (const { name } of nodes) await untilReads(nodes, `from ${name}`, `value of ${name}`);
  await nodes[1]!.put("from a", "overwritten by b");
  await untilReads(nodes, "from a", "overwritten by b");
  await nodes[0]!.delete("from b");
  await nodes[2]!.delete("from a");
  await untilReads(nodes, "from b", undefined);
  await untilReads(nodes, "from a", undefined);
  await untilConverged(nodes, 1);
});

test("across a diamond every batch reaches the far end, and each node stores it once", async () => {
  const a = await nursery.start("a", { environment: oftenSynced });
  const b = await nursery.start("b", { dial: [a.address], environment: oftenSynced });
  const c = await nursery.start("c", { dial: [a.address], environment: oftenSynced });
  const d = await nursery.start("d", { dial: [b.address, c.address], environment: oftenSynced });
  await untilMeshed([a, b]);
  await untilMeshed([a, c]);
  await untilMeshed([b, d]);
  await untilMeshed([c, d]);
  expect(await a.connected()).not.toContain(d.id);
  for (let n = 0; n < 10; n++) {
    await a.put(`down/${n}`, "from a");
    await d.put(`up/${n}`, "from d");
  }
  await untilConverged([a, b, c, d], 20);
  await untilPulledAgain(a);
  await untilPulledAgain(d);
  for (const node of [a, b, c, d]) expect(await node.total("batches_merged_total"), node.name).toBe(20);
});

test("a put while alone is acknowledged and spreads to whoever comes later, all keys from one peer", async () => {
  const a = await nursery.start("a");
  await a.put("alone", "kept");
  const many = Array.from({ length: 500 }, (_, n) => [`many/${n}`, `value ${n}`] as const);
  await a.putAll(many);
  await a.delete("many/0");
  const b = await nursery.start("b", { dial: [a.address] });
  await untilConverged([a, b], 500);
  const late = await nursery.start("late", { dial: [b.address] });
  await untilConverged([a, b, late], 500);
  expect(await late.get("alone")).toBe("kept");
  expect(await late.get("many/0")).toBeUndefined();
  expect(await late.all()).toEqual(await a.all());
});

test("a node killed with kill -9 returns as itself, with all it had acknowledged, and catches up", async () => {
  const [a, b, c] = (await mesh(3)) as [RealNode, RealNode, RealNode];
  await c.put("before", "acknowledged");
  await b.put("doomed", "value");
  await untilReads([a, b, c], "doomed", "value");
  await c.kill();
  await a.put("meanwhile", "written without c");
  await b.delete("doomed");
  const back = await nursery.start("c", { dial: [a.address, b.address] });
  expect(back.id).toBe(c.id);
  expect(await back.get("before")).toBe("acknowledged");
  await untilReads([a, b, back], "meanwhile", "written without c");
  await untilReads([a, b, back], "doomed", undefined);
  await back.put("after", "a second life");
  await untilReads([a, b, back], "after", "a second life");
  await untilConverged([a, b, back], 3);
});

test("what gossip lost is repaired, in both directions", async () => {
  const a = await nursery.start("a", { environment: oftenSynced });
  const environment = { ...oftenSynced, P2P_SYNC_TEST_FAULTS: "1", P2P_SYNC_TEST_DROP_GOSSIP: "true" };
  const deaf = await nursery.start("deaf", { dial: [a.address], environment });
  await untilMeshed([a, deaf]);
  await untilPulledAgain(deaf, 1);
  await a.put("lost on the way", "there");
  await deaf.put("never said", "back");
  await untilReads([deaf], "lost on the way", "there");
  await untilReads([a], "never said", "back");
  for (const node of [a, deaf]) {
    const metrics = await node.metrics();
    const merged = (via: string): number => metrics.get(`p2p_sync_batches_merged_total{via="${via}"}`) ?? 0;
    expect(merged("pull") + merged("walk"), node.name).toBe(1);
    expect(merged("gossip"), node.name).toBe(0);
  }
});

test("certainty=shared names who holds the write, and in time says who has it and who has not", async () => {
  const [a, b, c] = (await mesh(3)) as [RealNode, RealNode, RealNode];
  const shared = await a.put("k", "v", "certainty=shared&copies=2");
  expect(shared.certainty).toBe("shared");
  expect([...shared.holders].sort()).toEqual([b.id, c.id].sort());
  expect(await b.get("k")).toBe("v");
  expect(await c.get("k")).toBe("v");

  c.process.signal("SIGSTOP");
  const refused = await a.ask("PUT", "/v1/kv/slow?certainty=shared&copies=2&timeout=1", { body: "v" });
  c.process.signal("SIGCONT");
  expect(refused.status).toBe(504);
  expect(refused.json()).toMatchObject({
    code: "not_shared",
    details: { copies: 2, holders: [b.id], missing: [c.id] },
  });
  await untilReads([a, b, c], "slow", "v");

  const alone = await a.ask("PUT", "/v1/kv/many?certainty=shared&copies=3&timeout=0.2", { body: "v" });
  expect(alone.status).toBe(504);
});

test("a value of 64 KiB, an awkward key and a batch of 1,000 arrive as they were written", async () => {
  const [a, b] = (await mesh(2)) as [RealNode, RealNode];
  const big = "x".repeat(64 * 1024);
  await a.put("big", big);
  await a.put("ключ/🔑 %2F?&#", "ok");
  await a.putAll(Array.from({ length: 1_000 }, (_, n) => [`batch/${n}`, `${n}`] as const));
  await untilConverged([a, b], 1_002);
  expect(await b.get("big")).toBe(big);
  expect(await b.get("ключ/🔑 %2F?&#")).toBe("ok");
  expect(await b.get("batch/999")).toBe("999");
});

test("what was written while a link was cut waits for the peer, is seen waiting, and is sent first when it is back", async () => {
  const environment = { P2P_SYNC_PEERS_EXCHANGE: "false" }; // nobody learns of a way around the relay
  const c = await nursery.start("c", { environment });
  const a = await nursery.start("a", { environment, dial: [c.address] });
  const relay = await countingRelay(a.p2pPort);
  try {
    const throughRelay = a.address.replace(`/tcp/${a.p2pPort}/`, `/tcp/${relay.port}/`);
    const b = await nursery.start("b", { environment, dial: [throughRelay] });
    await untilMeshed([a, b]);
    await untilMeshed([a, c]);
    await b.put("before", "the cut");
    await untilReads([a, b, c], "before", "the cut");
    relay.cut();
    await until("a has lost b", async () => !(await a.connected()).includes(b.id));
    await a.put("meanwhile", "by a");
    await c.put("passed on", "by c");
    await untilReads([a], "passed on", "by c");
    const { waiting } = (await a.ask("GET", `/v1/peers/${b.id}`)).json() as KnownPeerView;
    expect(waiting?.messages).toBeGreaterThanOrEqual(2);
    relay.mend();
    await untilReads([b], "meanwhile", "by a");
    await untilReads([b], "passed on", "by c");
    // a pull of the same two begins at the same time, and their signatures are checked side by side
    expect((await b.metrics()).get('p2p_sync_batches_merged_total{via="fresh"}')).toBeGreaterThanOrEqual(1);
    expect(await a.total("outbox_sent_total")).toBeGreaterThanOrEqual(2);
    const { closed } = (await b.ask("GET", "/v1/peers/closed")).json() as ClosedView;
    expect(closed.find(({ peer, by }) => peer === a.id && by === "nobody")?.seenThere).toMatch(/connection/);
  } finally {
    await relay.close();
  }
});
