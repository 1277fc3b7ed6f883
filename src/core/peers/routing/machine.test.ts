import { describe, expect, test } from "vitest";
import type { Author, PeerId } from "../../../base/brand.ts";
import { toHex } from "../../../base/bytes.ts";
import { Prng } from "../../../base/prng.ts";
import type { KnownPeer } from "../../../codec/peers.ts";
import { peerIdOf } from "../../../codec/peer-id.ts";
import { type Inhabitant, Town } from "../../../../test/support/town.ts";
import { answersAtOnceMax, bucketContacts, lookupMsMax, lookupPaths, pathDialsMax } from "./limits.ts";

/** Each newcomer knows three of those that are there. */
function grown(count: number, seed: number): Town {
  const town = new Town(seed);
  for (const one of town.settle(count)) {
    const there = town.all.slice(0, town.all.indexOf(one));
    for (let i = 0; i < 3 && there.length > 0; i++) town.link(one, town.prng.pick(there));
  }
  town.run(60_000); // all have looked for their neighbours
  return town;
}

/** Two that are not linked, one after the other. */
function strangers(town: Town, count: number): readonly (readonly [Inhabitant, Inhabitant])[] {
  const up = town.all.filter(({ isUp }) => isUp);
  const pairs = up.flatMap((one) =>
    up.flatMap((other) => (one === other || one.isLinkedWith(other) ? [] : [[one, other] as const])),
  );
  return Array.from({ length: Math.min(count, pairs.length) }, () => town.prng.pick(pairs));
}

function strangerId(seed: number): PeerId {
  return peerIdOf(toHex(new Prng(seed).bytes(32)) as Author);
}

describe("a peer of which only the id is known", () => {
  test("is linked through the one member that both know, whoever of them dialed it", () => {
    for (const hubDials of [true, false]) {
      const town = new Town(1);
      const [hub, c, d] = town.settle(3) as [Inhabitant, Inhabitant, Inhabitant];
      if (hubDials) town.link(hub, c);
      else town.link(c, hub);
      town.link(d, hub);
      town.run(1_000);
      town.want(d, c.peer);
      town.run(1_000, () => d.isLinkedWith(c));
      expect(d.isLinkedWith(c)).toBe(true);
      expect(d.machine.snapshot({ wall: 0 as never, mono: town.now })[0]).toMatchObject({
        peer: c.peer,
        state: "linked",
        answered: [hub.peer],
        found: [{ address: c.address, toldBy: hub.peer }],
      });
    }
  });

  test("is found soon after it comes, and again after it was lost", () => {
    const town = new Town(2);
    const [hub, d, c] = town.settle(3) as [Inhabitant, Inhabitant, Inhabitant];
    town.link(d, hub);
    town.want(d, c.peer);
    town.run(600_000);
    expect(d.ended.at(-1)).toMatchObject({ found: false });
    town.link(c, hub);
    town.run(75_000, () => d.isLinkedWith(c));
    expect(d.isLinkedWith(c)).toBe(true);
    for (const [link, { inhabitant }] of d.links) if (inhabitant === c) town.part(d, link);
    const lostAt = town.now;
    town.run(10_000, () => d.isLinkedWith(c));
    expect([d.isLinkedWith(c), town.now - lostAt < 3_000]).toEqual([true, true]);
  });

  test("that is forgotten is not looked for any more", () => {
    const town = new Town(3);
    const [hub, d] = town.settle(2) as [Inhabitant, Inhabitant];
    town.link(d, hub);
    town.want(d, strangerId(9));
    town.run(1_000);
    expect(d.machine.unwant(strangerId(9))).toBe(true);
    const before = town.questions;
    town.run(300_000);
    expect(town.questions - before).toBeLessThanOrEqual(2); // each looks once for its neighbours
  });
});

