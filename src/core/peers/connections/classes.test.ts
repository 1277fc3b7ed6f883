import { describe, expect, test } from "vitest";
import { usualPeerLimits } from "../peer-limits.ts";
import { Table, bob, carol } from "../../../../test/support/dial-table.ts";
import { assert } from "../../../base/assert.ts";
import type { Instant, PeerId } from "../../../base/brand.ts";
import type { CandidateSource } from "../../../ports/network.ts";
import {
  backoffJitter,
  breakerFailures,
  breakerResetMsMin,
  dialBackoffMsMax,
  dialsByOrderMax,
  dialsMax,
  dormantDialMs,
  linksMax,
  linksWantedShare,
  outboundReserved,
  lostDialMsMax,
  probeEveryMs,
  redialAfterLossMs,
  steadyLinkMs,
} from "../limits.ts";
import type { CandidateSnapshot } from "./candidate.ts";

const attemptOf = (dial: string | undefined): number => Number(dial?.split("#")[1]);
const addressOf = (dial: string): string => dial.split("#")[0] as string;
const peerNo = (i: number): PeerId => `p${i}` as PeerId;
const shown = (table: Table): readonly CandidateSnapshot[] =>
  table.machine.snapshot({ wall: table.mono as Instant, mono: table.mono });

/** The dials at the next moment at which there are some. */
function nextDials(table: Table): readonly string[] {
  for (let i = 0; i < 200; i++) {
    const deadline = table.machine.nextDeadline();
    assert(deadline !== undefined, "something is going to be dialed");
    const dials = table.at(Math.max(table.mono, deadline));
    if (dials.length > 0) return dials;
  }
  throw new Error("nothing is dialed at any deadline");
}

/** Lets every dial fail until so many did; the dials that were made. */
function failTimes(table: Table, count: number, first: readonly string[]): void {
  let dials = first;
  for (let i = 0; i < count; i++) {
    if (dials.length === 0) dials = nextDials(table);
    dials = table.failed(attemptOf(dials[0]));
  }
}

function admit(table: Table, link: number, peer: PeerId, attempt?: number): readonly string[] {
  return [...table.linked(link, peer, attempt), ...table.step({ type: "admitted", link, peer })];
}

/** One whose address fell asleep: nobody was ever there. */
function asleep(source: CandidateSource = "mdns"): Table {
  const table = new Table();
  failTimes(table, 3, table.found("a", bob, source));
  return table;
}

describe("an address", () => {
  test.each<[string, CandidateSource, "validator" | "trusted" | undefined, boolean, number]>([
    ["of a validator never", "mdns", "validator", false, Infinity],
    ["of an allowed peer never", "mdns", "trusted", false, Infinity],
    ["that the settings name never", "static", undefined, false, Infinity],
    ["that the user named never", "user", undefined, false, Infinity],
    ["of a peer that was admitted once after ten failures", "mdns", undefined, true, 10],
    ["of an unknown peer after three", "mdns", undefined, false, 3],
  ])("%s sleeps", (_, source, named, wasAdmitted, failures) => {
    const table = new Table();
    if (named !== undefined) table.named.set(bob, named);
    if (wasAdmitted) admit(table, 1, bob);
    if (wasAdmitted) table.ended(1, bob);
    const first = table.found("a", bob, source);
    const awake = Math.min(failures - 1, 40);
    failTimes(table, awake, first);
    expect([shown(table)[0]?.dormant, shown(table)[0]?.failures]).toEqual([false, Math.min(awake, 30)]);
    expect(table.waitMs).toBeLessThanOrEqual(dialBackoffMsMax * (1 + backoffJitter));
    failTimes(table, 1, []);
    expect(shown(table)[0]?.dormant).toBe(failures !== Infinity);
  });

  test("that sleeps is dialed about once an hour, for ever", () => {
    const table = asleep();
    for (let i = 0; i < 50; i++) {
      expect(table.waitMs).toBeGreaterThanOrEqual(dormantDialMs * (1 - backoffJitter));
      expect(table.waitMs).toBeLessThanOrEqual(dormantDialMs * (1 + backoffJitter));
      failTimes(table, 1, []);
      expect(shown(table)[0]?.dormant).toBe(true);
    }
  });

  test.each<CandidateSource>(["mdns", "user", "static"])("that sleeps is dialed at once on a word by %s", (source) => {
    const table = asleep();
    expect([table.found("a", bob, source), shown(table)[0]?.dormant]).toEqual([["a#4"], false]);
    table.failed(4);
    expect(table.waitMs).toBeLessThan(10_000);
  });

  test("that sleeps wakes when its peer comes by itself, and is dialed soon after that link is lost", () => {
    const table = asleep();
    admit(table, 1, bob);
    expect(shown(table)[0]?.dormant).toBe(false);
    table.mono += steadyLinkMs;
    table.ended(1, bob);
    expect(table.waitMs).toBeLessThanOrEqual(redialAfterLossMs * (1 + backoffJitter));
  });

  test("that sleeps does not wake because another of its peer's dials leads to a link that is not admitted", () => {
    const table = asleep();
    table.linked(1, bob);
    table.ended(1, bob, "wrongNetwork");
    expect(table.waitMs).toBeGreaterThan(dormantDialMs * (1 - backoffJitter) - 1);
  });

  test("whose peer is lost never sleeps", () => {
    const table = new Table();
    admit(table, 1, bob, attemptOf(table.found("a", bob, "mdns")[0]));
    table.mono = steadyLinkMs;
    table.ended(1, bob);
    failTimes(table, 30, []);
    expect(shown(table)[0]?.dormant).toBe(false);
    expect(table.waitMs).toBeLessThanOrEqual(lostDialMsMax);
  });

  test("that the book named is one of mDNS once it is announced, and is kept when it fails", () => {
    const known = { address: "/ip4/1.1.1.1/tcp/1/p2p/bob", peer: bob, toldBy: "", addedAt: 0 as Instant };
    const table = new Table(8, [{ ...known, table: "new", linkedAt: undefined, anchor: false }]);
    table.at(0);
    table.found(known.address, bob, "mdns");
    table.failed(1);
    expect(shown(table)).toMatchObject([{ address: known.address, source: "mdns" }]);
  });
});

