import { afterEach, expect, test } from "vitest";
import { link, TestNode, TestScope } from "../../../test/support/driver-node.ts";

const scope = new TestScope();
afterEach(() => scope.end());

test("gossip passes over a node in the middle, and the mesh forms at once", async () => {
  const [a, b, c] = [await scope.start("a"), await scope.start("b"), await scope.start("c")];
  for (const node of [b, c]) TestNode.judging("accept")(node);
  const [ab, bc] = [await link(a, b), await link(b, c)];
  a.admit(ab.out);
  b.admit(ab.in);
  b.admit(bc.out);
  c.admit(bc.in);
  await b.until("mesh of two", () => (b.driver.gossipPeers().mesh.length === 2 ? true : undefined));
  a.driver.carryOut({ type: "publish", payload: new Uint8Array(1024 * 1024).fill(7) });
  const got = await c.event("gossipReceived");
  expect(got.from).toBe(b.driver.peerId);
  expect(got.payload.length).toBe(1024 * 1024);
});

test("a message judged `ignore` is not passed on", async () => {
  const [a, b, c] = [await scope.start("a"), await scope.start("b"), await scope.start("c")];
  TestNode.judging("ignore")(b);
  const [ab, bc] = [await link(a, b), await link(b, c)];
  a.admit(ab.out);
  b.admit(ab.in);
  b.admit(bc.out);
  c.admit(bc.in);
  await b.until("mesh of two", () => (b.driver.gossipPeers().mesh.length === 2 ? true : undefined));
  await a.fact("subscribed");
  a.driver.carryOut({ type: "publish", payload: Buffer.from("ignored") });
  await b.event("gossipReceived");
  b.driver.carryOut({ type: "publish", payload: Buffer.from("own") });
  await c.event("gossipReceived");
  expect(
    c.events.flatMap((event) => (event.type === "gossipReceived" ? [Buffer.from(event.payload).toString()] : [])),
  ).toEqual(["own"]);
});

test("a peer that is not admitted gets no gossip and is in no mesh", async () => {
  const [a, b, c] = [await scope.start("a"), await scope.start("b"), await scope.start("c")];
  const [ab, ac] = [await link(a, b), await link(a, c)];
  a.admit(ac.out);
  c.admit(ac.in);
  b.admit(ab.in); // b would take part; a has not admitted it
  await a.fact("subscribed");
  a.driver.carryOut({ type: "publish", payload: Buffer.from("secret") });
  await c.event("gossipReceived");
  a.send(ab.out, "admit", "after the publish");
  await b.event("frameReceived");
  expect(b.events.some((event) => event.type === "gossipReceived")).toBe(false);
  expect(a.driver.gossipPeers()).toEqual({ mesh: [c.driver.peerId], subscribed: [c.driver.peerId] });
  expect(b.driver.gossipPeers()).toEqual({ mesh: [], subscribed: [] });
});

test("streams on a link that is not accepted are reset, and admit goes on", async () => {
  const b = await scope.start("b");
  const stranger = await scope.startRaw();
  const connection = await stranger.dial(b.address);
  for (const protocol of ["/p2p-sync/test/ack/1", "/p2p-sync/test/frontier/1", "/meshsub/1.2.0"]) {
    const stream = await stranger.openStream(connection, protocol);
    expect((await stranger.closed(stream)).error, protocol).toBeDefined();
  }
  const admit = await stranger.openStream(connection, "/p2p-sync/admit/1");
  admit.send(Uint8Array.of(2, 104, 105));
  expect(Buffer.from((await b.event("frameReceived")).frame).toString()).toBe("hi");
});

test("nothing is sent or received by gossip where it is dropped", async () => {
  const [a, b] = [await scope.start("a", { dropGossip: true }), await scope.start("b")];
  const ids = await link(a, b);
  a.admit(ids.out);
  b.admit(ids.in);
  await Promise.all([a.fact("subscribed"), b.fact("subscribed")]);
  a.driver.carryOut({ type: "publish", payload: Buffer.from("from a") });
  b.driver.carryOut({ type: "publish", payload: Buffer.from("from b") });
  await a.until("the message counted", () => (a.driver.counters().messages_received === 1 ? true : undefined));
  a.send(ids.out, "admit", "after");
  await b.event("frameReceived");
  for (const node of [a, b]) expect(node.events.some((event) => event.type === "gossipReceived")).toBe(false);
});
