/** Causes that need somebody at the other end who is no node of this program, or a crowd: one test for each. */
import type { Server, Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Fleet, addressOf, createFleet } from "../../test/support/in-process.ts";
import { admitProtocol, createStranger, type Stranger } from "../../test/support/stranger.ts";
import { tcpListener } from "../../test/support/tcp-listener.ts";
import { causeOf, noReach } from "../../test/support/why.ts";
import type { Instant, PeerId } from "../base/brand.ts";
import { encodeAdmit } from "../codec/admit.ts";
import { dialsMax, helloWithinMs } from "../core/peers/limits.ts";
import { encodeFrame } from "../drivers/libp2p/frame-codec.ts";
import { otherProgramMs } from "../drivers/libp2p/limits.ts";
import { ping } from "../drivers/libp2p/ping.ts";
import type { PeerStatus } from "./facade.ts";
import { explainPeer } from "./why.ts";

let fleet: Fleet;
let strangers: Stranger[];
let servers: Server[];
beforeEach(() => {
  fleet = createFleet();
  [strangers, servers] = [[], []];
});
afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
  await Promise.all(strangers.map((each) => each.stop()));
  for (const server of servers) server.close();
});

/** Somebody who speaks libp2p and has dialed that address. */
async function strangerAt(
  address: string,
  listensToAdmit = true,
): Promise<{
  readonly stranger: Stranger;
  readonly connection: Awaited<ReturnType<Stranger["dial"]>>;
  say(frame: Uint8Array): Promise<void>;
}> {
  const stranger = await createStranger({ topic: "none", listensToAdmit });
  strangers.push(stranger);
  const connection = await stranger.dial(address);
  return {
    stranger,
    connection,
    async say(frame) {
      (await stranger.openStream(connection, admitProtocol)).send(frame);
    },
  };
}

/** A listener on this machine that does that with who connects. */
async function listener(meet: (socket: Socket) => void): Promise<string> {
  const { server, address } = await tcpListener(meet);
  servers.push(server);
  return address;
}

test("ambiguous: two peers whose ids begin so", async () => {
  const a = await fleet.start("a");
  const others = [
    await fleet.start("b", { p2pDial: [addressOf(a)] }),
    await fleet.start("c", { p2pDial: [addressOf(a)] }),
  ];
  for (const other of others) await causeOf(a.facade, other.facade.info().peerId, "connected");
  const { conclusion, views } = await causeOf(a.facade, "12D3KooW", "ambiguous", ["connected"]);
  expect(conclusion).toMatch(/^2 peers begin so: 12D3KooW\w+, 12D3KooW\w+\.$/);
  expect(views).toEqual([]);
});

test("connecting: a dial that nobody has answered yet", async () => {
  const a = await fleet.start("a");
  const silent = await listener(() => undefined);
  await a.facade.dial(silent);
  expect((await causeOf(a.facade, silent, "connecting")).conclusion).toMatch(/^On the way: /);
});

test("notDialed: an address that waits for others to be dialed", async () => {
  const a = await fleet.start("a");
  for (let i = 0; i < dialsMax; i++) await a.facade.dial(await listener(() => undefined));
  const waiting = await listener(() => undefined);
  await a.facade.dial(waiting);
  const { facts } = await causeOf(a.facade, waiting, "notDialed");
  expect(facts.find(({ name }) => name === "address")?.text).toContain("tcp/ip4): not dialed yet; never linked");
});

test("self: an address at which this node itself answers", async () => {
  const a = await fleet.start("a");
  const own = addressOf(a).replace(/\/p2p\/.*/, "");
  await a.facade.dial(own);
  expect((await causeOf(a.facade, own, "self")).next).toContain("take that address off");
});

test("encryption: something that answers with bytes of its own", async () => {
  const a = await fleet.start("a");
  const impostor = await listener((socket) => {
    socket.resume();
    const choice = Buffer.from("\x13/multistream/1.0.0\n\x07/noise\n");
    socket.write(Buffer.concat([choice, Buffer.from([0, 96]), Buffer.alloc(96, 7)]));
  });
  await a.facade.dial(impostor);
  expect((await causeOf(a.facade, impostor, "encryption")).next).toContain("changes the bytes");
});

test("addressInvalid: an address of the family that this node does not use", async () => {
  const a = await fleet.start("a", { p2pFamily: "v4", p2pDial: ["/ip6/::1/tcp/4001"] });
  await expect(a.facade.dial("/ip6/::1/tcp/4001")).rejects.toMatchObject({ code: "invalid_address" });
  expect((await causeOf(a.facade, "/ip6/::1/tcp/4001", "addressInvalid")).next).toContain("--family");
});

