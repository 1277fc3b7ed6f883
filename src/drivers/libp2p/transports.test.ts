/**
 * What holds over every transport, and what is each one's own.
 */
import type { Libp2p } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp as libraryTcp } from "@libp2p/tcp";
import { tls as libraryTls } from "@libp2p/tls";
import { webSockets } from "@libp2p/websockets";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p, type Libp2pInit } from "libp2p";
import { createSocket } from "node:dgram";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { link, TestNode, TestScope } from "../../../test/support/driver-node.ts";
import { frameBytesMax, untakenBytesMax } from "./limits.ts";
import { loadQuic, quicPackage } from "./quic/native.ts";
import { streamRate } from "./rates/limits.ts";
import { isServed, loadTransports } from "./transports.ts";

const scope = new TestScope();
afterEach(() => scope.end());

const loaded = await loadQuic();
const quic = { transports: ["quic"], listen: ["/ip4/127.0.0.1/udp/0/quic-v1"] } as const;
const ws = { transports: ["ws"], listen: ["/ip4/127.0.0.1/tcp/0/ws"] } as const;
const tcp = { transports: ["tcp"], listen: ["/ip4/127.0.0.1/tcp/0"] } as const;
const tls = { ...tcp, encrypters: ["tls"] } as const;

// QUIC needs the optional package, which npm leaves out on other platforms and under Node before 22.
const cases = [
  { name: "TCP", over: tcp },
  ...("problem" in loaded ? [] : [{ name: "QUIC", over: quic }]),
  { name: "WebSockets", over: ws },
] as const;

test.each([...cases, { name: "TCP with TLS", over: tls }])(
  "two nodes link, admit, exchange frames and gossip over $name",
  async ({ over }) => {
    const { a, b, ...ids } = await scope.admittedPair(over);
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
    expect(Buffer.from((await b.event("gossipReceived")).payload).toString()).toBe("batch");
    const stages = a.facts.filter((fact) => "connection" in fact).map((fact) => fact.type);
    expect(stages).toEqual(["transportOpened", "handshakeStarted", "authenticated", "negotiated", "linked"]);
  },
);

test.each([...cases, { name: "TCP with TLS", over: tls }])(
  "a link whose frames nobody takes is not read on until they are taken, over $name",
  async ({ over }) => {
    const { a, b, ...ids } = await scope.admittedPair(over);
    b.takesAtOnce = false;
    const frame = new Uint8Array(frameBytesMax.frontier);
    for (let n = 0; n < 7; n++) a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame });
    const received = (): number => b.events.filter((event) => event.type === "frameReceived").length;
    await b.until("more than the bound", () => (received() * frame.length > untakenBytesMax ? true : undefined));
    const behind = received();
    const before = a.driver.counters().bytes_sent;
    await a.fact("rttMeasured"); // the link itself lives on
    expect(received()).toBe(behind);
    expect(a.driver.counters().bytes_sent - before).toBeLessThan(frame.length * 2);
    b.takeAll(true);
    b.takesAtOnce = true;
    await b.until("all frames", () => (received() === 7 ? true : undefined));
  },
);

