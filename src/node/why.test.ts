/** Each cause is made among real nodes, and the explanation names that cause and no other. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { addressOf, createFleet } from "../../test/support/in-process.ts";
import { until } from "../../test/support/until.ts";
import type { Explanation, NodeFacade } from "./facade.ts";

async function causeOf(node: NodeFacade, target: string, cause: string): Promise<Explanation> {
  let last: Explanation | undefined;
  return await until(
    `why says ${cause}`,
    async () => {
      last = await node.why(target);
      return last.cause === cause ? last : undefined;
    },
    { seen: () => last },
  );
}

test("a peer that is linked, one that was never heard of, and the node itself", async () => {
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
  expect((await b.facade.why("no such thing!")).next).toContain("12D3Koo");
  expect((await b.facade.why(b.facade.info().peerId)).cause).toBe("self");
  const nobody = await b.facade.why("/ip4/192.0.2.7/tcp/4001");
  expect(nobody).toMatchObject({ cause: "unknown", next: "Dial it: p2p-sync peer dial /ip4/192.0.2.7/tcp/4001" });
});

test("a peer that was stopped says so first, then that nobody listens, and each time when it is tried again", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const { peerId } = a.facade.info();
  const b = await fleet.start("b", { p2pDial: [addressOf(a)] });
  await causeOf(b.facade, peerId, "connected");
  const seen: string[] = [];
  b.facade.onEvent(({ type, detail }) => {
    if (type === "goodbye") seen.push(String(detail["code"]));
  });
  await a.facade.stop();
  const gone = await causeOf(b.facade, peerId, "refused");
  expect(seen).toEqual(["shuttingDown"]);
  expect(gone.conclusion).toMatch(/^Nobody listens there: .*ECONNREFUSED/);
  expect(gone.next).toMatch(
    /is the node started.*The next try is in \d+ s|is the node started.*It is being dialed now/,
  );
});

test("a node of another network, and one whose clock is days off", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const stranger = await fleet.start("stranger", { networkName: "another", p2pDial: [addressOf(a)] });
  const other = await causeOf(stranger.facade, a.facade.info().peerId, "wrongNetwork");
  expect(other.next).toContain("--network");
  const early = await fleet.start("early", { testClockOffsetMs: 172_000_000, p2pDial: [addressOf(a)] });
  const skewed = await causeOf(early.facade, a.facade.info().peerId, "clock");
  expect(skewed.next).toContain("NTP");
});

test("an address with nobody, with a silent listener, with another peer, and with another program", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a", { p2pDialTimeoutSeconds: 1 });
  const b = await fleet.start("b");
  const c = await fleet.start("c");
  const silent = createServer(() => undefined);
  const talker = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const [silentAt, talkerAt] = [await listenOn(silent), await listenOn(talker)];
  const wrongPeer = addressOf(b).replace(b.facade.info().peerId, c.facade.info().peerId);
  const cases = [
    { address: silentAt, cause: "timeout" },
    { address: talkerAt, cause: "protocol" },
    { address: wrongPeer, cause: "wrongPeer" },
    { address: "/ip4/255.255.255.255/tcp/1", cause: "unreachable" },
  ];
  for (const { address } of cases) await a.facade.dial(address);
  for (const { address, cause } of cases) expect((await causeOf(a.facade, address, cause)).target).toBe(address);
  silent.close();
  talker.close();
});

function listenOn(server: ReturnType<typeof createServer>): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`));
  });
}

test("a peer this node has banned, by its id or its address, and what the banned one sees", async () => {
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
  await causeOf(a.facade, peerId, "connected");
  await a.facade.peerControl.ban("127.0.0.0/8");
  expect((await causeOf(a.facade, peerId, "banned")).conclusion).toMatch(
    /^Its address lies in 127\.0\.0\.0\/8, which is banned for good/,
  );
  expect((await a.facade.why("/ip4/127.9.9.9/tcp/1")).cause).toBe("banned");
});

test("a peer that was disconnected stays away for a while, and one that was forgotten is not dialed", async () => {
  await using fleet = createFleet();
  const a = await fleet.start("a");
  const b = await fleet.start("b", { p2pDial: [addressOf(a)] });
  const { peerId } = a.facade.info();
  await causeOf(b.facade, peerId, "connected");
  await b.facade.peerControl.disconnect(peerId);
  const away = await causeOf(b.facade, peerId, "other");
  expect(away.conclusion).toContain("the operator closed this link");
  expect(away.next).toMatch(/The next try is in (5\d|6\d|7\d) s/);
  await b.facade.peerControl.forget(peerId);
  expect((await b.facade.why(peerId)).next).toContain("waits to be dialed");
  await expect(b.facade.peerControl.forget(peerId)).rejects.toMatchObject({ code: "not_found" });
});
