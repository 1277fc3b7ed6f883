/** Each cause is made among real nodes, and the explanation names that cause and no other. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { RunningNode } from "./facade.ts";
import { addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import { causeOf } from "../../test/support/why.ts";

test("connected: by its id, the beginning of it, and its address", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const b = await fleet.start("b", { p2pDial: [addressOf(a)] });
  const { peerId } = a.facade.info();
  const linked = await causeOf(b.facade, peerId, "connected");
  expect(linked.facts.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["known from", "state", "steps", "address"]),
  );
  expect((await b.facade.why(peerId.slice(0, 20))).peer).toBe(peerId);
  expect((await b.facade.why(addressOf(a))).cause).toBe("connected");
  expect((await b.facade.why("12D3KooW")).cause).toBe("connected");
});

test("self: this node's own id", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  expect((await a.facade.why(a.facade.info().peerId)).cause).toBe("self");
});

test("unknown: an address and a peer never heard of, and what is neither", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  expect(await a.facade.why("no such thing!")).toMatchObject({
    cause: "unknown",
    next: expect.stringContaining("12D3Koo"),
  });
  expect((await a.facade.why("12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf")).cause).toBe("unknown");
  const nobody = await a.facade.why("/ip4/192.0.2.7/tcp/4001");
  expect(nobody).toMatchObject({ cause: "unknown", next: "Dial it: p2p-sync peer dial /ip4/192.0.2.7/tcp/4001" });
});

test("refused: a peer that was stopped says so first, then that nobody listens, and each time when it is tried again", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const { peerId } = a.facade.info();
  const b = await fleet.start("b", { p2pDial: [addressOf(a)] });
  await causeOf(b.facade, peerId, "connected");
  const seen: string[] = [];
  b.facade.onEvent(({ type, detail }) => {
    if (type === "goodbye") seen.push(detail.code);
  });
  await a.facade.stop();
  const gone = await causeOf(b.facade, peerId, "refused", ["shuttingDown"]);
  expect(seen).toEqual(["shuttingDown"]);
  expect(gone.conclusion).toMatch(/^Nobody listens there: .*ECONNREFUSED/);
  expect(gone.next).toMatch(
    /is the node started.*The next try is in \d+ s|is the node started.*It is being dialed now/,
  );
});

test("wrongNetwork: a node of another network", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const stranger = await fleet.start("stranger", { networkName: "another", p2pDial: [addressOf(a)] });
  const other = await causeOf(stranger.facade, a.facade.info().peerId, "wrongNetwork");
  expect(other.next).toContain("--network");
});

test("clock: a node whose clock is days off", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const early = await fleet.start("early", { testClockOffsetMs: 172_000_000, p2pDial: [addressOf(a)] });
  const skewed = await causeOf(early.facade, a.facade.info().peerId, "clock");
  expect(skewed.next).toContain("NTP");
});

test("timeout: an address where somebody listens and says nothing", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a", { p2pDialTimeoutSeconds: 1 });
  const silent = createServer(() => undefined);
  await expectCause(a, await listenOn(silent), "timeout");
  silent.close();
});

test("protocol: an address with another program", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const talker = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await expectCause(a, await listenOn(talker), "protocol");
  talker.close();
});

test("wrongPeer: an address at which another peer lives than it says", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const b = await fleet.start("b");
  const absent = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf";
  await expectCause(a, addressOf(b).replace(b.facade.info().peerId, absent), "wrongPeer");
});

test("unreachable: an address to which no way leads", async () => {
  await using fleet = createFleet();
  await expectCause(await fleet.start("a"), "/ip4/255.255.255.255/tcp/1", "unreachable");
});

async function expectCause(node: RunningNode, address: string, cause: string): Promise<void> {
  await node.facade.dial(address);
  expect((await causeOf(node.facade, address, cause)).target).toBe(address);
}

function listenOn(server: ReturnType<typeof createServer>): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`));
  });
}

test("banned: a peer this node has banned, by its id or its address, and what the banned one sees", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const b = await fleet.start("b", { p2pDial: [addressOf(a)] });
  const { peerId } = b.facade.info();
  await causeOf(a.facade, peerId, "connected");
  await a.facade.peerControl.ban(peerId.slice(0, 20), { forMs: 60_000, reason: "too loud" });
  const here = await causeOf(a.facade, peerId, "banned");
  expect(here.conclusion).toMatch(/^It is banned until .*by an operator: too loud\.$/);
  expect(here.next).toContain(`p2p-sync peer unban ${peerId}`);
  const there = await causeOf(b.facade, a.facade.info().peerId, "banned");
  expect(there.conclusion).toMatch(/^It has banned this node: they said goodbye \(banned\): banned for 60 s: too loud/);
  expect(a.facade.peerControl.closed()).toMatchObject([{ peer: peerId, by: "us", code: "banned" }]);
  await a.facade.peerControl.lift(peerId);
  await b.facade.dial(addressOf(a));
  await causeOf(a.facade, peerId, "connected", ["banned"]);
  await a.facade.peerControl.ban("127.0.0.0/8");
  expect((await causeOf(a.facade, peerId, "banned")).conclusion).toMatch(
    /^Its address lies in 127\.0\.0\.0\/8, which is banned for good/,
  );
  expect((await a.facade.why("/ip4/127.9.9.9/tcp/1")).cause).toBe("banned");
});

test("other: a peer that was disconnected stays away for a while, and one that was forgotten is not dialed", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const b = await fleet.start("b", { p2pDial: [addressOf(a)] });
  const { peerId } = a.facade.info();
  await causeOf(b.facade, peerId, "connected");
  await b.facade.peerControl.disconnect(peerId);
  const away = await causeOf(b.facade, peerId, "other");
  expect(away.conclusion).toContain("the operator closed this link");
  await until("the wait of its address is shown", async () =>
    /The next try is in (5\d|6\d|7\d) s/.test((await b.facade.why(peerId)).next),
  );
  await b.facade.peerControl.forget(peerId);
  expect((await b.facade.why(peerId)).next).toContain("waits to be dialed");
  await expect(b.facade.peerControl.forget(peerId)).rejects.toMatchObject({ code: "not_found" });
});