describe.each(cases)("over $name", ({ name, over }) => {
  test("frames of the largest size pass in order", async () => {
    const { a, b, ...ids } = await scope.admittedPair(over);
    const frames = 3;
    for (let n = 0; n < frames; n++) {
      const frame = new Uint8Array(frameBytesMax.frontier).fill(n);
      frame[0] = 0x02;
      a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame });
    }
    const received = (): number[] =>
      b.events.flatMap((event) => (event.type === "frameReceived" ? [event.frame.at(-1) ?? -1] : []));
    await b.until("all frames", () => (received().length === frames ? true : undefined));
    expect(received()).toEqual(Array.from({ length: frames }, (_, n) => n));
    expect((await a.event("drained")).protocol).toBe("frontier");
  });

  test("a goodbye is read before a link closes, and both sides learn the end", async () => {
    for (let round = 0; round < 3; round++) {
      const [a, b] = [await scope.start(`a${round}`, over), await scope.start(`b${round}`, over)];
      const ids = await link(a, b);
      b.send(ids.in, "admit", "goodbye");
      b.driver.carryOut({ type: "closeLink", link: ids.in, code: "full", reason: "no room" });
      expect((await b.event("linkClosed")).reason).toBe("no room");
      expect((await a.event("linkClosed")).reason).toBe("the peer closed the connection");
      expect(a.events.map((event) => event.type)).toEqual(["listening", "linkOpened", "frameReceived", "linkClosed"]);
    }
  });

  test("a node without room for strangers lets none in, and then again", async () => {
    const [a, b] = [await scope.start("a", { ...over, dialMs: 2_000 }), await scope.start("b", over)];
    b.driver.pace(1_000_000);
    a.driver.carryOut({ type: "dial", address: b.address, attempt: 1 });
    await b.until("it is refused", () => a.events.find(({ type }) => type === "dialFailed" || type === "linkClosed"));
    expect(b.events.map((event) => event.type)).not.toContain("linkOpened");
    b.driver.pace(undefined);
    await link(a, b);
  });

  test("failed dials name their cause", async () => {
    const a = await scope.start("a", { ...over, dialMs: 2_000 });
    const b = await scope.start("b", over);
    const other = await TestNode.create("other", over);
    const closed = await freePort();
    const expectations = [
      {
        address: b.address.replace(b.driver.peerId, other.driver.peerId),
        failure: "wrongPeer",
        detail: `expected ${other.driver.peerId} but ${b.driver.peerId} lives there`,
      },
      { address: a.address, failure: "self" },
      { address: a.address.replace(/\/p2p\/.*/, ""), failure: "self" },
      name === "QUIC" // nobody answers at a closed port of UDP
        ? { address: `/ip4/127.0.0.1/udp/${closed}/quic-v1`, failure: "timeout", detail: "no connection" }
        : {
            address: `/ip4/127.0.0.1/tcp/${closed}${name === "WebSockets" ? "/ws" : ""}`,
            failure: "refused",
            detail: "ECONNREFUSED",
          },
      {
        address: a.address.replace(/^.ip4.127.0.0.1/, "/dns4/nobody.invalid").replace(/\/p2p\/.*/, ""),
        failure: "nameUnknown",
      },
      {
        address: name === "QUIC" ? "/ip4/127.0.0.1/tcp/1" : "/ip4/127.0.0.1/udp/1/quic-v1",
        failure: "addressInvalid",
        detail: "no transport that is in use here",
      },
    ];
    for (const [index, { address, failure, detail }] of expectations.entries()) {
      a.driver.carryOut({ type: "dial", address, attempt: index });
      const event = await a.event("dialFailed", (candidate) => candidate.attempt === index);
      expect(event, address).toMatchObject({ address, failure, detail: expect.stringContaining(detail ?? "") });
    }
  });

  test("a client of another program can speak to a node, and is parted with where it opens streams without end", async () => {
    const b = await scope.start("b", over);
    const connection = await (await foreigner(over.transports[0])).dial(multiaddr(b.address));
    const stream = await connection.newStream("/p2p-sync/admit/1");
    stream.send(Uint8Array.from([5, ...Buffer.from("hello")]));
    expect(Buffer.from((await b.event("frameReceived")).frame).toString()).toBe("hello");
    const done = new Error("done");
    for (let n = 0; n <= 2 * streamRate.burst; n++)
      void connection
        .newStream("/p2p-sync/admit/1", { maxOutboundStreams: 1_000 })
        .then((more) => more.abort(done)) // of QUIC only 64 can be open at once
        .catch(() => undefined);
    expect((await b.event("peerMisbehaved")).reason).toBe("a flood of streams");
    expect((await b.event("linkClosed")).reason).toBe("a flood of streams");
  });

  test("bytes of both sides agree, while open and after the end, and a stopped driver frees its port", async () => {
    const { a, b, ...ids } = await scope.admittedPair(over);
    const { address } = b;
    a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: new Uint8Array(1_000_000) });
    await b.event("frameReceived");
    const [sent, received] = [a.driver.counters().bytes_sent, b.driver.counters().bytes_received];
    for (const bytes of [sent, received]) {
      expect(bytes).toBeGreaterThan(1_000_000);
      expect(bytes).toBeLessThan(2_000_000); // a datagram of QUIC may be lost, and sent again
    }
    await b.driver.stop();
    await a.event("linkClosed");
    expect(a.driver.counters().bytes_sent).toBeGreaterThanOrEqual(sent);
    expect(a.driver.counters()).toMatchObject({ total_connections: 1, active_connections: 0 });
    const listen = [address.replace(/\/p2p\/.*/, "")];
    expect((await scope.start("b", { ...over, listen })).address).toBe(address);
  });

  test("a port in use names its owner", async () => {
    const port = await heldPort(name === "QUIC" ? "udp" : "tcp");
    const listen = over.listen.map((address) => address.replace("/0/", `/${port}/`).replace(/\/0$/, `/${port}`));
    const node = await TestNode.create("late", { ...over, listen });
    await expect(node.driver.start()).rejects.toMatchObject({
      code: "port_in_use",
      details: { port, pid: process.pid },
    });
  });
});

