import { describe, expect, test } from "vitest";
import { parseIpRange } from "../../base/ip-range.ts";
import { settings } from "../../config/settings.ts";
import type { Direction, LinkId } from "../../ports/network.ts";
import { evictedAfterMsMin, linksMax, outboundReserved, protectedEach, relayedLinksMax } from "./limits.ts";
import { type Seat, Slots, type TakenSeat } from "./slots.ts";

const exempt = settings.peersExemptRanges.default.flatMap((range) => parseIpRange(range) ?? []);
const slots = new Slots(() => ({ exempt, validators: 0 }));
const seat = (ip: string, direction: Direction = "inbound"): Seat => ({
  direction,
  address: `/${ip.includes(":") ? "ip6" : "ip4"}/${ip}/tcp/4001`,
});
const seats = (count: number, direction: Direction): readonly Seat[] =>
  Array.from({ length: count }, (_, i) => seat(`11.${i}.0.1`, direction));

describe("peers that dial in", () => {
  test.each([
    [
      "two of one /24 are let in, a third is not",
      ["203.0.113.1", "203.0.113.2"],
      "203.0.113.3",
      "2 peers of 203.0.113.0/24 are linked already",
    ],
    ["those of another /24 are", ["203.0.113.1", "203.0.113.2"], "203.0.112.3", undefined],
    [
      "of one /48 likewise",
      ["2001:db8:1:1::1", "2001:db8:1:2::1"],
      "2001:db8:1:3::1",
      "2 peers of 2001:db8:1::/48 are linked already",
    ],
    [
      "an IPv4 address in IPv6 is the same neighbour",
      ["203.0.113.1", "::ffff:203.0.113.2"],
      "203.0.113.3",
      "2 peers of 203.0.113.0/24 are linked already",
    ],
    ["of this machine there may be any number", ["127.0.0.1", "127.0.0.1", "127.0.0.1"], "127.0.0.1", undefined],
    ["of a LAN as well", ["192.168.1.1", "192.168.1.2", "192.168.1.3"], "192.168.1.4", undefined],
    ["and of a link", ["fe80::1", "fe80::2", "fe80::3"], "fe80::4", undefined],
  ])("%s", (_, taken, fresh, refusal) => {
    expect(
      slots.refusal(
        seat(fresh),
        false,
        taken.map((ip) => seat(ip)),
      ),
    ).toBe(refusal);
  });

  test("count with those that were dialed there; who is dialed or allowed is not bound", () => {
    const taken = [seat("203.0.113.1", "outbound"), seat("203.0.113.2")];
    expect(slots.refusal(seat("203.0.113.3"), false, taken)).toContain("203.0.113.0/24");
    expect(slots.refusal(seat("203.0.113.3", "outbound"), false, taken)).toBeUndefined();
    expect(slots.refusal(seat("203.0.113.3"), true, taken)).toBeUndefined();
  });

  test("by way of one relay at most eight may, and they are no neighbours of the relay", () => {
    const by = (relay: string, n: number): Seat => ({
      direction: "inbound",
      address: `/ip4/11.9.0.1/tcp/4001/p2p/${relay}/p2p-circuit/p2p/peer${n}`,
    });
    const taken = [
      seat("11.9.0.1"),
      seat("11.9.0.2"),
      ...Array.from({ length: relayedLinksMax }, (_, n) => by("R", n)),
    ];
    expect(slots.refusal(by("R", 9), false, taken.slice(0, -1))).toBeUndefined();
    expect(slots.refusal(by("R", 9), false, taken)).toBe("8 peers of relay R are linked already");
    expect(slots.refusal(by("S", 9), false, taken)).toBeUndefined();
  });

  test("leave places for those that are dialed, but for who is allowed", () => {
    const taken = seats(linksMax - outboundReserved, "inbound");
    expect(slots.refusal(seat("12.0.0.1"), false, taken)).toBe("all 42 places for peers that dial in are taken");
    expect(slots.refusal(seat("12.0.0.1"), true, taken)).toBeUndefined();
    expect(slots.refusal(seat("12.0.0.1", "outbound"), false, taken)).toBeUndefined();
  });
});

test("when all places are taken nobody gets one", () => {
  for (const direction of ["inbound", "outbound"] as const)
    expect(slots.refusal(seat("12.0.0.1", direction), true, seats(linksMax, "outbound"))).toBe(
      "all 50 places for peers are taken",
    );
});

describe("validators", () => {
  const reserving = new Slots(() => ({ exempt, validators: 4 }));

  test("have places of their own, as many as there are, and ten at most", () => {
    expect(reserving.refusal(seat("12.0.0.1", "outbound"), false, seats(46, "outbound"))).toBe(
      "all 46 places for peers are taken",
    );
    expect(reserving.refusal(seat("12.0.0.1", "outbound"), true, seats(46, "outbound"))).toBeUndefined();
    expect(reserving.refusal(seat("12.0.0.1"), false, seats(38, "inbound"))).toBe(
      "all 38 places for peers that dial in are taken",
    );
    expect(reserving.refusal(seat("12.0.0.1"), true, seats(49, "inbound"))).toBeUndefined();
    const many = new Slots(() => ({ exempt, validators: 99 }));
    expect(many.refusal(seat("12.0.0.1", "outbound"), false, seats(39, "outbound"))).toBeUndefined();
    expect(many.refusal(seat("12.0.0.1", "outbound"), false, seats(40, "outbound"))).toContain("all 40 places");
  });
});

