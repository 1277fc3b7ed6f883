/** What can keep a running node from a peer it was told to dial, each made for real: that cause and no other. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { diagnosisView } from "../../src/api/doctor-views.ts";
import { encodeAdmit } from "../../src/codec/admit.ts";
import { encodeFrame } from "../../src/drivers/libp2p/frame-codec.ts";
import { loadQuic } from "../../src/drivers/libp2p/quic/native.ts";
import type { RunningNode } from "../../src/node/facade.ts";
import { addressOf, createFleet, type Fleet } from "../support/in-process.ts";
import { createStranger, type Stranger } from "../support/stranger.ts";
import { tcpListener } from "../support/tcp-listener.ts";
import { until } from "../support/until.ts";
import { causeOf } from "../support/why.ts";
import { type Examined, untilCause } from "./examine.ts";

const quic = await loadQuic();
const withoutQuic = "problem" in quic ? quic.problem : undefined;

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

/** As the command would end. */
function look({ facade }: RunningNode): () => Promise<Examined> {
  return async () => {
    const view = diagnosisView(await facade.doctor());
    return { view, exit: { ok: 0, warning: 1, critical: 2 }[view.status] };
  };
}

async function listener(meet: (socket: Socket) => void): Promise<string> {
  const { server, address } = await tcpListener(meet);
  servers.push(server);
  return address;
}

async function strangerThatSays(greeting: Uint8Array | undefined): Promise<string> {
  const stranger = await createStranger({ topic: "none", listensToAdmit: true, ...(greeting && { greeting }) });
  strangers.push(stranger);
  return stranger.address;
}

test("nothing: a configured peer that is linked", async () => {
  const b = await fleet.start("b");
  const a = await fleet.start("a", { p2pDial: [addressOf(b)] });
  await causeOf(a.facade, b.facade.info().peerId, "connected");
  const { exit, view } = await look(a)();
  expect(view.causes).toEqual([]);
  expect(exit).toBe(0);
});

test("peer_refused, and peer_stopped before that: it was stopped", async () => {
  const b = await fleet.start("b");
  const a = await fleet.start("a", { p2pDial: [addressOf(b)] });
  await causeOf(a.facade, b.facade.info().peerId, "connected");
  await b.facade.stop();
  await untilCause(look(a), "peer_refused", /^Nobody listens there/, ["peer_stopped"]);
});

test("peer_stopped: it said goodbye, and its address takes no more dials", async () => {
  const b = await fleet.start("b");
  const a = await fleet.start("a", { p2pDial: [addressOf(b)], peersBackoffSeconds: 60 });
  await causeOf(a.facade, b.facade.info().peerId, "connected");
  const port = Number(/tcp\/(\d+)/.exec(addressOf(b))?.[1]);
  await b.facade.stop();
  const silent = createServer(() => undefined); // so that the next dial only waits
  servers.push(silent);
  await new Promise<void>((resolve) => silent.listen(port, "127.0.0.1", resolve));
  await untilCause(look(a), "peer_stopped", /^It was shut down/);
});

test("peer_other_network: the topics of the two do not match", async () => {
  const b = await fleet.start("b", { networkName: "another" });
  await untilCause(look(await fleet.start("a", { p2pDial: [addressOf(b)] })), "peer_other_network", /another network/);
});

test("peer_other_version: it answers in a later version", async () => {
  const hello = encodeAdmit({ type: "foreignHello", version: 9, rest: new Uint8Array(60) });
  const address = await strangerThatSays(encodeFrame(hello));
  await untilCause(look(await fleet.start("a", { p2pDial: [address] })), "peer_other_version", /another version/);
});

test("peer_violation: it sends what no correct node sends", async () => {
  const address = await strangerThatSays(encodeFrame(Uint8Array.of(99, 1, 2, 3)));
  await untilCause(look(await fleet.start("a", { p2pDial: [address] })), "peer_violation", /protocol was broken/);
});

test("peer_no_hello: it never introduces itself", async () => {
  const address = await strangerThatSays(undefined);
  await untilCause(look(await fleet.start("a", { p2pDial: [address] })), "peer_no_hello", /did not introduce itself/);
});

test("peer_clock: the two clocks are two days apart", async () => {
  const b = await fleet.start("b", { testClockOffsetMs: 172_000_000 });
  await untilCause(look(await fleet.start("a", { p2pDial: [addressOf(b)] })), "peer_clock", /clocks are too far apart/);
});

test("peer_wrong_id: another peer lives there", async () => {
  const b = await fleet.start("b");
  const absent = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
  const address = addressOf(b).replace(b.facade.info().peerId, absent);
  await untilCause(look(await fleet.start("a", { p2pDial: [address] })), "peer_wrong_id", /^Another peer is there/);
});

test("peer_is_self: this node answers there", async () => {
  const free = await listener(() => undefined);
  servers.pop()?.close();
  const port = Number(free.split("/").at(-1));
  await untilCause(
    look(await fleet.start("a", { p2pPort: port, p2pDial: [free] })),
    "peer_is_self",
    /node itself answers/,
  );
});

