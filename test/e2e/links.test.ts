/**
 * How links come to be and end between real nodes: every state is seen on both sides with its
 * duration, crossed dials leave one link, a crowd that starts at once is fully linked, and nodes of
 * different networks part with words.
 */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EventView, PeerView } from "../../src/api/views.ts";
import type { EventStream } from "../support/node-client.ts";
import { Nursery, type RealNode, untilMeshed } from "../support/real-node.ts";
import { until } from "../support/until.ts";

// Real processes on a machine that may be busy with others.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let nursery: Nursery;

beforeEach(() => void (nursery = new Nursery()));
afterEach(() => nursery.end());

const outboundStates = [
  "PeerFound",
  "Connecting",
  "Handshaking",
  "Authenticating",
  "Negotiating",
  "Identifying",
  "Subscribing",
  "Connected",
];
const inboundStates = outboundStates.slice(2);
/** Of these only one has to be seen: the subscription may come before identify is done. */
const mayBeSkipped = "Subscribing";

async function peerOf(node: RealNode, other: RealNode): Promise<PeerView> {
  return (await node.ask("GET", `/v1/peers/${other.id}`)).json() as PeerView;
}

/** States that a stream of events told about a peer, in order. */
function toldStates(stream: EventStream<EventView>, peer: string): unknown[] {
  const transitions = stream.received
    .map(({ data }) => data)
    .filter(({ type, detail }) => type === "peerState" && detail["peer"] === peer);
  return transitions.map(({ detail }) => detail["to"]);
}

function expectInOrder(states: readonly unknown[], expected: readonly string[]): void {
  const upToConnected = states.slice(0, states.indexOf("Connected") + 1);
  expect(expected).toEqual(expect.arrayContaining([...upToConnected]));
  expect(upToConnected).toEqual(expected.filter((state) => state !== mayBeSkipped || upToConnected.includes(state)));
}

test("each state of a link is shown on both sides, with its duration, and told as an event", async () => {
  const a = await nursery.start("a");
  const b = await nursery.start("b");
  const events = await Promise.all([a.events(), b.events()]);
  await b.dial(a.address);
  await untilMeshed([a, b]);
  const [inbound, outbound] = [await peerOf(a, b), await peerOf(b, a)];
  expect(inbound).toMatchObject({ direction: "inbound", id: b.id });
  expect(outbound).toMatchObject({ direction: "outbound", id: a.id, address: a.address });
  for (const { history, connectedSince, rttMs, clockOffsetMs } of [inbound, outbound]) {
    for (const { state, durationMs } of history.slice(0, -1)) expect(durationMs, state).toBeGreaterThanOrEqual(0);
    expect(history.at(-1)?.durationMs).toBeNull();
    expect(Date.parse(connectedSince ?? "")).toBeLessThanOrEqual(Date.now());
    expect(Math.abs(clockOffsetMs ?? Infinity)).toBeLessThan(1_000);
    expect(rttMs ?? 0).toBeGreaterThanOrEqual(0);
  }
  expectInOrder(
    inbound.history.map(({ state }) => state).filter((state) => state !== "PeerFound"),
    inboundStates,
  );
  expectInOrder(
    outbound.history.map(({ state }) => state),
    outboundStates,
  );
  expectInOrder(
    toldStates(events[0], b.id).filter((state) => state !== "PeerFound"),
    inboundStates,
  );
  // Before the peer has proven who it is, its events name the address only where that names nobody.
  await events[1].first(
    "Connected is told",
    ({ type, detail }) => type === "peerState" && detail["to"] === "Connected",
  );
  expect(toldStates(events[1], a.id)).toContain("Identifying");
});

test("the end of a link is shown with its reason, and a lost peer is dialed again", async () => {
  const a = await nursery.start("a");
  const b = await nursery.start("b", { dial: [a.address] });
  await untilMeshed([a, b]);
  await a.kill();
  const lost = await until("b shows the loss", async () => {
    const peer = await peerOf(b, a);
    return peer.state === "Failed" || peer.state === "Disconnected" ? peer : undefined;
  });
  const ended = lost.history.find(
    ({ state, reason }) => (state === "Connected" || state === "Syncing") && reason !== null,
  );
  expect(ended?.reason ?? "").not.toBe("");
  const back = await nursery.start("a", { port: a.p2pPort });
  await until("they are linked again", async () => (await b.connected()).includes(back.id), { deadlineMs: 20_000 });
});

