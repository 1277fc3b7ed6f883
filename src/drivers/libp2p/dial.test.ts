import { createServer, type AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { TestNode, TestScope } from "../../../test/support/driver-node.ts";

const scope = new TestScope();
afterEach(() => scope.end());

test("failed dials name their cause", async () => {
  const [a, b] = [await scope.start("a"), await scope.start("b")];
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

test("a dial that gets no answer ends as timeout, and the deadline of a dial that succeeded does not cut its link", async () => {
  const a = await scope.start("a", { dialMs: 400 });
  const b = await scope.start("b");
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  a.driver.carryOut({ type: "dial", address: b.address, attempt: 1 });
  const { link } = await a.event("linkOpened");
  a.driver.carryOut({
    type: "dial",
    address: `/ip4/127.0.0.1/tcp/${(silent.address() as AddressInfo).port}`,
    attempt: 2,
  });
  const failed = await a.event("dialFailed", ({ attempt }) => attempt === 2);
  expect(failed).toMatchObject({ failure: "timeout", detail: expect.stringContaining("within 0.4 s") });
  expect(a.events.filter((event) => event.type === "linkClosed" && event.link === link)).toEqual([]);
  silent.close();
});

test("a shorter time for the first answer does not count once the other side has answered", async () => {
  const a = await scope.start("a", { dialMs: 400 });
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = `/ip4/127.0.0.1/tcp/${(silent.address() as AddressInfo).port}`;
  a.driver.carryOut({ type: "dial", address, attempt: 1, answerMsMax: 150 });
  const failed = await a.event("dialFailed");
  expect(failed).toMatchObject({ failure: "timeout", detail: expect.stringMatching(/^connected, .* within 0.4 s/) });
  silent.close();
});

test("a listener that is not libp2p fails as protocol, one without a common encryption too", async () => {
  const a = await scope.start("a");
  const talker = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  await new Promise<void>((resolve) => talker.listen(0, "127.0.0.1", resolve));
  scope.later(() => new Promise((resolve) => talker.close(() => resolve())));
  a.driver.carryOut({
    type: "dial",
    address: `/ip4/127.0.0.1/tcp/${(talker.address() as AddressInfo).port}`,
    attempt: 1,
  });
  expect((await a.event("dialFailed", (event) => event.attempt === 1)).failure).toBe("protocol");
  const tlsOnly = await scope.start("tls", { encrypters: ["tls"] });
  a.driver.carryOut({ type: "dial", address: tlsOnly.address, attempt: 2 });
  expect((await a.event("dialFailed", (event) => event.attempt === 2)).failure).toBe("protocol");
});

test("a handshake that goes wrong fails as encryption", async () => {
  const a = await scope.start("a");
  const impostor = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
    const choice = Buffer.from("\x13/multistream/1.0.0\n\x07/noise\n");
    socket.write(Buffer.concat([choice, Buffer.from([0, 96]), Buffer.alloc(96, 7)]));
  });
  await new Promise<void>((resolve) => impostor.listen(0, "127.0.0.1", resolve));
  scope.later(() => new Promise((resolve) => impostor.close(() => resolve())));
  const { port } = impostor.address() as AddressInfo;
  a.driver.carryOut({ type: "dial", address: `/ip4/127.0.0.1/tcp/${port}`, attempt: 1 });
  expect((await a.event("dialFailed")).failure).toBe("encryption");
  expect((await a.fact("upgradeFailed")).connection).toBe((await a.fact("handshakeStarted")).connection);
});

test("a family refuses addresses of the other by name", async () => {
  const four = await scope.start("four", { family: "v4" });
  four.driver.carryOut({ type: "dial", address: "/ip6/::1/tcp/1", attempt: 1 });
  expect(await four.event("dialFailed")).toMatchObject({
    failure: "addressInvalid",
    detail: expect.stringContaining("family v4"),
  });
  await expect(TestNode.create("six", { family: "v6only" })).rejects.toMatchObject({ code: "invalid_address" });
  const six = await scope.start("six", { family: "v6only", listen: ["/ip6/::1/tcp/0"] });
  six.driver.carryOut({ type: "dial", address: "/ip4/127.0.0.1/tcp/1", attempt: 1 });
  expect(await six.event("dialFailed")).toMatchObject({
    failure: "addressInvalid",
    detail: expect.stringContaining("family v6only"),
  });
});

test("a port in use names its owner", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  scope.later(() => new Promise((resolve) => holder.close(() => resolve())));
  const { port } = holder.address() as AddressInfo;
  const node = await TestNode.create("late", { listen: [`/ip4/127.0.0.1/tcp/${port}`] });
  await expect(node.driver.start()).rejects.toMatchObject({ code: "port_in_use", details: { port, pid: process.pid } });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