describe("the breaker of a peer", () => {
  const addresses = ["a", "b", "c", "d", "e", "f"];

  /** All of bob's addresses failed one after the other. */
  function tripped(source: CandidateSource = "static"): Table {
    const table = new Table();
    let dials: readonly string[] = addresses.flatMap((address) => table.found(address, bob, source));
    for (let i = 0; i < breakerFailures; i++) {
      expect(dials).toHaveLength(1);
      dials = table.failed(attemptOf(dials[0]));
    }
    expect(dials).toEqual([]);
    return table;
  }

  test("opens with the fifth failure at whatever address; none is dialed for 30 s, then one", () => {
    const table = tripped();
    expect(shown(table).map(({ breaker }) => breaker)).toEqual(addresses.map(() => "open"));
    expect(table.machine.nextDeadline()).toBe(breakerResetMsMin);
    expect([table.at(5_000), table.at(breakerResetMsMin - 1)]).toEqual([[], []]);
    const dials = table.at(breakerResetMsMin);
    expect([dials.length, shown(table)[0]?.breaker]).toEqual([1, "halfOpen"]);
    expect(table.at(breakerResetMsMin + 60_000)).toEqual([]);
    table.failed(attemptOf(dials[0]));
    expect(table.machine.nextDeadline()).toBe(table.mono + 2 * breakerResetMsMin);
  });

  test("leaves other peers alone", () => {
    expect(tripped().found("other", carol)).toEqual([`other#${breakerFailures + 1}`]);
  });

  test("closes when a dial leads to an admitted link: it takes five failures again", () => {
    const table = tripped();
    const [dial] = table.at(breakerResetMsMin);
    admit(table, 1, bob, attemptOf(dial));
    expect(shown(table).map(({ breaker }) => breaker)).toEqual(addresses.map(() => "closed"));
    table.ended(1, bob);
    expect(table.at(table.machine.nextDeadline() as number)).toHaveLength(1);
  });

  test("closes when the peer comes by itself, and on a word by the user or mDNS", () => {
    const inbound = tripped();
    admit(inbound, 1, bob);
    expect(shown(inbound)[0]?.breaker).toBe("closed");
    for (const source of ["user", "mdns"] as const) {
      const table = tripped();
      expect([table.found("a", bob, source).length, shown(table)[0]?.breaker]).toEqual([1, "closed"]);
    }
  });

  test("keeps the book from naming the peer while it is open", () => {
    const known = { address: "/ip4/1.1.1.1/tcp/1/p2p/bob", peer: bob, toldBy: "", addedAt: 0 as Instant };
    const table = new Table(8);
    let dials: readonly string[] = addresses.flatMap((address) => table.found(address, bob, "static"));
    for (let i = 0; i < breakerFailures; i++) dials = table.failed(attemptOf(dials[0]));
    table.book.told(bob, known.address, undefined, known.addedAt, []);
    expect(table.at(breakerResetMsMin - 1)).toEqual([]);
  });

  test("does not open because others told of places where the peer is not, nor is it thought worse of", () => {
    const table = new Table(8);
    table.found("mine", bob);
    table.failed(1);
    for (let i = 1; i <= 60; i++)
      table.book.told(bob, `/ip4/${i}.1.1.1/tcp/1`, `/ip4/${i}.9.9.9/tcp/1`, 0 as Instant, []);
    const lies: string[] = [];
    for (let dials = nextDials(table); lies.length < 100 && dials[0]?.startsWith("mine") !== true;) {
      lies.push(...dials);
      const next = table.failed(attemptOf(dials[0]));
      dials = next.length > 0 ? next : nextDials(table);
    }
    expect(lies.length).toBeGreaterThan(breakerFailures);
    expect(table.mono).toBeLessThanOrEqual(5_000 * (1 + backoffJitter));
    expect(shown(table).find(({ address }) => address === "mine")).toMatchObject({ breaker: "closed", score: 47 });
  });

  test("lets a lost member be dialed as often as it is due, whatever fails at another of its addresses", () => {
    const table = new Table();
    admit(table, 1, bob, attemptOf(table.found("good", bob)[0]));
    table.mono = steadyLinkMs;
    table.ended(1, bob);
    const found = addresses.flatMap((address) => table.found(address, bob, "mdns"));
    const times: number[] = [];
    for (let dials: readonly string[] = found; times.length < 40;) {
      if (dials.length === 0) dials = nextDials(table);
      if (dials[0]?.startsWith("good")) times.push(table.mono);
      dials = table.failed(attemptOf(dials[0]));
    }
    expect((times[0] as number) - steadyLinkMs).toBeLessThanOrEqual(probeEveryMs * (1 + backoffJitter));
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3 * probeEveryMs);
  });
});