describe("who gives way to a newcomer", () => {
  const now = 10_000_000;
  const newcomer = seat("12.0.0.1");

  /** So many that dialed in, each from a network of its own, of which the first is the oldest. */
  function sitting(count: number, change: (i: number) => Partial<TakenSeat> = () => ({})): readonly TakenSeat[] {
    return Array.from({ length: count }, (_, i) => ({
      ...{ ...seat(`${20 + i}.1.1.1`), link: i + 1, since: i, class: "unknown" as const, allowed: false },
      ...{ usefulness: 0.5, promptness: 0.5 },
      ...change(i),
    }));
  }

  /** All that give way one after the other, until nobody does. */
  function inTurn(taken: readonly TakenSeat[]): readonly LinkId[] {
    const loser = slots.evicted(newcomer, false, taken, now);
    if (loser === undefined) return [];
    return [loser, ...inTurn(taken.filter(({ link }) => link !== loser))];
  }

  test("is the youngest of those that are not protected, and nobody where all are", () => {
    expect(inTurn(sitting(3 * protectedEach + 3))).toEqual([21, 20, 19]);
    expect(inTurn(sitting(3 * protectedEach))).toEqual([]);
    expect(slots.evicted(newcomer, false, [], now)).toBeUndefined();
  });

  test.each<[string, Partial<TakenSeat>]>([
    ["a validator", { class: "validator" }],
    ["whom an operator named", { class: "trusted" }],
    ["who is allowed by rule", { allowed: true }],
    ["whom we dialed", { direction: "outbound" }],
    ["who came less than 60 s ago", { since: now - evictedAfterMsMin + 1 }],
  ])("is never %s", (_, change) => {
    expect(inTurn(sitting(60, () => change))).toEqual([]);
    const mixed = sitting(60, (i) => (i < 30 ? {} : change));
    expect(inTurn(mixed).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (__, i) => 19 + i));
  });

  test("may be who came exactly 60 s ago, and a regular one", () => {
    expect(inTurn(sitting(20, () => ({ since: now - evictedAfterMsMin, class: "regular" })))).toHaveLength(2);
  });

  test("is none of the six that bring most news, of the six that answer fastest, of the six that stand longest", () => {
    const taken = sitting(40, (i) => ({
      usefulness: i >= 30 && i < 36 ? 0.9 : 0.1,
      promptness: i >= 20 && i < 26 ? 0.9 : 0.1,
    }));
    const gone = new Set(inTurn(taken));
    const kept = taken.filter(({ link }) => !gone.has(link)).map(({ link }) => link);
    expect(kept).toEqual([1, 2, 3, 4, 5, 6, 21, 22, 23, 24, 25, 26, 31, 32, 33, 34, 35, 36]);
  });

  test("is the youngest of the network that has most, though others came later", () => {
    const taken = sitting(40, (i) => (i >= 25 && i < 29 ? { ...seat(`99.7.${i}.1`) } : {}));
    expect(inTurn(taken).slice(0, 3)).toEqual([29, 28, 27]);
  });

  test("counts each address of a LAN as a network of its own", () => {
    const taken = sitting(40, (i) => (i >= 25 && i < 35 ? { ...seat(`192.168.1.${i}`) } : {}));
    expect(slots.evicted(newcomer, false, taken, now)).toBe(40);
  });

  test("is nobody where we dial, or where two of the newcomer's neighbourhood are linked; a welcome one is not bound by it", () => {
    const taken = sitting(40, (i) => (i > 37 ? { ...seat(`12.0.0.${i}`) } : {}));
    expect(slots.evicted(seat("12.0.0.1", "outbound"), false, taken, now)).toBeUndefined();
    expect(slots.evicted(newcomer, false, taken, now)).toBeUndefined();
    expect(slots.evicted(newcomer, true, taken, now)).toBe(40);
    expect(slots.evicted(seat("12.0.1.1"), false, taken, now)).toBe(40);
  });
});

test("validators that are linked take of the places kept for them, and no others", () => {
  const ten = new Slots(() => ({ exempt, validators: 10 }));
  const linked = seats(10, "outbound").map((each) => ({ ...each, validator: true }));
  const others = seats(linksMax - 11, "outbound");
  expect(ten.refusal(seat("12.0.0.1", "outbound"), false, [...linked, ...others])).toBeUndefined();
  expect(ten.refusal(seat("12.0.0.1", "outbound"), false, seats(linksMax - 10, "outbound"))).toMatch(/^all 40 places/u);
});

test.each<[string, Partial<TakenSeat>]>([
  ["a validator", { class: "validator" }],
  ["who is allowed by rule", { allowed: true }],
  ["who is more useful", { usefulness: 0.9 }],
  ["who is linked for longer", { since: 1 }],
])("where there are fewer places %s stays before others", (_, change) => {
  const seats = Array.from({ length: 14 }, (__, i) => ({
    ...{ ...seat(`${20 + i}.1.1.1`), link: i, since: 9, class: "regular" as const, allowed: false },
    ...{ usefulness: 0.5, promptness: 0.5 },
    ...(i === 5 && change),
  }));
  const few = (links: number): Slots => new Slots(() => ({ exempt: [], validators: 0, links }));
  expect(few(14).surplus(seats)).toEqual([]);
  expect(few(13).surplus(seats)).toHaveLength(1);
  expect(
    few(1)
      .surplus(seats)
      .toSorted((a, b) => a - b),
  ).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13]);
});
