import { afterEach, expect, test } from "vitest";
import { connect, createServer, type AddressInfo } from "node:net";
import type { NetworkDriverOptions } from "./driver-types.ts";
import { frameBytesMax } from "./limits.ts";
import { countingRelay, link, rawPeer, TestNode } from "./test-node.ts";

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
});

async function started(name: string, overrides: Partial<NetworkDriverOptions> = {}): Promise<TestNode> {
  const node = await TestNode.create(name, overrides);
  cleanUps.push(() => node.driver.stop());
  await node.driver.start();
  return node;
}

async function admittedPair(
  overrides: Partial<NetworkDriverOptions> = {},
): Promise<{ a: TestNode; b: TestNode; out: number; in: number }> {
  const [a, b] = [await started("a", overrides), await started("b", overrides)];
  const ids = await link(a, b);
  a.admit(ids.out);
  b.admit(ids.in);
  return { a, b, ...ids };
}

for (const encrypter of ["noise", "tls"] as const) {
  test(`two nodes link, admit, exchange frames and gossip over ${encrypter}`, async () => {
    const { a, b, ...ids } = await admittedPair({ encrypters: [encrypter] });
    TestNode.judging("accept")(b);
    a.send(ids.out, "admit", "hello");
    b.send(ids.in, "ack", "hello back");
    await a.event("frameReceived", (event) => event.protocol === "ack");
    a.send(ids.out, "frontier", "one");
    a.send(ids.out, "frontier", "two");
    await b.event("frameReceived", (event) => Buffer.from(event.frame).toString() === "two");
    expect(b.framesOf(ids.in)).toEqual(["hello", "one", "two"]);
    await a.fact("rttMeasured");
    await a.fact("subscribed");
    a.driver.carryOut({ type: "publish", payload: Buffer.from("batch") });
    const got = await b.event("gossipReceived");
    expect(Buffer.from(got.payload).toString()).toBe("batch");
    expect(got.from).toBe(a.driver.peerId);
    const stages = a.facts.filter((fact) => "connection" in fact).map((fact) => fact.type);
    expect(stages).toEqual(["transportOpened", "handshakeStarted", "authenticated", "negotiated", "linked"]);
  });
}

test("gossip passes over a node in the middle, and the mesh forms at once", async () => {
  const [a, b, c] = [await started("a"), await started("b"), await started("c")];
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
  const [a, b, c] = [await started("a"), await started("b"), await started("c")];
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
  const [a, b, c] = [await started("a"), await started("b"), await started("c")];
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
  const b = await started("b");
  const stranger = await rawPeer();
  cleanUps.push(() => stranger.stop());
  const connection = await stranger.dial(b.address);
  for (const protocol of ["/p2p-sync/test/ack/1", "/p2p-sync/test/frontier/1", "/meshsub/1.2.0"]) {
    const stream = await stranger.openStream(connection, protocol);
    expect((await stranger.closed(stream)).error, protocol).toBeDefined();
  }
  const admit = await stranger.openStream(connection, "/p2p-sync/admit/1");
  admit.send(Uint8Array.of(2, 104, 105));
  expect(Buffer.from((await b.event("frameReceived")).frame).toString()).toBe("hi");
});

test("a second stream of one protocol on one link is reset", async () => {
  const b = await started("b");
  const stranger = await rawPeer();
  cleanUps.push(() => stranger.stop());
  const connection = await stranger.dial(b.address);
  const first = await stranger.openStream(connection, "/p2p-sync/admit/1");
  const second = await stranger.openStream(connection, "/p2p-sync/admit/1");
  await stranger.closed(second);
  first.send(Uint8Array.of(1, 65));
  expect(Buffer.from((await b.event("frameReceived")).frame).toString()).toBe("A");
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
    const b = await started("b");
    const stranger = await rawPeer();
    cleanUps.push(() => stranger.stop());
    const stream = await stranger.openStream(await stranger.dial(b.address), "/p2p-sync/admit/1");
    stream.send(Uint8Array.from(bytes));
    expect((await b.event("linkClosed")).reason).toBe(reason);
    const refused = b.events.filter((event) => event.type === "frameRefused");
    expect(refused.map((event) => event.lengthBytesMax)).toEqual(
      reason.includes("over the limit") ? [frameBytesMax.admit] : [],
    );
  });
}

test("frames of the largest size pass in order, and `drained` follows the last", async () => {
  const { a, b, ...ids } = await admittedPair();
  const frames = 7;
  for (let n = 0; n < frames; n++) {
    a.driver.carryOut({
      type: "send",
      link: ids.out,
      protocol: "frontier",
      frame: new Uint8Array(frameBytesMax.frontier).fill(n),
    });
  }
  await b.until("all frames", () =>
    b.events.filter((event) => event.type === "frameReceived").length === frames ? true : undefined,
  );
  const got = b.events.flatMap((event) =>
    event.type === "frameReceived" ? [[event.frame.length, event.frame[0], event.frame.at(-1)]] : [],
  );
  expect(got).toEqual(Array.from({ length: frames }, (_, n) => [frameBytesMax.frontier, n, n]));
  expect((await a.event("drained")).protocol).toBe("frontier");
});

test("a peer that does not read is cut off when the queue for it is full", async () => {
  const a = await started("a");
  const stranger = await rawPeer({ reads: false });
  cleanUps.push(() => stranger.stop());
  a.driver.carryOut({ type: "dial", address: stranger.address(), attempt: 1 });
  const { link: id } = await a.event("linkOpened");
  for (let n = 0; n < 12; n++)
    a.driver.carryOut({ type: "send", link: id, protocol: "frontier", frame: new Uint8Array(frameBytesMax.frontier) });
  expect((await a.event("linkClosed")).reason).toBe("the frontier stream failed: the peer reads too slowly");
});