describe("of more addresses than may be dialed at once", () => {
  /** All dials are under way, then the eight places come free. */
  test("validators come first, then trusted ones, regular ones, unknown ones", () => {
    const table = new Table();
    const [validator, trusted, regular, unknown] = ["v", "t", "r", "u"].map((kind) =>
      [0, 1, 2].map((i) => `${kind}${i}` as PeerId),
    ) as [PeerId[], PeerId[], PeerId[], PeerId[]];
    for (const [i, peer] of regular.entries()) {
      admit(table, 50 + i, peer);
      table.ended(50 + i, peer);
    }
    for (const peer of validator) table.named.set(peer, "validator");
    for (const peer of trusted) table.named.set(peer, "trusted");
    for (let i = 0; i < dialsMax; i++) table.found(`busy${i}`);
    for (const peer of [...unknown, ...regular, ...trusted, ...validator]) table.found(peer, peer, "mdns");
    const dials = Array.from({ length: dialsMax }, (_, i) => table.linked(i, peerNo(i), i + 1)).flat();
    const inTurn = [regular[0], unknown[0]];
    expect(dials.map(addressOf)).toEqual([...validator, ...trusted, ...inTurn]);
    expect(validator.length + trusted.length).toBe(dialsByOrderMax);
    const rest = dials.slice(0, 4).flatMap((dial, i) => table.linked(20 + i, peerNo(20 + i), attemptOf(dial)));
    expect(rest.map(addressOf)).toEqual([...regular.slice(1), ...unknown.slice(1)]);
  });

  test("of one class the better peers come first", () => {
    const table = new Table();
    for (let i = 0; i < dialsMax; i++) table.found(`busy${i}`);
    for (let i = 0; i < 4; i++) {
      table.found(`a${i}`, peerNo(i), "mdns");
      for (let times = 0; times < i; times++)
        table.step({ type: "observed", peer: peerNo(i), what: { type: "brought", news: true } });
    }
    table.step({ type: "observed", peer: peerNo(2), what: { type: "violated" } });
    const dials = [1, 2, 3, 4].flatMap((attempt) => table.failed(attempt));
    expect(dials.map(addressOf)).toEqual(["a3", "a1", "a0", "a2"]);
  });

  test("where our links stood before the start comes after validators, and before all others", () => {
    const anchor = { table: "tried", toldBy: "", addedAt: 0 as Instant, linkedAt: 0 as Instant, anchor: true } as const;
    const table = new Table(dialsMax, [{ ...anchor, address: "/ip4/1.1.1.1/tcp/1/p2p/bob", peer: bob }]);
    table.banned.set("/ip4/1.1.1.1/tcp/1/p2p/bob", { until: 1_000 as Instant });
    for (let i = 0; i < dialsMax; i++) table.found(`busy${i}`);
    table.banned.clear();
    table.named.set(carol, "validator");
    table.found("static", peerNo(1));
    table.found("carol", carol, "mdns");
    table.mono = 1_000;
    const dials = [1, 2, 3].flatMap((attempt) => table.failed(attempt));
    expect(dials.map(addressOf)).toEqual(["carol", "/ip4/1.1.1.1/tcp/1/p2p/bob", "static"]);
  });
});