test("a peer that is there but says nothing is stale after the configured time", async () => {
  const environment = { P2P_SYNC_P2P_PEER_TIMEOUT_SECONDS: "2" };
  const a = await nursery.start("a");
  const b = await nursery.start("b", { dial: [a.address], environment });
  await untilMeshed([a, b]);
  a.process.signal("SIGSTOP"); // its sockets stay open, and nobody is at home
  const paused = performance.now();
  const ended = await until("b calls it stale", async () => {
    const { history } = await peerOf(b, a);
    return history.find(({ state, reason }) => state === "Connected" && reason !== null);
  });
  expect(ended.reason).toContain("stale");
  expect(performance.now() - paused).toBeGreaterThan(1_000); // the last answer may have come up to a ping's pause before
  a.process.signal("SIGCONT");
});

test("crossed dials end in exactly one link, with no error in between", { timeout: 60_000 }, async () => {
  const nodes = await Promise.all(["a", "b", "c", "d", "e", "f"].map((name) => nursery.start(name)));
  const pairs = [nodes.slice(0, 2), nodes.slice(2, 4), nodes.slice(4, 6)] as [RealNode, RealNode][];
  const events = await Promise.all(nodes.map((node) => node.events()));
  // Both sides of each pair wake up with the order to dial already in their sockets.
  for (const node of nodes) node.process.signal("SIGSTOP");
  const ordered = pairs.flatMap(([one, two]) => [one.dial(two.address), two.dial(one.address)]);
  await new Promise((resolve) => setImmediate(resolve));
  for (const node of nodes) node.process.signal("SIGCONT");
  for (const answer of await Promise.all(ordered)) expect(answer.status).toBe(202);
  for (const [one, two] of pairs) await untilExactlyOneLink(one, two);

  const told = events.flatMap(({ received }) => received.map(({ data }) => data));
  const goodbyes = told.filter(({ type }) => type === "goodbye").map(({ detail }) => detail["code"]);
  expect(new Set(goodbyes)).toEqual(new Set(["duplicate"])); // and at least one: the dials did cross
  const states = told.filter(({ type }) => type === "peerState").map(({ detail }) => detail["to"]);
  expect(states.filter((state) => state === "Failed" || state === "Disconnected")).toEqual([]);
  expect(told.filter(({ type }) => type === "dialFailed")).toEqual([]);
});

async function untilExactlyOneLink(one: RealNode, two: RealNode): Promise<void> {
  const single = async (node: RealNode): Promise<boolean> =>
    (await node.metrics()).get("p2p_sync_active_connections") === 1;
  await untilMeshed([one, two]);
  await until("one link on each side", async () => (await single(one)) && (await single(two)));
  const directions = [(await peerOf(one, two)).direction, (await peerOf(two, one)).direction];
  expect(new Set(directions)).toEqual(new Set(["inbound", "outbound"]));
  await one.put("over the one link", one.id);
  await until("it carries data", async () => (await two.get("over the one link")) === one.id);
}

test(
  "twelve nodes started at once, each told of all others, are fully linked and share a write",
  { timeout: 120_000 },
  async () => {
    const names = Array.from({ length: 12 }, (_, n) => `n${n}`);
    const nodes = await Promise.all(names.map((name) => nursery.start(name)));
    await Promise.all(
      nodes.map(async (node) => {
        for (const other of nodes) if (other !== node) await node.dial(other.address);
      }),
    );
    await untilMeshed(nodes, 60_000);
    for (const node of nodes) {
      await until(
        `${node.name} has 11 links`,
        async () => (await node.metrics()).get("p2p_sync_active_connections") === 11,
        { deadlineMs: 30_000 },
      );
    }
    await nodes[0]!.put("to all", "of you");
    for (const node of nodes) await until(`${node.name} reads it`, async () => (await node.get("to all")) === "of you");
  },
);

test("nodes of different networks part with the code wrongNetwork, shown on both sides", async () => {
  const a = await nursery.start("a");
  const b = await nursery.start("b", { network: `${nursery.network}-other`, dial: [a.address] });
  for (const [node, other] of [
    [a, b],
    [b, a],
  ] as const) {
    await until(`${node.name} counts it`, async () => {
      const samples = [...(await node.metrics())].filter(([name]) =>
        /goodbyes_total\{.*code="wrongNetwork"/.test(name),
      );
      return samples.some(([, value]) => value >= 1);
    });
    await until(`${node.name} counts a failed handshake, and none that succeeded`, async () => {
      const metrics = await node.metrics();
      const failed = metrics.get('p2p_sync_handshake_failure_reasons{reason="wrongNetwork"}') ?? 0;
      return failed >= 1 && metrics.get("p2p_sync_handshake_success_rate") === 0;
    });
    const shown = await until(`${node.name} shows it`, async () => {
      const peer = await peerOf(node, other);
      return peer.state === "Failed" ? peer : undefined;
    });
    expect(shown.lastError?.reason).toContain("wrongNetwork");
    expect(await node.connected()).toEqual([]);
  }
  await a.put("k", "v");
  expect(await b.get("k")).toBeUndefined();
});