test("a goodbye is read before the link closes, and both sides learn the end", async () => {
  for (let round = 0; round < 10; round++) {
    const [a, b] = [await started(`a${round}`), await started(`b${round}`)];
    const ids = await link(a, b);
    b.send(ids.in, "admit", "goodbye");
    b.driver.carryOut({ type: "closeLink", link: ids.in, code: "full", reason: "no room" });
    expect((await b.event("linkClosed")).reason).toBe("no room");
    expect((await a.event("linkClosed")).reason).toBe("the peer closed the connection");
    expect(a.events.map((event) => event.type)).toEqual(["linkOpened", "frameReceived", "linkClosed"]);
    await Promise.all([a.driver.stop(), b.driver.stop()]);
  }
});

test("bytes counted are the bytes on the wire, while open and after the end", async () => {
  const [a, b] = [await started("a"), await started("b")];
  for (const node of [a, b]) TestNode.judging("accept")(node);
  const relay = await countingRelay(b.port);
  cleanUps.push(() => relay.close());
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
  const [a, b] = [await started("a"), await started("b")];
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
  const [a, b] = [await started("a"), await started("b")];
  a.driver.carryOut({ type: "dial", address: b.address, attempt: 1 });
  b.driver.carryOut({ type: "dial", address: a.address, attempt: 1 });
  for (const node of [a, b]) {
    await node.event("linkOpened", (event) => event.direction === "inbound");
    await node.event("linkOpened", (event) => event.direction === "outbound");
  }
});

test("failed dials name their cause", async () => {
  const [a, b] = [await started("a"), await started("b")];
  const closed = await freePort();
  const other = await TestNode.create("other");
  const expectations = [
    { address: "not an address", failure: "addressInvalid" },
    { address: "/ip4/127.0.0.1/udp/4001/quic-v1", failure: "addressInvalid" },
    { address: `/ip4/127.0.0.1/tcp/${closed}`, failure: "refused", detail: "ECONNREFUSED" },
    {
      address: b.address.replace(b.driver.peerId, other.driver.peerId),
      failure: "wrongPeer",
      detail: `expected ${other.driver.peerId} but ${b.driver.peerId} lives there`,
    },
    { address: a.address, failure: "self" },
    { address: a.address.replace(/\/p2p\/.*/, ""), failure: "self" },
    { address: "/ip4/255.255.255.255/tcp/1", failure: "unreachable" },
  ];
  for (const [index, { address, failure, detail }] of expectations.entries()) {
    a.driver.carryOut({ type: "dial", address, attempt: index });
    const event = await a.event("dialFailed", (candidate) => candidate.attempt === index);
    expect(event, address).toMatchObject({ address, failure, detail: expect.stringContaining(detail ?? "") });
    expect(a.facts.some((fact) => fact.type === "dialFailed" && fact.attempt === index)).toBe(true);
  }
});

test("a listener that is not libp2p fails as protocol, one without a common encryption too", async () => {
  const a = await started("a");
  const talker = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  await new Promise<void>((resolve) => talker.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => new Promise((resolve) => talker.close(() => resolve())));
  a.driver.carryOut({
    type: "dial",
    address: `/ip4/127.0.0.1/tcp/${(talker.address() as AddressInfo).port}`,
    attempt: 1,
  });
  expect((await a.event("dialFailed", (event) => event.attempt === 1)).failure).toBe("protocol");
  const tlsOnly = await started("tls", { encrypters: ["tls"] });
  a.driver.carryOut({ type: "dial", address: tlsOnly.address, attempt: 2 });
  expect((await a.event("dialFailed", (event) => event.attempt === 2)).failure).toBe("protocol");
});

test("a family refuses addresses of the other by name", async () => {
  const four = await started("four", { family: "v4" });
  four.driver.carryOut({ type: "dial", address: "/ip6/::1/tcp/1", attempt: 1 });
  expect(await four.event("dialFailed")).toMatchObject({
    failure: "addressInvalid",
    detail: expect.stringContaining("family v4"),
  });
  await expect(TestNode.create("six", { family: "v6only" })).rejects.toMatchObject({ code: "invalid_address" });
  const six = await started("six", { family: "v6only", listen: ["/ip6/::1/tcp/0"] });
  six.driver.carryOut({ type: "dial", address: "/ip4/127.0.0.1/tcp/1", attempt: 1 });
  expect(await six.event("dialFailed")).toMatchObject({
    failure: "addressInvalid",
    detail: expect.stringContaining("family v6only"),
  });
});

test("a port in use names its owner", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => new Promise((resolve) => holder.close(() => resolve())));
  const { port } = holder.address() as AddressInfo;
  const node = await TestNode.create("late", { listen: [`/ip4/127.0.0.1/tcp/${port}`] });
  await expect(node.driver.start()).rejects.toMatchObject({ code: "port_in_use", details: { port, pid: process.pid } });
});

test("garbage on a raw socket ends nothing but that socket", async () => {
  const { a, b, ...ids } = await admittedPair();
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

test("nothing is sent or received by gossip where it is dropped", async () => {
  const [a, b] = [await started("a", { dropGossip: true }), await started("b")];
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

test("a stopped driver ignores orders, stops twice, and frees its port", async () => {
  const { a, b } = await admittedPair();
  const { port } = b;
  await Promise.all([b.driver.stop(), b.driver.stop()]);
  await a.event("linkClosed");
  b.driver.carryOut({ type: "dial", address: a.address, attempt: 9 });
  const again = await started("b", { listen: [`/ip4/127.0.0.1/tcp/${port}`] });
  expect(again.port).toBe(port);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