describe("while 25 links stand", () => {
  /** Of the links that many are of our own dialing. */
  function crowded(dialed: number = outboundReserved): Table {
    const table = new Table();
    admit(table, 99, bob, attemptOf(table.found("lost", bob, "mdns")[0]));
    for (let link = 1; link <= linksWantedShare * linksMax; link++) {
      const dials = link < dialed ? table.found(`s${link}`, peerNo(link), "static") : [];
      admit(table, link, peerNo(link), dials[0] === undefined ? undefined : attemptOf(dials[0]));
    }
    return table;
  }

  test("what was only discovered is dialed all the same where others dialed nearly all of them", () => {
    expect(
      crowded(outboundReserved - 1)
        .found("m", carol, "mdns")
        .map(addressOf),
    ).toEqual(["m"]);
  });

  test("what was only discovered is not dialed, nor waited for; it is once a link is gone", () => {
    const table = crowded();
    expect([table.found("m", carol, "mdns"), table.machine.nextDeadline()]).toEqual([[], undefined]);
    table.ended(21, peerNo(21));
    expect(table.ended(22, peerNo(22)).map(addressOf)).toEqual(["m"]);
  });

  test("what an operator named is, and members that were lost are", () => {
    const table = crowded();
    expect(table.found("s", carol, "static").map(addressOf)).toEqual(["s"]);
    table.mono = steadyLinkMs;
    table.ended(99, bob);
    expect(table.at(table.machine.nextDeadline() as number).map(addressOf)).toEqual(["lost"]);
  });
});

describe("members that the book named", () => {
  /** So many are linked and lost one after the other; whatever else is dialed fails. */
  function lostOnes(count: number): Table {
    const table = new Table(linksMax);
    admit(table, 1, bob);
    for (let i = 0; i < count; i++)
      table.book.told(peerNo(i), `/ip4/${i + 1}.1.1.1/tcp/1`, `/ip4/${i + 1}.9.9.9/tcp/1`, 0 as Instant, []);
    const wereLinked = new Set<string>();
    let pending: readonly string[] = [];
    for (let steps = 0; wereLinked.size < table.book.list().length && steps < 20_000; steps++) {
      const [dial, ...rest] = pending.length > 0 ? pending : nextDials(table);
      const peer = dial?.split("/p2p/")[1]?.split("#")[0] as PeerId;
      if (wereLinked.has(peer)) pending = [...rest, ...table.failed(attemptOf(dial))];
      else {
        wereLinked.add(peer);
        pending = [...rest, ...admit(table, 100 + attemptOf(dial), peer, attemptOf(dial))];
        table.mono += steadyLinkMs;
        pending = [...pending, ...table.ended(100 + attemptOf(dial), peer)];
      }
    }
    expect(wereLinked.size).toBeGreaterThan(2 * linksMax);
    return table;
  }

  test("are remembered while as many are lost as may be linked; beyond that whoever is gone longest is left to the book", () => {
    const table = lostOnes(4 * linksMax);
    expect(shown(table).length).toBeLessThanOrEqual(linksMax + dialsMax);
    expect(shown(table).length).toBeGreaterThan(linksMax / 2);
  });
});

test("an operator may set how often and how fast is dialed", () => {
  const table = new Table(0, [], { ...usualPeerLimits, attempts: 2, backoffMsMin: 1_000, backoffMsMax: 1_500 });
  table.found("a");
  const waits = [1, 2, 3].map((attempt) => {
    table.failed(attempt);
    const { waitMs } = table;
    table.at(table.mono + waitMs);
    return waitMs;
  });
  expect(waits.map((ms) => Math.round(ms / 500) * 500)).toEqual([1_000, 1_500, 1_500]);
});
