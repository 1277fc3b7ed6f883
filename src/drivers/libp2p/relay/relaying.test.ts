import { afterEach, expect, test } from "vitest";
import { link, type TestNode, TestScope } from "../../../../test/support/driver-node.ts";
import type { NetworkDriverOptions } from "../driver-types.ts";
import { circuitsPerPeerMax } from "./limits.ts";

const scope = new TestScope();
afterEach(() => scope.end());

/** A relay with members that are linked with it and admitted. */
async function around(
  names: readonly string[],
  overrides: Partial<NetworkDriverOptions> = {},
): Promise<{
  readonly relay: TestNode;
  readonly members: readonly { readonly node: TestNode; readonly out: number; readonly in: number }[];
}> {
  const relay = await scope.start("relay", overrides);
  const members = [];
  for (const name of names) {
    const node = await scope.start(name, overrides);
    const ids = await link(node, relay);
    node.admit(ids.out);
    relay.admit(ids.in);
    members.push({ node, ...ids });
  }
  return { relay, members };
}

async function placeOf(member: { readonly node: TestNode; readonly out: number }): Promise<string> {
  member.node.driver.carryOut({ type: "reserve", link: member.out });
  const { refused } = await member.node.event("reserved");
  expect(refused).toBeUndefined();
  return member.node.driver.addresses().find((address) => address.includes("/p2p-circuit")) as string;
}

for (const encrypter of ["noise", "tls"] as const) {
  test(`two members link by way of a relay over ${encrypter}, admit, exchange frames and part in order`, async () => {
    const { relay, members } = await around(["a", "b"], { encrypters: [encrypter] });
    const [a, b] = members as [(typeof members)[0], (typeof members)[0]];
    const address = await placeOf(a);
    expect(address).toBe(`${relay.address}/p2p-circuit/p2p/${a.node.driver.peerId}`);
    expect((await relay.event("guestsChanged")).guests).toEqual([a.node.driver.peerId]);
    const ids = await link(b.node, a.node, address);
    const inbound = await a.node.event("linkOpened", (event) => event.link === ids.in);
    expect(inbound.address).toBe(`${relay.address}/p2p-circuit/p2p/${b.node.driver.peerId}`);
    a.node.admit(ids.in);
    b.node.admit(ids.out);
    const big = new Uint8Array(1024 * 1024).fill(7);
    b.node.driver.carryOut({ type: "send", link: ids.out, protocol: "frontier", frame: big });
    const got = await a.node.event("frameReceived", (event) => event.frame.length === big.length);
    expect(got.frame.every((byte) => byte === 7)).toBe(true);
    b.node.send(ids.out, "admit", "goodbye");
    b.node.driver.carryOut({ type: "closeLink", link: ids.out, code: "other", reason: "enough" });
    expect((await b.node.event("linkClosed", ({ link: id }) => id === ids.out)).reason).toBe("enough");
    expect((await a.node.event("linkClosed", ({ link: id }) => id === ids.in)).reason).toBe(
      "the peer closed the connection",
    );
    expect(a.node.framesOf(ids.in)).toContain("goodbye");
    expect((await relay.fact("circuitEnded")).why).toBe("closed");
  });
}

test("bytes by way of a relay are counted for their link, and once in all", async () => {
  const { members } = await around(["a", "b"]);
  const [a, b] = members as [(typeof members)[0], (typeof members)[0]];
  const ids = await link(b.node, a.node, await placeOf(a));
  const circuit = b.node.driver.links().find((each) => each.link === ids.out);
  const direct = b.node.driver.links().find((each) => each.link === b.out);
  expect(circuit?.socket.sentBytes).toBeGreaterThan(100);
  expect(b.node.driver.counters().bytes_sent).toBe(direct?.socket.sentBytes);
});

test("who is not admitted gets neither place nor circuit, and is told that by the status of the protocol", async () => {
  const { relay, members } = await around(["a"]);
  const [a] = members as [(typeof members)[0]];
  const address = await placeOf(a);
  const stranger = await scope.start("stranger");
  const ids = await link(stranger, relay);
  stranger.driver.carryOut({ type: "reserve", link: ids.out });
  expect((await stranger.event("reserved")).refused).toBe("it does not relay for us");
  stranger.admit(ids.out); // as far as the stranger is concerned
  stranger.driver.carryOut({ type: "dial", address, attempt: 2 });
  const none = await stranger.event("dialFailed");
  expect([none.failure, none.detail]).toEqual(["relayRefused", "relay: it does not relay for us"]);
  expect(relay.facts.filter(({ type }) => type === "relayGranted" || type === "relayRefused")).toHaveLength(1);
  expect(relay.driver.relaying()).toEqual({ guests: 1, circuits: 0 });
});

test("a node that does not relay says so", async () => {
  const { members } = await around(["a"], { relays: false });
  const [a] = members as [(typeof members)[0]];
  a.node.driver.carryOut({ type: "reserve", link: a.out });
  expect((await a.node.event("reserved")).refused).toBe("it is no relay");
});

test("a circuit to who has no place, and one more than a member may have, are refused with the reason", async () => {
  const { relay, members } = await around(["a", "b"]);
  const [a, b] = members as [(typeof members)[0], (typeof members)[0]];
  const address = `${relay.address}/p2p-circuit/p2p/${a.node.driver.peerId}`;
  b.node.driver.carryOut({ type: "dial", address, attempt: 2 });
  const none = await b.node.event("dialFailed");
  expect([none.failure, none.detail]).toEqual(["unreachable", "relay: the peer has no place there any more"]);
  expect((await relay.fact("relayRefused")).reason).toBe(`${a.node.driver.peerId} has no place here`);
  await placeOf(a);
  for (let n = 0; n < circuitsPerPeerMax; n++) await link(b.node, a.node, address);
  b.node.driver.carryOut({ type: "dial", address, attempt: 99 });
  const full = await b.node.event("dialFailed", ({ attempt }) => attempt === 99);
  expect([full.failure, full.detail]).toEqual(["relayRefused", "relay: it has too many circuits already"]);
  await relay.fact("relayRefused", ({ reason }) => reason.endsWith(`has ${circuitsPerPeerMax} circuits already`));
});

test("a relay that is not linked is not asked", async () => {
  const { relay, members } = await around(["a", "b"]);
  const [a, b] = members as [(typeof members)[0], (typeof members)[0]];
  await placeOf(a);
  b.node.driver.carryOut({
    type: "dial",
    address: `/ip4/127.0.0.1/tcp/1/p2p/${b.node.driver.peerId}/p2p-circuit/p2p/${a.node.driver.peerId}`,
    attempt: 3,
  });
  expect((await b.node.event("dialFailed")).detail).toBe("relay: this node is not linked with it");
  expect(relay.facts.some(({ type }) => type === "circuitOpened")).toBe(false);
});

test("a place is gone with the link to the relay, and its address with it", async () => {
  const { relay, members } = await around(["a"]);
  const [a] = members as [(typeof members)[0]];
  await placeOf(a);
  a.node.driver.carryOut({ type: "closeLink", link: a.out, code: "other", reason: "leaving" });
  await a.node.event("linkClosed");
  expect(a.node.driver.addresses().some((address) => address.includes("/p2p-circuit"))).toBe(false);
  await relay.event("guestsChanged", ({ guests }) => guests.length === 0);
});