describe("in a network in which everybody knows few", () => {
  test.each([20, 150])("of %i members any finds any", (count) => {
    const town = grown(count, count);
    const asked: number[] = [];
    const pairs = strangers(town, 30);
    expect(pairs.length).toBeGreaterThan(20);
    for (const [i, [one, other]] of pairs.entries()) {
      town.want(one, other.peer);
      town.run(lookupMsMax, () => one.isLinkedWith(other));
      expect(one.isLinkedWith(other), `lookup ${i}`).toBe(true);
      asked.push(one.machine.snapshot({ wall: 0 as never, mono: town.now })[0]?.answered.length ?? 0);
      one.machine.unwant(other.peer);
    }
    asked.sort((a, b) => a - b);
    expect(asked[Math.floor(asked.length / 2)]).toBeLessThanOrEqual(8);
  });

  test("nobody is asked for long for a peer that is nowhere, and dials for the question are few", () => {
    const town = grown(150, 5);
    const one = town.all[7] as Inhabitant;
    const before = one.dials;
    town.want(one, strangerId(1));
    town.run(2 * lookupMsMax, () => one.ended.length > 0);
    expect(one.ended[0]).toMatchObject({ found: false });
    expect(one.ended[0]?.asked).toBeLessThanOrEqual(3 * bucketContacts + lookupPaths * pathDialsMax);
    expect(one.dials - before).toBeLessThanOrEqual(4 * lookupPaths * pathDialsMax);
  });

  test("a third that left without a word does not hide the others", () => {
    const town = grown(90, 6);
    for (const one of town.all.slice(0, 30)) town.leave(one);
    const found: boolean[] = [];
    for (const [one, other] of strangers(town, 20)) {
      town.want(one, other.peer);
      town.run(lookupMsMax, () => one.isLinkedWith(other));
      found.push(one.isLinkedWith(other));
      one.machine.unwant(other.peer);
    }
    expect(found.filter(Boolean).length).toBeGreaterThanOrEqual(18);
  });
});

describe("a member that lies", () => {
  const invented = (seed: number): KnownPeer[] =>
    Array.from({ length: 30 }, (_, i) => ({ peer: strangerId(seed + i), address: `/ip4/10.9.9.${i}/tcp/4001` }));

  test("by inventing peers without end does not hide a peer that others know", () => {
    const town = new Town(7);
    const [hub, liar, c, d] = town.settle(4) as [Inhabitant, Inhabitant, Inhabitant, Inhabitant];
    let lies = 0;
    liar.lie = (said) => (said.type === "nearPeers" ? { ...said, peers: invented((lies += 100)) } : said);
    town.link(c, hub);
    town.link(d, liar);
    town.link(d, hub);
    town.run(1_000);
    town.want(d, c.peer);
    town.run(5_000, () => d.isLinkedWith(c));
    expect(d.isLinkedWith(c)).toBe(true);
  });

  test("about where a peer is costs four dials, and the truth is tried as well", () => {
    const town = new Town(8);
    const [hub, liar, c, d] = town.settle(4) as [Inhabitant, Inhabitant, Inhabitant, Inhabitant];
    liar.lie = (said) =>
      said.type === "nearPeers"
        ? { ...said, peers: invented(1).map(({ address }) => ({ peer: c.peer, address })) }
        : said;
    town.link(d, liar);
    town.link(hub, d);
    town.link(c, hub);
    town.run(1_000);
    const before = d.dials;
    town.want(d, c.peer);
    town.run(5_000, () => d.isLinkedWith(c));
    expect([d.isLinkedWith(c), d.dials - before <= 5]).toEqual([true, true]);
  });

  test("by floods of questions gets twenty answers at once", () => {
    const town = new Town(9);
    const [one, other] = town.settle(2) as [Inhabitant, Inhabitant];
    town.link(one, other);
    town.run(1_000);
    const [link = 0] = one.links.keys();
    let answers = 0;
    one.lie = (said) => ((answers += said.type === "nearPeers" ? 1 : 0), said);
    for (let number = 1; number <= 100; number++)
      town.step(one, { type: "message", link, message: { type: "findPeer", number, target: strangerId(3) } });
    expect(answers).toBe(answersAtOnceMax);
  });
});

describe("addresses", () => {
  test("are told only as far as they mean something", () => {
    const town = new Town(10);
    const [hub, c, d] = town.settle(3) as [Inhabitant, Inhabitant, Inhabitant];
    town.step(c, { type: "listening", addresses: ["/ip4/127.0.0.1/tcp/4001"] });
    town.link(c, hub);
    town.link(d, hub);
    town.run(1_000);
    town.want(d, c.peer);
    town.run(2_000);
    expect(d.machine.snapshot({ wall: 0 as never, mono: town.now })[0]).toMatchObject({ found: [] });
  });

  test("that change are told to those that are linked", () => {
    const town = new Town(11);
    const [hub, c] = town.settle(2) as [Inhabitant, Inhabitant];
    town.link(c, hub);
    town.run(1_000);
    let told: readonly string[] = [];
    hub.lie = (said) => said;
    c.lie = (said) => {
      if (said.type === "nearPeers") told = said.peers.map(({ address }) => address);
      return said;
    };
    town.step(c, { type: "listening", addresses: ["/ip4/10.7.7.7/tcp/4001"] });
    town.run(2_000);
    expect(told).toEqual(["/ip4/10.7.7.7/tcp/4001"]);
  });
});