test("a port for WebSockets answers other requests in words, and cuts off who does not finish one", async () => {
  const b = await scope.start("b", ws);
  const answer = await fetch(`http://127.0.0.1:${b.port}/`);
  expect([answer.status, await answer.text()]).toEqual([426, expect.stringContaining("WebSockets")]);
  const text = new WebSocket(`ws://127.0.0.1:${b.port}/`);
  const ended = new Promise<CloseEvent>((resolve) => text.addEventListener("close", resolve));
  text.addEventListener("open", () => text.send("text"));
  expect((await ended).code).toBe(1003);
  const slow = connect(b.port, "127.0.0.1");
  slow.write("GET / HTTP/1.1\r\n");
  await new Promise((resolve) => slow.on("error", resolve).on("close", resolve).resume());
});

test("an HTTP server that serves no WebSocket fails as protocol", async () => {
  const a = await scope.start("a", ws);
  const port = await heldPort("tcp", (_request, response) => void response.writeHead(404).end());
  a.driver.carryOut({ type: "dial", address: `/ip4/127.0.0.1/tcp/${port}/ws`, attempt: 1 });
  expect(await a.event("dialFailed")).toMatchObject({
    failure: "protocol",
    detail: expect.stringContaining("HTTP 404"),
  });
});

test("a node of several transports is dialed over each", async () => {
  const b = await scope.start("b", { transports: ["tcp", "ws"], listen: ["/ip4/127.0.0.1/tcp/0", ws.listen[0]] });
  const a = await scope.start("a", { transports: ["ws", "tcp"] });
  for (const address of b.driver.addresses()) await link(a, b, address);
  const over = b.driver.links().map(({ address }) => address.includes("/ws"));
  expect(new Set(over)).toEqual(new Set([false, true]));
});

test("a transport whose package is not there is told, and one alone keeps the node from starting", async () => {
  const missing = { problem: "Cannot find package" };
  await expect(loadTransports(["quic"], () => Promise.resolve(missing))).rejects.toMatchObject({
    code: "transport_unavailable",
    message: "no transport can be used: quic: Cannot find package",
  });
  const { missing: told, factories } = await loadTransports(["tcp", "quic"], () => Promise.resolve(missing));
  expect(told).toEqual([{ name: "quic", problem: "Cannot find package" }]);
  expect(factories).toHaveLength(1);
  const listen = ["/ip4/0.0.0.0/tcp/1", "/ip4/0.0.0.0/udp/1/quic-v1"];
  expect(listen.filter((address) => isServed(address, told))).toEqual(["/ip4/0.0.0.0/tcp/1"]);
});

/** A libp2p node that is none of ours, with the transports of its library. */
async function foreigner(transport: "quic" | "tcp" | "ws"): Promise<Libp2p> {
  const libraryQuic = transport === "quic" ? await quicOfLibrary() : undefined;
  const node = await createLibp2p({
    transports: [libraryQuic ?? (transport === "ws" ? webSockets() : libraryTcp())],
    connectionEncrypters: [noise(), libraryTls()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  });
  scope.later(async () => await node.stop());
  return node;
}

type Factory = NonNullable<Libp2pInit["transports"]>[number];

/** By a name that the compiler does not follow: the package is optional, and types must hold without it. */
async function quicOfLibrary(): Promise<Factory> {
  const name: string = quicPackage;
  const { quic } = (await import(name)) as { readonly quic: () => Factory };
  return quic();
}

/** A port that this process holds until the end of the test. */
async function heldPort(protocol: "tcp" | "udp", answer?: RequestListener): Promise<number> {
  if (protocol === "udp") {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    scope.later(() => new Promise((resolve) => socket.close(() => resolve())));
    return socket.address().port;
  }
  const server = await listening(createServer(answer));
  scope.later(() => new Promise((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = await listening(createServer());
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
