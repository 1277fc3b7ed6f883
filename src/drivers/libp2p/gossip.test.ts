import { createHash } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";
import { encodeFrame, FrameDecoder } from "./frame-codec.ts";
import { bulkOnTheWayBytes, gossipRpcBytesMax } from "./limits.ts";
import { link, TestNode, TestScope } from "../../../test/support/driver-node.ts";

const meshsub = "/meshsub/1.2.0";
const topic = Buffer.from("p2p-sync-test");
/** RPC { subscriptions: [{ subscribe: true, topic }] }. */
const subscription = Buffer.concat([Buffer.from([0x0a, topic.length + 4, 0x08, 1, 0x12, topic.length]), topic]);

const scope = new TestScope();
afterEach(() => scope.end());

test("a peer that does not read loses messages, is named, and holds up nobody", async () => {
  const [a, good, slow] = [await scope.start("a"), await scope.start("good"), await scope.startRaw({ reads: false })];
  TestNode.judging("accept")(good);
  const ids = await link(a, good);
  a.admit(ids.out);
  good.admit(ids.in);
  const connection = await slow.dial(a.address);
  const { link: slowLink, peer } = await a.event("linkOpened", (event) => event.direction === "inbound");
  a.admit(slowLink);
  (await slow.openStream(connection, meshsub)).send(encodeFrame(subscription));
  await a.until("both in the mesh", () => (a.driver.gossipPeers().mesh.length === 2 ? true : undefined));
  for (let n = 0; n < 40; n++) {
    a.driver.carryOut({ type: "publish", payload: new Uint8Array(900_000).fill(n) });
    await good.until("the message", () => good.events.filter((event) => event.type === "gossipReceived")[n]);
  }
  const dropped = await a.fact("gossipDropped");
  expect(dropped).toMatchObject({ peer, cause: "slowPeer" });
  expect(dropped.messages).toBeGreaterThan(0);
  expect(a.events.some((event) => event.type === "linkClosed")).toBe(false);
});

test("of what is published to a peer that takes nothing only the link's window leaves; the rest can be overtaken", async () => {
  const [a, slow] = [await scope.start("a"), await scope.startRaw({ reads: false })];
  const connection = await slow.dial(a.address);
  a.admit((await a.event("linkOpened")).link);
  (await slow.openStream(connection, meshsub)).send(encodeFrame(subscription));
  await a.until("in the mesh", () => (a.driver.gossipPeers().mesh.length === 1 ? true : undefined));
  const sentBefore = a.driver.counters().bytes_sent;
  for (let n = 0; n < 4; n++) a.driver.carryOut({ type: "publish", payload: new Uint8Array(900_000).fill(n) });
  await a.until("all waits or has left", () =>
    (a.driver.links()[0]?.queuedBytes ?? 0) > 3_000_000 ? true : undefined,
  );
  const left = a.driver.counters().bytes_sent - sentBefore;
  expect(left).toBeLessThan(1.5 * bulkOnTheWayBytes.first);
});

test("an answer to a request for many messages is cut into RPCs that the asker may accept", async () => {
  const [a, asker] = [await scope.start("a"), await scope.startRaw()];
  const connection = await asker.dial(a.address);
  a.admit((await a.event("linkOpened")).link);
  const payloads = Array.from({ length: 30 }, (_, n) => new Uint8Array(100_000).fill(n + 1));
  for (const payload of payloads) a.driver.carryOut({ type: "publish", payload });
  const lengths: number[] = [];
  const decoder = new FrameDecoder(gossipRpcBytesMax, new ByteBudget(2 * gossipRpcBytesMax));
  const refusals: unknown[] = [];
  asker.onBytes(meshsub, (bytes) => refusals.push(decoder.decode(bytes, (rpc) => void lengths.push(rpc.length))));
  const wanted = payloads.map((payload) => createHash("sha256").update(payload).digest().subarray(0, 20));
  const iwant = field(2, Buffer.concat(wanted.map((id) => field(1, id))));
  const gossip = await asker.openStream(connection, meshsub);
  gossip.send(encodeFrame(subscription));
  await a.fact("subscribed");
  gossip.send(encodeFrame(field(3, iwant)));
  await a.until("3 MB", () => (lengths.reduce((sum, length) => sum + length, 0) > 3_000_000 ? true : undefined));
  expect(Math.max(...lengths)).toBeLessThanOrEqual(gossipRpcBytesMax);
  expect(refusals.every((refusal) => refusal === undefined)).toBe(true);
  expect(a.driver.counters().messages_sent).toBe(payloads.length);
});

test("a gossip stream that the peer resets is offered again while the link stays", async () => {
  const [a, fickle] = [await scope.start("a"), await scope.startRaw()];
  let offers = 0;
  fickle.onStream(meshsub, (stream) => {
    offers += 1;
    if (offers === 1) stream.abort(new Error("not now"));
  });
  await fickle.dial(a.address);
  a.admit((await a.event("linkOpened")).link);
  await a.until("a second offer", () => (offers === 2 ? true : undefined));
  expect(a.events.some((event) => event.type === "linkClosed")).toBe(false);
});

test("what is published before a peer's gossip stands reaches it once it does", async () => {
  const [a, b] = [await scope.start("a"), await scope.start("b")];
  const ids = await link(a, b);
  a.driver.carryOut({ type: "publish", payload: Buffer.from("early") });
  a.admit(ids.out);
  b.admit(ids.in);
  expect(Buffer.from((await b.event("gossipReceived")).payload).toString()).toBe("early");
});

/** A protobuf field of bytes. */
function field(number: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2]), encodeFrame(body)]);
}
