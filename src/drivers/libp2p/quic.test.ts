import { createSocket } from "node:dgram";
import { afterEach, describe, expect, test } from "vitest";
import { frameBytesMax, untakenBytesMax } from "./limits.ts";
import { loadQuic } from "./quic/native.ts";
import { isServed, loadTransports } from "./transports.ts";
import { link, TestNode, TestScope } from "../../../test/support/driver-node.ts";

const scope = new TestScope();
afterEach(() => scope.end());

const loaded = await loadQuic();
const quic = { transports: ["quic"], listen: ["/ip4/127.0.0.1/udp/0/quic-v1"] } as const;

// Needs the optional package, which npm leaves out on other platforms and under Node before 22.
describe.skipIf("problem" in loaded)("over QUIC", () => {
  test("two nodes link, admit, exchange frames and gossip over QUIC alone", async () => {
    const { a, b, ...ids } = await scope.admittedPair(quic);
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
    expect(a.address).toMatch(/^\/ip4\/127\.0\.0\.1\/udp\/\d+\/quic-v1\/p2p\//);
    const stages = a.facts.filter((fact) => "connection" in fact).map((fact) => fact.type);
    expect(stages).toEqual(["transportOpened", "handshakeStarted", "authenticated", "negotiated", "linked"]);
  });

  test("frames of the largest size pass in order over QUIC", async () => {
    const { a, b, ...ids } = await scope.admittedPair(quic);
    const frames = 7;
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

  test("a link of QUIC whose frames nobody takes is not read on until they are taken", async () => {
    const { a, b, ...ids } = await scope.admittedPair(quic);
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
  });

  test("a goodbye is read before a link of QUIC closes, and both sides learn the end", async () => {
    const [a, b] = [await scope.start("a", quic), await scope.start("b", quic)];
    const ids = await link(a, b);
    b.send(ids.in, "admit", "goodbye");
    b.driver.carryOut({ type: "closeLink", link: ids.in, code: "full", reason: "no room" });
    expect((await b.event("linkClosed")).reason).toBe("no room");
    expect((await a.event("linkClosed")).reason).toBe("the peer closed the connection");
    expect(a.events.map((event) => event.type)).toEqual(["listening", "linkOpened", "frameReceived", "linkClosed"]);
  });

  test("failed dials over QUIC name their cause", async () => {
    const a = await scope.start("a", { ...quic, dialMs: 600 });
    const b = await scope.start("b", quic);
    const other = await TestNode.create("other", quic);
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    scope.later(() => new Promise((resolve) => socket.close(() => resolve())));
    const expectations = [
      {
        address: b.address.replace(b.driver.peerId, other.driver.peerId),
        failure: "wrongPeer",
        detail: `expected ${other.driver.peerId} but ${b.driver.peerId} lives there`,
      },
      { address: a.address, failure: "self" },
      { address: a.address.replace(/\/p2p\/.*/, ""), failure: "self" },
      { address: `/ip4/127.0.0.1/udp/${socket.address().port}/quic-v1`, failure: "timeout", detail: "no connection" },
      { address: "/dns4/nobody.invalid/udp/1/quic-v1", failure: "unreachable" },
      { address: "/ip4/127.0.0.1/tcp/1", failure: "addressInvalid", detail: "no transport that is in use here" },
    ];
    for (const [index, { address, failure, detail }] of expectations.entries()) {
      a.driver.carryOut({ type: "dial", address, attempt: index });
      const event = await a.event("dialFailed", (candidate) => candidate.attempt === index);
      expect(event, address).toMatchObject({ address, failure, detail: expect.stringContaining(detail ?? "") });
    }
  });

  test("a UDP port in use names its owner", async () => {
    const holder = createSocket("udp4");
    await new Promise<void>((resolve) => holder.bind(0, "127.0.0.1", resolve));
    scope.later(() => new Promise((resolve) => holder.close(() => resolve())));
    const { port } = holder.address();
    const node = await TestNode.create("late", { ...quic, listen: [`/ip4/127.0.0.1/udp/${port}/quic-v1`] });
    await expect(node.driver.start()).rejects.toMatchObject({
      code: "port_in_use",
      details: { port, pid: process.pid },
    });
  });

  test("bytes of both sides are those of the datagrams, while open and after the end", async () => {
    const { a, b, ...ids } = await scope.admittedPair(quic);
    a.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: new Uint8Array(1_000_000) });
    await b.event("frameReceived");
    const [sent, received] = [a.driver.counters().bytes_sent, b.driver.counters().bytes_received];
    expect(sent).toBeGreaterThan(1_000_000);
    expect(Math.abs(sent - received)).toBeLessThan(sent / 10);
    await b.driver.stop();
    await a.event("linkClosed");
    expect(a.driver.counters().bytes_sent).toBeGreaterThanOrEqual(sent);
    expect(a.driver.counters()).toMatchObject({ total_connections: 1, active_connections: 0 });
  });

  test("a stopped driver frees its UDP port", async () => {
    const { a, b } = await scope.admittedPair(quic);
    const { port } = b;
    await b.driver.stop();
    await a.event("linkClosed");
    const again = await scope.start("b", { ...quic, listen: [`/ip4/127.0.0.1/udp/${port}/quic-v1`] });
    expect(again.port).toBe(port);
  });
});

test("a transport whose package is not there is told, and one alone keeps the node from starting", async () => {
  const missing = { problem: "Cannot find package" };
  await expect(loadTransports(["quic"], 1_000, () => Promise.resolve(missing))).rejects.toMatchObject({
    code: "transport_unavailable",
    message: "no transport can be used: quic: Cannot find package",
  });
  const { missing: told, factories } = await loadTransports(["tcp", "quic"], 1_000, () => Promise.resolve(missing));
  expect(told).toEqual([{ name: "quic", problem: "Cannot find package" }]);
  expect(factories).toHaveLength(1);
  const listen = ["/ip4/0.0.0.0/tcp/1", "/ip4/0.0.0.0/udp/1/quic-v1"];
  expect(listen.filter((address) => isServed(address, told))).toEqual(["/ip4/0.0.0.0/tcp/1"]);
});
