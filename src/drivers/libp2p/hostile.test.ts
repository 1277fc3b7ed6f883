import { afterEach, expect, test } from "vitest";
import { link, rawPeer, TestNode, type RawPeer } from "./test-node.ts";

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
});

async function started(name: string): Promise<TestNode> {
  const node = await TestNode.create(name);
  cleanUps.push(() => node.driver.stop());
  await node.driver.start();
  return node;
}

async function hostilePeer(options: Parameters<typeof rawPeer>[0] = {}): Promise<RawPeer> {
  const peer = await rawPeer(options);
  cleanUps.push(() => peer.stop());
  return peer;
}

/** Two good nodes, admitted, that must go on whatever the hostile peer of a test does to the first. */
async function goodPair(): Promise<{ a: TestNode; b: TestNode; stillWorks: () => Promise<void> }> {
  const [a, b] = [await started("a"), await started("b")];
  TestNode.judging("accept")(b);
  const ids = await link(a, b);
  a.admit(ids.out);
  b.admit(ids.in);
  await a.fact("subscribed");
  const stillWorks = async (): Promise<void> => {
    a.send(ids.out, "admit", "still here");
    await b.event("frameReceived");
    a.driver.carryOut({ type: "publish", payload: Buffer.from("still gossiping") });
    await b.event("gossipReceived", (event) => Buffer.from(event.payload).toString() === "still gossiping");
  };
  return { a, b, stillWorks };
}

const yamuxGarbage: readonly { readonly what: string; readonly bytes: Uint8Array }[] = [
  { what: "bytes that are no header", bytes: Buffer.alloc(64, 0xff) },
  { what: "a pong nobody asked for", bytes: Buffer.from("000200020000000000000007", "hex") },
  { what: "a frame of 4 GiB", bytes: Buffer.from("0000000100000001ffffffff", "hex") },
  { what: "an unknown frame type", bytes: Buffer.from("000900000000000000000000", "hex") },
  { what: "a goodbye with an error", bytes: Buffer.from("000300000000000000000002", "hex") },
  { what: "a stream with our own parity", bytes: Buffer.from("000100010000000200000000", "hex") },
  { what: "credit without end", bytes: Buffer.from("0001000100000001ffffffff".repeat(50), "hex") },
];
for (const { what, bytes } of yamuxGarbage) {
  test(`${what} after the handshake ends that link at most`, async () => {
    const { a, stillWorks } = await goodPair();
    const peer = await hostilePeer({ firstMuxerBytes: bytes });
    await peer.dial(a.address).catch(() => undefined);
    await a.until(
      "a link or its failure",
      () => a.facts.filter((fact) => fact.type === "linked" || fact.type === "upgradeFailed")[1],
    );
    await stillWorks();
  });
}

test("garbage instead of identify, and in the choice of a protocol, changes nothing for others", async () => {
  const { a, stillWorks } = await goodPair();
  const peer = await hostilePeer({ identify: Buffer.from([3, 0xff, 0xff, 0xff]) });
  const connection = await peer.dial(a.address);
  const stream = await peer.openStream(connection, "/p2p-sync/admit/1");
  stream.send(Buffer.from([1, 65]));
  await a.event("frameReceived");
  await stillWorks();
});

const gossipGarbage: readonly { readonly what: string; readonly bytes: Uint8Array }[] = [
  { what: "no protobuf", bytes: Buffer.concat([Buffer.from([5]), Buffer.alloc(5, 0xff)]) },
  { what: "a length of 4 GiB", bytes: Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3]) },
  { what: "an endless length", bytes: Buffer.alloc(32, 0x80) },
  { what: "10,000 empty subscriptions", bytes: prefixed(Buffer.from("0a00".repeat(10_000), "hex")) },
  { what: "10,000 empty messages", bytes: prefixed(Buffer.from("1200".repeat(10_000), "hex")) },
  {
    what: "a message with a sequence number",
    bytes: prefixed(
      Buffer.concat([Buffer.from([0x12, 21, 0x12, 1, 66, 0x1a, 1, 65, 0x22, 13]), Buffer.from("p2p-sync-test")]),
    ),
  },
  {
    what: "a message without data",
    bytes: prefixed(Buffer.concat([Buffer.from([0x12, 15, 0x22, 13]), Buffer.from("p2p-sync-test")])),
  },
  { what: "half an RPC", bytes: prefixed(Buffer.alloc(500)).subarray(0, 100) },
];
for (const { what, bytes } of gossipGarbage) {
  test(`an admitted peer that gossips ${what} disturbs nobody`, async () => {
    const { a, stillWorks } = await goodPair();
    const peer = await hostilePeer();
    const connection = await peer.dial(a.address);
    const { link: id } = await a.event("linkOpened", (event) => event.direction === "inbound");
    a.admit(id);
    const gossip = await peer.openStream(connection, "/meshsub/1.2.0");
    for (let n = 0; n < 3 && gossip.status === "open"; n++) gossip.send(bytes);
    await gossip.close();
    await stillWorks();
    const fromPeer = a.events.filter((event) => event.type === "gossipReceived");
    expect(fromPeer.every((event) => event.payload.length === 0)).toBe(true);
  });
}

test("a peer that resets its connection in the middle of a frame leaves nothing behind", async () => {
  const { a, stillWorks } = await goodPair();
  const peer = await hostilePeer();
  const connection = await peer.dial(a.address);
  const stream = await peer.openStream(connection, "/p2p-sync/admit/1");
  stream.send(Buffer.from([100, 1, 2, 3]));
  const { link: id } = await a.event("linkOpened", (event) => event.direction === "inbound");
  connection.abort(new Error("gone"));
  expect((await a.event("linkClosed", (event) => event.link === id)).reason).toMatch(/connection/);
  await stillWorks();
});

function prefixed(body: Uint8Array): Buffer {
  const prefix: number[] = [];
  let rest = body.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) prefix.push((rest % 0x80) + 0x80);
  return Buffer.concat([Buffer.from([...prefix, rest]), body]);
}