test("peer_handshake: something answers with bytes of its own", async () => {
  const address = await listener((socket) => {
    socket.resume();
    const choice = Buffer.from("\x13/multistream/1.0.0\n\x07/noise\n");
    socket.write(Buffer.concat([choice, Buffer.from([0, 96]), Buffer.alloc(96, 7)]));
  });
  await untilCause(
    look(await fleet.start("a", { p2pDial: [address] })),
    "peer_handshake",
    /encrypted handshake failed/,
  );
});

test("peer_not_libp2p: another program", async () => {
  const address = await listener((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await untilCause(look(await fleet.start("a", { p2pDial: [address] })), "peer_not_libp2p", /^No common protocol/);
});

test("peer_silent: it takes connections and says nothing", async () => {
  const address = await listener(() => undefined);
  const a = await fleet.start("a", { p2pDial: [address], p2pDialTimeoutSeconds: 1 });
  await untilCause(look(a), "peer_silent", /^No answer/);
});

test("peer_unreachable and peer_name_unknown: no way leads there, and nobody knows the name", async () => {
  const a = await fleet.start("a", { p2pDial: ["/ip4/255.255.255.255/tcp/1"] });
  await untilCause(look(a), "peer_unreachable", /^Unreachable/);
  const b = await fleet.start("b", { p2pDial: ["/dns4/nobody.invalid/tcp/1"] });
  await untilCause(look(b), "peer_name_unknown", /^Nobody knows that name/);
});

test("peer_address_invalid: an address of the family that this node does not use", async () => {
  const a = await fleet.start("a", { p2pFamily: "v4", p2pDial: ["/ip6/::1/tcp/4001"] });
  await untilCause(look(a), "peer_address_invalid", /cannot be dialed/);
});

test("peer_banned: the other side has banned this node", async () => {
  const b = await fleet.start("b");
  const a = await fleet.start("a", { p2pDial: [addressOf(b)] });
  await causeOf(b.facade, a.facade.info().peerId, "connected");
  await b.facade.peerControl.ban(a.facade.info().peerId, { forMs: 60_000, reason: "too loud" });
  await untilCause(look(a), "peer_banned", /has banned this node.*too loud/);
});

test("peer_full: the other side has no place for a third of one neighbourhood", async () => {
  const b = await fleet.start("b", { peersExemptRanges: [] });
  for (const name of ["c", "d"]) {
    const taken = await fleet.start(name, { p2pDial: [addressOf(b)] });
    await causeOf(taken.facade, b.facade.info().peerId, "connected");
  }
  await untilCause(look(await fleet.start("a", { p2pDial: [addressOf(b)] })), "peer_full", /^No free place/);
});

test("peer_lost: the connection was cut, and nobody takes it up again", async () => {
  const b = await fleet.start("b");
  const behind = Number(/tcp\/(\d+)/.exec(addressOf(b))?.[1]);
  const sockets: Socket[] = [];
  let open = true;
  const through = await listener((socket) => {
    sockets.push(socket);
    if (open)
      socket
        .pipe(connect(behind, "127.0.0.1"))
        .on("error", () => undefined)
        .pipe(socket);
  });
  const a = await fleet.start("a", { p2pDial: [through], peersBackoffSeconds: 60 });
  await causeOf(a.facade, b.facade.info().peerId, "connected");
  open = false;
  for (const socket of sockets) socket.destroy();
  await untilCause(look(a), "peer_lost", /^The link was lost/);
});

test("clock_wrong: this clock is off that of three peers, and writes are refused; clock_off: by less than that", async () => {
  const wrong = await fleet.start("wrong", { testClockOffsetMs: 60_000 });
  const off = await fleet.start("off", { testClockOffsetMs: 12_000 });
  for (const name of ["b", "c", "d"])
    await fleet.start(name, { p2pDial: [addressOf(wrong), addressOf(off)], peersExchange: false });
  await until(
    "three peers are linked with each",
    async () => (await wrong.facade.status()).peers >= 3 && (await off.facade.status()).peers >= 3,
  );
  await untilCause(look(wrong), "clock_wrong", /writes are refused/);
  await untilCause(look(off), "clock_off", /s off the peers' median\.$/);
});

test("limit_reached: the store has taken what it may, and puts are refused", async () => {
  const a = await fleet.start("a", { limitsMaxDisk: "32MiB" });
  const value = new Uint8Array(60_000).fill(7);
  let refused: unknown;
  for (let n = 0; refused === undefined && n < 800; n++)
    refused = await a.facade.put(`k${n}`, value).then(
      () => undefined,
      (error: unknown) => error,
    );
  expect(refused).toMatchObject({ code: "disk_budget" });
  await untilCause(look(a), "limit_reached", /refused/, ["limit_near"]);
});

// The optional package with the native part of QUIC is probed: an old Node leaves it out at installing.
test.skipIf(withoutQuic !== undefined)("nothing: a node that listens on QUIC alone", async () => {
  const a = await fleet.start("a", { p2pTransports: ["quic"] });
  const { view } = await look(a)();
  expect(view.causes).toEqual([]);
  expect(view.areas.find(({ name }) => name === "ports")?.seen).toMatch(/\(UDP\) listened on/);
});
