import { afterEach, expect, test } from "vitest";
import { decodeAdmit } from "../../codec/admit.ts";
import { frameBytesMax, spareConnections } from "./limits.ts";
import { countingRelay, link, TestNode, TestScope, usualLiveOptions } from "../../../test/support/driver-node.ts";

const scope = new TestScope();
afterEach(() => scope.end());

const parcelsByte = 0x02;

function sendLargest(node: TestNode, link: number, frames: number): void {
  for (let n = 0; n < frames; n++) {
    const frame = new Uint8Array(frameBytesMax.frontier).fill(n);
    frame[0] = parcelsByte;
    node.driver.carryOut({ type: "send", link, protocol: "frontier", frame });
  }
}

test("what is urgent overtakes bulk that was sent before it, on its own stream and on the same one", async () => {
  const { a, b, ...ids } = await scope.admittedPair();
  a.send(ids.out, "frontier", "warm");
  await b.event("frameReceived");
  sendLargest(a, ids.out, 7);
  const more = Buffer.from([0x05, 0, 0, 0, 0]);
  a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: more });
  a.driver.carryOut({ type: "send", link: ids.out, protocol: "peers", frame: Buffer.from([0x01]) });
  await b.until("all frames", () =>
    b.events.filter((event) => event.type === "frameReceived").length === 10 ? true : undefined,
  );
  const got = b.events.flatMap((event) => (event.type === "frameReceived" ? [event] : [])).slice(1);
  const bulkBefore = (fits: (length: number) => boolean): number => got.findIndex(({ frame }) => fits(frame.length));
  expect(bulkBefore((length) => length === more.length)).toBeLessThanOrEqual(2);
  expect(bulkBefore((length) => length === 1)).toBeLessThanOrEqual(2);
});

test("a peer that does not read is cut off when the queue for it is full", async () => {
  const a = await scope.start("a");
  const stranger = await scope.startRaw({ reads: false });
  a.driver.carryOut({ type: "dial", address: stranger.address(), attempt: 1 });
  const { link: id } = await a.event("linkOpened");
  for (let n = 0; n < 12; n++)
    a.driver.carryOut({ type: "send", link: id, protocol: "frontier", frame: new Uint8Array(frameBytesMax.frontier) });
  const reason = "the frontier stream failed: the peer reads too slowly";
  expect(await a.event("linkFailing")).toMatchObject({ link: id, code: "failed", reason });
  expect((await a.event("linkClosed")).reason).toBe(reason); // also where the core says nothing
});

test("a driver that is stopped without its core says goodbye itself", async () => {
  const { a, b } = await scope.admittedPair();
  await b.driver.stop();
  const { frame } = await a.event("frameReceived");
  expect(decodeAdmit(frame)).toMatchObject({ ok: true, value: { type: "goodbye", code: "shuttingDown" } });
});

test("bytes counted are the bytes on the wire, while open and after the end", async () => {
  const [a, b] = [await scope.start("a"), await scope.start("b")];
  for (const node of [a, b]) TestNode.judging("accept")(node);
  const relay = await countingRelay(b.port);
  scope.later(() => relay.close());
  const ids = await link(a, b, `/ip4/127.0.0.1/tcp/${relay.port}/p2p/${b.driver.peerId}`);
  a.admit(ids.out);
  b.admit(ids.in);
  for (const node of [a, b])
    await Promise.all([node.fact("identified"), node.fact("rttMeasured"), node.fact("subscribed")]);
  a.driver.carryOut({ type: "publish", payload: new Uint8Array(300_000).fill(1) });
  b.driver.carryOut({ type: "publish", payload: new Uint8Array(100).fill(2) });
  await Promise.all([a.event("gossipReceived"), b.event("gossipReceived")]);
  a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: new Uint8Array(1_000_000) });
  await b.event("frameReceived");
  const areEqual = (): true | undefined => {
    const [ofA, ofB] = [a.driver.counters(), b.driver.counters()];
    const pairs = [
      [ofA.bytes_sent, relay.counted.fromClient],
      [ofA.bytes_received, relay.counted.fromTarget],
      [ofB.bytes_sent, relay.counted.fromTarget],
      [ofB.bytes_received, relay.counted.fromClient],
    ];
    return pairs.every(([counted, seen]) => counted === seen) &&
      ofA.messages_sent === ofB.messages_received &&
      ofB.messages_sent === ofA.messages_received
      ? true
      : undefined;
  };
  await a.until("equal counts while open", areEqual);
  expect(a.driver.counters()).toMatchObject({
    total_connections: 1,
    active_connections: 1,
    messages_sent: 2,
    messages_received: 1,
  });
  await b.driver.stop();
  await a.event("linkClosed");
  await a.driver.stop();
  await a.until("the relay is empty", () => (relay.open() === 0 ? true : undefined));
  expect(areEqual(), JSON.stringify([a.driver.counters(), b.driver.counters(), relay.counted])).toBe(true);
  expect(a.driver.counters()).toMatchObject({ total_connections: 1, active_connections: 0 });
});

test("two dials to one peer are two links, and gossip survives the end of either", async () => {
  const [a, b] = [await scope.start("a"), await scope.start("b")];
  for (const node of [a, b]) TestNode.judging("accept")(node);
  const first = await link(a, b);
  const second = await link(b, a);
  expect([first.out, second.in]).toEqual([1, 2]);
  for (const { from, to, ids } of [
    { from: a, to: b, ids: first },
    { from: b, to: a, ids: second },
  ]) {
    from.admit(ids.out);
    to.admit(ids.in);
  }
  for (const node of [a, b]) await node.fact("subscribed");
  a.driver.carryOut({ type: "closeLink", link: first.out, code: "duplicate", reason: "one link is enough" });
  await Promise.all([a.event("linkClosed"), b.event("linkClosed")]);
  let n = 0;
  await b.until("gossip over the link that stays", () => {
    n += 1;
    a.driver.carryOut({ type: "publish", payload: Buffer.from(`message ${n}`) });
    return b.events.find((event) => event.type === "gossipReceived");
  });
  expect([a.driver.counters().active_connections, b.driver.counters().active_connections]).toEqual([1, 1]);
});

test("dials at the same moment from both sides are both reported", async () => {
  const [a, b] = [await scope.start("a"), await scope.start("b")];
  a.driver.carryOut({ type: "dial", address: b.address, attempt: 1 });
  b.driver.carryOut({ type: "dial", address: a.address, attempt: 1 });
  for (const node of [a, b]) {
    await node.event("linkOpened", (event) => event.direction === "inbound");
    await node.event("linkOpened", (event) => event.direction === "outbound");
  }
});

test("a stopped driver ignores orders, stops twice, and frees its port", async () => {
  const { a, b } = await scope.admittedPair();
  const { port } = b;
  await Promise.all([b.driver.stop(), b.driver.stop()]);
  await a.event("linkClosed");
  b.driver.carryOut({ type: "dial", address: a.address, attempt: 9 });
  const again = await scope.start("b", { listen: [`/ip4/127.0.0.1/tcp/${port}`] });
  expect(again.port).toBe(port);
});

test("as many connections are taken as the links of now need", async () => {
  const hub = await scope.start("hub", { linksMax: 1 - spareConnections });
  const [a, b] = [await scope.start("taken"), await scope.start("refused")];
  await link(a, hub);
  b.driver.carryOut({ type: "dial", address: hub.address, attempt: 7 });
  await b.event("dialFailed", (event) => event.attempt === 7);
  hub.driver.adjust({ ...usualLiveOptions, linksMax: 2 - spareConnections });
  await link(b, hub);
});
