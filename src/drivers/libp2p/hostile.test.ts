import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { frameBytesMax } from "./limits.ts";
import { link, TestNode, TestScope } from "../../../test/support/driver-node.ts";

const scope = new TestScope();
afterEach(() => scope.end());

/** Two good nodes, admitted, that must go on whatever the hostile peer of a test does to the first. */
async function goodPair(): Promise<{ a: TestNode; b: TestNode; stillWorks: () => Promise<void> }> {
  const [a, b] = [await scope.start("a"), await scope.start("b")];
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
    const peer = await scope.startRaw({ firstMuxerBytes: bytes });
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
  const peer = await scope.startRaw({ identify: Buffer.from([3, 0xff, 0xff, 0xff]) });
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
    const peer = await scope.startRaw();
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
  const peer = await scope.startRaw();
  const connection = await peer.dial(a.address);
  const stream = await peer.openStream(connection, "/p2p-sync/admit/1");
  stream.send(Buffer.from([100, 1, 2, 3]));
  const { link: id } = await a.event("linkOpened", (event) => event.direction === "inbound");
  connection.abort(new Error("gone"));
  expect((await a.event("linkClosed", (event) => event.link === id)).reason).toMatch(/connection/);
  await stillWorks();
});

const refusals: readonly { readonly what: string; readonly bytes: readonly number[]; readonly reason: string }[] = [
  {
    what: "one byte over the maximum",
    bytes: [0x81, 0x20],
    reason: "a frame of 4097 bytes on admit is over the limit of 4096",
  },
  {
    what: "4 GiB",
    bytes: [0xff, 0xff, 0xff, 0xff, 0x0f],
    reason: "a frame of 4294967295 bytes on admit is over the limit of 4096",
  },
  {
    what: "an endless length",
    bytes: [0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    reason: "malformed input on admit: a length prefix has more than five bytes",
  },
  { what: "a padded length", bytes: [0x81, 0x00, 0x41], reason: "malformed input on admit: a length prefix is padded" },
  { what: "an empty frame", bytes: [0x00], reason: "malformed input on admit: a frame is empty" },
];
for (const { what, bytes, reason } of refusals) {
  test(`${what} is refused from the prefix alone and closes the link`, async () => {
    const b = await scope.start("b");
    const stranger = await scope.startRaw();
    const stream = await stranger.openStream(await stranger.dial(b.address), "/p2p-sync/admit/1");
    stream.send(Uint8Array.from(bytes));
    expect((await b.event("linkClosed")).reason).toBe(reason);
    const refused = b.events.filter((event) => event.type === "frameRefused");
    expect(refused.map((event) => event.lengthBytesMax)).toEqual(
      reason.includes("over the limit") ? [frameBytesMax.admit] : [],
    );
  });
}

test("a frame over this node's own limit is refused from its length, and named as no breach of its protocol", async () => {
  const b = await scope.start("b", { frameBytesMax: 600_000 });
  const a = await scope.start("a");
  const ids = await link(a, b);
  for (const [node, id] of [
    [a, ids.out],
    [b, ids.in],
  ] as const)
    node.admit(id);
  a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: new Uint8Array(600_000) });
  a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: new Uint8Array(600_001) });
  const refused = await b.event("frameRefused");
  expect(refused).toMatchObject({ lengthBytes: 600_001, lengthBytesMax: 600_000, breaksProtocol: false });
  expect(b.events.filter((event) => event.type === "frameReceived")).toHaveLength(1);
});

test("a link on which a frame was refused stays open for the goodbye that says why", async () => {
  const b = await scope.start("b");
  const stranger = await scope.startRaw();
  const heard: number[] = [];
  stranger.onBytes("/p2p-sync/admit/1", (bytes) => heard.push(...bytes));
  const stream = await stranger.openStream(await stranger.dial(b.address), "/p2p-sync/admit/1");
  stream.send(Uint8Array.from([0x81, 0x20]));
  const { link: id } = await b.event("frameRefused");
  b.send(id, "admit", "goodbye");
  b.driver.carryOut({ type: "closeLink", link: id, code: "protocolViolation", reason: "in our words" });
  expect((await b.event("linkClosed")).reason).toBe("in our words");
  expect(Buffer.from(heard).toString()).toContain("goodbye");
});

test("a second stream of one protocol on one link is reset", async () => {
  const b = await scope.start("b");
  const stranger = await scope.startRaw();
  const connection = await stranger.dial(b.address);
  const first = await stranger.openStream(connection, "/p2p-sync/admit/1");
  const second = await stranger.openStream(connection, "/p2p-sync/admit/1");
  await stranger.closed(second);
  first.send(Uint8Array.of(1, 65));
  expect(Buffer.from((await b.event("frameReceived")).frame).toString()).toBe("A");
});

test("garbage on a raw socket ends nothing but that socket", async () => {
  const { a, b, ...ids } = await scope.admittedPair();
  const multistream = Buffer.from("\x13/multistream/1.0.0\n");
  const select = (name: string): Buffer => Buffer.concat([Buffer.from([name.length + 1]), Buffer.from(`${name}\n`)]);
  const noise = Buffer.alloc(4_000, 0xa5);
  const openings = [
    Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    noise,
    Buffer.alloc(0),
    Buffer.alloc(70_000, 0xff),
    Buffer.concat([multistream, noise]),
    Buffer.concat([multistream, select("/noise"), noise]),
    Buffer.concat([multistream, select("/noise"), Buffer.from([0, 32]), Buffer.alloc(32, 9), noise]),
    Buffer.concat([multistream, select("/noise"), Buffer.from([0xff, 0xff]), Buffer.alloc(65_535, 1)]),
  ];
  for (const bytes of openings) {
    for (const isReset of [false, true]) {
      const socket = connect(b.port, "127.0.0.1");
      socket.on("error", () => undefined);
      await new Promise<void>((resolve) => socket.once("connect", resolve));
      const failed = b.facts.filter((fact) => fact.type === "upgradeFailed").length;
      socket.write(bytes, () => (isReset ? socket.resetAndDestroy() : socket.end()));
      await b.until("a failed upgrade", () =>
        b.facts.filter((fact) => fact.type === "upgradeFailed").length > failed ? true : undefined,
      );
      socket.destroy();
    }
  }
  a.send(ids.out, "admit", "still here");
  await b.event("frameReceived");
});

function prefixed(body: Uint8Array): Buffer {
  const prefix: number[] = [];
  let rest = body.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) prefix.push((rest % 0x80) + 0x80);
  return Buffer.concat([Buffer.from([...prefix, rest]), body]);
}
