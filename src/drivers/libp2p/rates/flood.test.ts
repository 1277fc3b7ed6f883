import type { Connection, Stream } from "@libp2p/interface";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { link, type TestNode, TestScope } from "../../../../test/support/driver-node.ts";
import {
  foreignTopicRate,
  gossipControlRate,
  gossipRpcRate,
  muxerPingRate,
  replicaMsRate,
  strayBytesRate,
  streamRate,
} from "./limits.ts";

type RawPeer = Awaited<ReturnType<TestScope["startRaw"]>>;

const scope = new TestScope();
let a: TestNode;
let peer: RawPeer;
let connection: Connection;
let id: number;
beforeEach(async () => {
  a = await scope.start("a");
  peer = await scope.startRaw();
  connection = await peer.dial(a.address);
  id = (await a.event("linkOpened")).link;
});
afterEach(() => scope.end());

/** With its length, which is below 128. */
const rpc = (body: Buffer): Buffer => Buffer.concat([Buffer.from([body.length]), body]);
const field = (number: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([number * 8 + 2, body.length]), body]);
const topic = (name: string): Buffer => field(1, Buffer.from(name));

async function gossipStream(): Promise<Stream> {
  a.admit(id);
  return peer.openStream(connection, "/meshsub/1.2.0");
}

const misbehaviour = async (): Promise<string> =>
  (await a.event("peerMisbehaved", (event) => event.link === id)).reason;

describe("a peer is parted with that sends", () => {
  test("streams without end, and where the core says nothing its link still ends", async () => {
    for (let n = 0; n <= 2 * streamRate.burst; n++)
      void peer.openStream(connection, "/p2p-sync/admit/1").catch(() => undefined);
    expect(await misbehaviour()).toBe("a flood of streams");
    expect((await a.event("linkClosed")).reason).toBe("a flood of streams");
  });

  test("grafts without end", async () => {
    const stream = await gossipStream();
    const graft = field(3, field(3, topic("p2p-sync-test")));
    for (let n = 0; n <= gossipControlRate.burst + 1_000 && stream.status === "open"; n++) stream.send(rpc(graft));
    expect(await misbehaviour()).toBe("a flood of gossip control messages");
  });

  test("topics nobody knows without end", async () => {
    const stream = await gossipStream();
    for (let n = 0; n <= foreignTopicRate.burst && stream.status === "open"; n++)
      stream.send(rpc(field(1, Buffer.concat([Buffer.from([8, 1]), field(2, Buffer.from(`topic ${n}`))]))));
    expect(await misbehaviour()).toBe("a flood of unknown topics");
  });

  test.each([
    ["an RPC that is none", rpc(Buffer.alloc(5, 0xff)), "a malformed gossip RPC"],
    ["an RPC of 4 GiB", Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3]), "a gossip RPC over the limit"],
    [
      "a message with a sender",
      rpc(field(2, Buffer.concat([field(1, Buffer.from("me")), field(4, Buffer.from("p2p-sync-test"))]))),
      "a gossip message with a sender or a number",
    ],
  ])("%s", async (_, bytes, reason) => {
    (await gossipStream()).send(bytes);
    expect(await misbehaviour()).toBe(reason);
  });
});

/** As many pieces of 256 KiB as are too many. */
const strayData = Buffer.concat(
  Array.from({ length: strayBytesRate.burst / 2 ** 18 + 2 }, () =>
    Buffer.concat([Buffer.from("000000000000270f00040000", "hex"), Buffer.alloc(2 ** 18)]),
  ),
);

describe("a peer is cut off whose muxer sends", () => {
  const raw = async (bytes: Buffer): Promise<string> => {
    a.admit(id); // a stranger's bytes would only be read slowly
    const muxer = (connection as unknown as { readonly muxer: { send(bytes: Buffer): void } }).muxer;
    muxer.send(bytes);
    return misbehaviour();
  };

  test.each([
    ["a frame of 4 GiB", Buffer.from("0000000000000001ffffffff", "hex"), "a frame of the muxer over the window"],
    ["an unknown frame", Buffer.from("000900000000000000000000", "hex"), "an invalid frame of the muxer"],
    ["credit without end", Buffer.from("0001000000000001ffffffff", "hex"), "credit beyond any window"],
    ["data for no stream", strayData, "a flood of bytes for no stream"],
    [
      "pings without end",
      Buffer.from("000200010000000000000007".repeat(muxerPingRate.burst + 1), "hex"),
      "a flood of pings",
    ],
  ])("%s", async (_, bytes, reason) => {
    expect(await raw(bytes)).toBe(reason);
    expect((await a.event("linkClosed", (event) => event.link === id)).reason).toMatch(/./);
  });
});

test("a peer that gossips faster than its rate is read more slowly, and stays", async () => {
  const stream = await gossipStream();
  const message = (n: number): Buffer =>
    rpc(field(2, Buffer.concat([field(2, Buffer.from(`${n}`.padStart(95))), field(4, Buffer.from("p2p-sync-test"))])));
  const count = gossipRpcRate.burst + 4 * gossipRpcRate.perSecond;
  const begun = performance.now();
  for (let n = 0; n < count; n += 500)
    stream.send(Buffer.concat(Array.from({ length: 500 }, (_, index) => message(n + index))));
  await a.until("all messages", () => (a.driver.counters().messages_received >= count ? true : undefined));
  expect(performance.now() - begun).toBeGreaterThan(1_000);
  expect(a.events.filter(({ type }) => type === "peerMisbehaved" || type === "linkClosed")).toEqual([]);
});

test("a peer that costs the core more time than its share is read more slowly, and stays", async () => {
  const b = await scope.start("b");
  const ids = await link(a, b);
  a.admit(ids.out);
  b.admit(ids.in);
  b.send(ids.in, "admit", "at full speed");
  await a.event("frameReceived", (event) => event.link === ids.out);
  a.driver.spent(b.driver.peerId, replicaMsRate.burst + replicaMsRate.perSecond / 2);
  const begun = performance.now();
  b.send(ids.in, "admit", "half a second later");
  const isLate = ({ frame }: { readonly frame: Uint8Array }): boolean =>
    Buffer.from(frame).toString().endsWith("later");
  await a.event("frameReceived", isLate);
  expect(performance.now() - begun).toBeGreaterThan(300);
  expect(a.events.filter(({ type }) => type === "peerMisbehaved" || type === "linkClosed")).toEqual([]);
});

test("a flood from a stranger, and its end, leave two others at work", async () => {
  const b = await scope.start("b");
  const ids = await link(a, b);
  a.admit(ids.out);
  b.admit(ids.in);
  for (let n = 0; n <= 2 * streamRate.burst; n++)
    void peer.openStream(connection, "/p2p-sync/admit/1").catch(() => undefined);
  expect(await misbehaviour()).toBe("a flood of streams");
  a.send(ids.out, "admit", "still here");
  expect(Buffer.from((await b.event("frameReceived")).frame).toString()).toBe("still here");
});