test("wrongVersion: a hello of a later version", async () => {
  const a = await fleet.start("a");
  const { stranger, say } = await strangerAt(addressOf(a));
  await say(encodeFrame(encodeAdmit({ type: "foreignHello", version: 9, rest: new Uint8Array(60) })));
  expect((await causeOf(a.facade, stranger.id, "wrongVersion")).next).toContain("same version");
});

test("noHello: somebody who connects and says nothing", async () => {
  const a = await fleet.start("a");
  const { stranger } = await strangerAt(addressOf(a));
  expect((await causeOf(a.facade, stranger.id, "noHello")).next).toContain("never introduced itself");
});

test("noHello: another program of libp2p, which had its time to identify and to ping", async () => {
  const a = await fleet.start("a");
  const { stranger, connection } = await strangerAt(addressOf(a), false);
  const began = performance.now();
  const end = Promise.withResolvers<number>();
  connection.addEventListener("close", () => end.resolve(performance.now() - began));
  expect(await ping(connection, AbortSignal.timeout(otherProgramMs))).toBeGreaterThan(0);
  expect(await end.promise).toBeGreaterThan(otherProgramMs / 2);
  const { conclusion } = await causeOf(a.facade, stranger.id, "noHello");
  expect(conclusion).toContain("it speaks libp2p, but not P2P Sync: it knows no /p2p-sync/admit/1");
  expect(otherProgramMs, "or the core parts first, and knows less").toBeLessThan(helloWithinMs);
});

test("protocolViolation: somebody who sends what no node sends", async () => {
  const a = await fleet.start("a");
  const { stranger, say } = await strangerAt(addressOf(a));
  await say(encodeFrame(Uint8Array.of(99, 1, 2, 3)));
  expect((await causeOf(a.facade, stranger.id, "protocolViolation")).next).toContain("look at its log");
});

test("closed: a connection that ends without a word", async () => {
  const a = await fleet.start("a");
  const { stranger, connection } = await strangerAt(addressOf(a));
  await causeOf(a.facade, stranger.id, "connecting");
  connection.abort(new Error("pulled"));
  const { conclusion, next } = await causeOf(a.facade, stranger.id, "closed");
  expect(conclusion).toMatch(/^The link was lost: /);
  expect(next).toContain("waits to be dialed");
});

test("shuttingDown: a peer that was stopped, and whose address is not known here", async () => {
  const a = await fleet.start("a");
  const b = await fleet.start("b", { p2pDial: [addressOf(a)] });
  const { peerId } = b.facade.info();
  await causeOf(a.facade, peerId, "connected");
  await b.facade.stop();
  expect((await causeOf(a.facade, peerId, "shuttingDown")).conclusion).toMatch(/^It was shut down: /);
});

test("full: a third peer of one neighbourhood that is not exempt", async () => {
  const a = await fleet.start("a", { peersExemptRanges: [] });
  const id = a.facade.info().peerId;
  for (const name of ["b", "c"])
    await causeOf((await fleet.start(name, { p2pDial: [addressOf(a)] })).facade, id, "connected");
  const third = await fleet.start("d", { p2pDial: [addressOf(a)] });
  expect((await causeOf(third.facade, id, "full")).next).toContain("no free place for peers");
});

test("left: a peer that is remembered without a link, an error or an address", () => {
  const id = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf" as PeerId;
  const peer: PeerStatus = {
    ...{
      id,
      state: "Disconnected",
      class: "regular",
      score: undefined,
      direction: undefined,
      address: undefined,
      source: "inbound",
    },
    ...{ link: undefined, rttMs: undefined, clockOffsetMs: undefined, suspicion: undefined, connectedSince: undefined },
    ...{ lastError: undefined, nextDialAt: undefined, history: [] },
  };
  const outboxes = [{ peer: id, messages: 2, bytes: 900, oldestMs: 3_000 }];
  const known = {
    self: "me" as PeerId,
    peers: [peer],
    candidates: [],
    banOn: () => undefined,
    reach: noReach,
    now: 1 as Instant,
  };
  const facts = { ...known, outboxes, wanted: [] };
  const explanation = explainPeer(id, facts);
  expect(explanation).toMatchObject({ cause: "left", next: expect.stringContaining("waits to be dialed") });
  const waiting = { name: "waiting for it", text: "2 messages, 900 bytes, the oldest for 3 s; sent when it is back" };
  expect(explanation.facts).toContainEqual(waiting);
});
