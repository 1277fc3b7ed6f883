import { describe, expect, test } from "vitest";
import type { Instant, PeerId } from "../../../base/brand.ts";
import type { GoodbyeCode } from "../../../codec/admit.ts";
import {
  backoffJitter,
  candidatesMax,
  dialBackoffMsMax,
  dialsMax,
  lostDialMsMax,
  probeEveryMs,
  redialAfterLossMs,
  retryAfterSecondsMax,
  steadyLinkMs,
} from "../limits.ts";
import { Table, bob, carol, self } from "../../../../test/support/dial-table.ts";

function expectAbout(waitMs: number, nominalMs: number): void {
  expect(waitMs).toBeGreaterThanOrEqual(nominalMs * (1 - backoffJitter));
  expect(waitMs).toBeLessThanOrEqual(nominalMs * (1 + backoffJitter));
}

describe("a failed dial", () => {
  test("is tried again after 5, 10, 20 … 600 s, each jittered, never forgotten", () => {
    const table = new Table();
    let dials = table.found("a");
    for (const [i, seconds] of [5, 10, 20, 40, 80, 160, 320, 600, 600, 600].entries()) {
      expect(dials).toEqual([`a#${i + 1}`]);
      table.failed(i + 1);
      expectAbout(table.waitMs, seconds * 1_000);
      const deadline = table.machine.nextDeadline()!;
      expect(table.at(deadline - 1)).toEqual([]);
      dials = table.at(deadline);
    }
  });

  test("waits at most 10 minutes also after a thousand failures", () => {
    const table = new Table();
    table.found("a");
    for (let attempt = 1; attempt <= 1_000; attempt++) {
      table.failed(attempt);
      table.at(table.machine.nextDeadline()!);
    }
    table.failed(1_001);
    expectAbout(table.waitMs, dialBackoffMsMax);
  });

  test("is told with its count and wait, and shown", () => {
    const table = new Table();
    table.found("a");
    const [note] = table.effects({ type: "dialFailed", attempt: 1, failure: "timeout", detail: "10 s" });
    expect(note).toMatchObject({
      note: { type: "dialFailed", address: "a", failure: "timeout", attempts: 1, nextInMs: table.waitMs },
    });
    expect(table.machine.snapshot({ wall: 0 as Instant, mono: 0 })).toMatchObject([
      { address: "a", failures: 1, dialing: false, lastFailure: { failure: "timeout", detail: "10 s" } },
    ]);
  });

  test("leaves the time of the dial, and that of the last one that led to a link", () => {
    const table = new Table();
    const times = (): unknown => {
      const [shown] = table.machine.snapshot({ wall: 0 as Instant, mono: 0 });
      return [shown?.lastDialAt, shown?.lastLinkAt];
    };
    table.at(5);
    table.found("a");
    expect(times()).toEqual([5, undefined]);
    table.at(7);
    table.linked(1, bob, 1);
    expect(times()).toEqual([5, 7]);
  });

  test("that nobody knows of changes nothing", () => {
    const table = new Table();
    table.found("a");
    expect([table.failed(99), table.machine.nextDeadline()]).toEqual([[], undefined]);
  });

  test("to ourselves is the last one to that address", () => {
    const table = new Table();
    table.found("a");
    table.step({ type: "dialFailed", attempt: 1, failure: "self", detail: "" });
    expect([table.machine.nextDeadline(), table.at(10_000_000)]).toEqual([undefined, []]);
  });

  test("is forgiven when mDNS hears of the address again", () => {
    const table = new Table();
    table.found("a", bob, "mdns");
    table.failed(1);
    expect(table.found("a", bob, "mdns")).toEqual(["a#2"]);
    table.failed(2);
    expectAbout(table.waitMs, 5_000);
  });
});

describe("fresh word of a known address", () => {
  test("by the user is followed at once, whatever its wait", () => {
    const table = new Table();
    table.found("a", bob);
    table.linked(1, bob, 1);
    table.step({ type: "admitted", link: 1, peer: bob });
    table.mono = steadyLinkMs;
    table.ended(1, bob, "clock");
    table.mono += 1_000;
    expect(table.found("a", bob, "user")).toEqual(["a#2"]);
  });

  test("that names another peer has it dialed for that one", () => {
    const table = new Table();
    table.found("a", bob, "mdns");
    table.linked(1, bob, 1);
    table.ended(1, bob);
    table.linked(2, bob);
    table.mono = 700_000;
    expect(table.found("a", carol, "mdns")).toEqual(["a#2"]);
    expect(table.machine.snapshot({ wall: 0 as Instant, mono: 0 })).toMatchObject([{ address: "a", peer: carol }]);
  });

  test("that names nobody leaves the peer it is known for", () => {
    const table = new Table();
    table.linked(1, bob);
    table.found("a", bob);
    expect(table.found("a", undefined, "user")).toEqual([]);
  });
});

describe("no dial is made", () => {
  test("to an address that is being dialed", () => {
    const table = new Table();
    expect(table.found("a")).toEqual(["a#1"]);
    expect([table.found("a"), table.at(60_000)]).toEqual([[], []]);
  });

  test("to a peer that is being dialed at another address; it is when that failed", () => {
    const table = new Table();
    expect(table.found("a", bob)).toEqual(["a#1"]);
    expect(table.found("b", bob)).toEqual([]);
    expect(table.failed(1)).toEqual(["b#2"]);
  });

  test("to a peer that has a link, in either direction", () => {
    const table = new Table();
    table.linked(1, bob);
    expect([table.found("a", bob), table.at(60_000)]).toEqual([[], []]);
    expect(table.ended(1, bob)).toEqual([]);
    expect(table.at(table.machine.nextDeadline()!)).toEqual(["a#1"]);
  });

  test("to an address that turned out to be a linked peer's", () => {
    const table = new Table();
    table.found("a");
    expect([table.linked(1, bob, 1), table.at(60_000)]).toEqual([[], []]);
  });

  test("to ourselves", () => {
    expect(new Table().found("a", self)).toEqual([]);
  });

  test("once the node is stopping", () => {
    const table = new Table();
    table.step({ type: "stopping" });
    expect([table.found("a"), table.machine.nextDeadline()]).toEqual([[], undefined]);
  });
});

describe("after a link was lost", () => {
  /** A peer dialed at `a` whose link was admitted at once. */
  function linkedFor(ms: number): Table {
    const table = new Table();
    table.found("a", bob);
    table.linked(1, bob, 1);
    table.step({ type: "admitted", link: 1, peer: bob });
    table.mono = ms;
    return table;
  }

  test("that had been good the peer is dialed after a short moment", () => {
    const table = linkedFor(steadyLinkMs);
    expect(table.ended(1, bob)).toEqual([]);
    expectAbout(table.waitMs, redialAfterLossMs);
    expect(table.at(table.machine.nextDeadline()!)).toEqual(["a#2"]);
  });

  test("that did not last the wait doubles each time", () => {
    const table = linkedFor(steadyLinkMs - 1);
    for (const [i, seconds] of [5, 10, 20].entries()) {
      table.ended(i + 1, bob);
      expectAbout(table.waitMs, seconds * 1_000);
      table.at(table.machine.nextDeadline()!);
      table.linked(i + 2, bob, i + 2);
    }
  });

  test.each<GoodbyeCode>(["wrongNetwork", "wrongVersion", "clock", "protocolViolation", "full"])(
    "with %s it waits long, for soon cannot help",
    (code) => {
      const table = linkedFor(steadyLinkMs);
      table.ended(1, bob, code);
      expectAbout(table.waitMs, dialBackoffMsMax);
    },
  );

  test.each<GoodbyeCode>(["shuttingDown", "other", "stale"])("with %s a good peer is dialed soon", (code) => {
    const table = linkedFor(steadyLinkMs);
    table.ended(1, bob, code);
    expectAbout(table.waitMs, redialAfterLossMs);
  });

  test("as a duplicate the kept one counts: no dial, no wait", () => {
    const table = linkedFor(steadyLinkMs);
    table.linked(2, bob);
    expect([table.ended(1, bob, "duplicate"), table.machine.nextDeadline()]).toEqual([[], undefined]);
  });

  test("for want of a place it is dialed when they said that there may be one", () => {
    const table = new Table();
    table.found("a");
    table.linked(1, bob, 1);
    table.ended(1, bob, "full", 60);
    expect(table.waitMs).toBe(60_000);
  });

  test("at their word it is not dialed before the time they named", () => {
    const table = linkedFor(steadyLinkMs);
    table.ended(1, bob, "shuttingDown", 90);
    expect(table.waitMs).toBe(90_000);
  });
});

describe("members that were lost", () => {
  const names = ["p1", "p2", "p3", "p4", "p5"] as PeerId[];

  /** Members at addresses of their own names, all linked for long and then lost, the last one last. */
  function allLost(members: readonly PeerId[], sayAway = 0): Table {
    const table = new Table();
    members.forEach((peer, i) => {
      table.found(peer, peer);
      table.linked(i, peer, i + 1);
      table.step({ type: "admitted", link: 1, peer });
    });
    table.mono = steadyLinkMs;
    members.forEach((peer, i) => table.ended(i, peer, sayAway > 0 ? "shuttingDown" : undefined, i === 0 ? sayAway : 0));
    return table;
  }

  /** Every dial from now on fails; how long each address waited between its last two dials. */
  function waitsAfter(table: Table, untilMs: number): ReadonlyMap<string, number> {
    const [last, waits] = [new Map<string, number>(), new Map<string, number>()];
    while (table.machine.nextDeadline()! <= untilMs) {
      for (const dial of table.at(table.machine.nextDeadline()!)) {
        const [address = "", attempt] = dial.split("#");
        waits.set(address, table.mono - (last.get(address) ?? 0));
        last.set(address, table.mono);
        table.failed(Number(attempt));
      }
    }
    return waits;
  }

  test("are dialed every 2 min, the three lost last every 5 s, however long they are away", () => {
    const waits = waitsAfter(allLost(names), 24 * 3_600_000);
    for (const name of names.slice(0, 2)) expectAbout(waits.get(name)!, lostDialMsMax);
    for (const name of names.slice(2)) expectAbout(waits.get(name)!, probeEveryMs);
  });

  test("are all dialed at once when one that was lost with them is back, from whichever side the link came", () => {
    const table = allLost(names);
    waitsAfter(table, 3_600_000);
    table.linked(9, names[4] as PeerId);
    const dials = table.step({ type: "admitted", link: 1, peer: names[4] as PeerId });
    expect(dials.map((dial) => dial.split("#")[0])).toEqual(names.slice(0, 4));
    for (const dial of dials) table.failed(Number(dial.split("#")[1]));
    expect(table.at(table.mono)).toEqual([]);
  });

  /** Two members lost an hour apart, each long ago and failing since; beside them one that stays where the first loss found it. */
  function lostApart(stays: boolean): Table {
    const table = new Table();
    const members = [...names.slice(0, 2), ...(stays ? names.slice(4) : [])];
    members.forEach((peer, i) => {
      table.found(peer, peer);
      table.linked(i, peer, i + 1);
      table.step({ type: "admitted", link: i, peer });
    });
    table.mono = steadyLinkMs;
    table.ended(0, names[0] as PeerId);
    waitsAfter(table, 3_600_000);
    table.mono = 3_600_000;
    table.ended(1, names[1] as PeerId);
    waitsAfter(table, 7_200_000);
    return table;
  }

  test("are left to their own waits when one returns that was lost at another time", () => {
    const table = lostApart(true);
    table.linked(9, names[1] as PeerId);
    expect(table.step({ type: "admitted", link: 9, peer: names[1] as PeerId })).toEqual([]);
  });

  test("are all dialed at once where no link stood before the first return: it was this node that was away", () => {
    const table = lostApart(false);
    table.linked(9, names[1] as PeerId);
    const dials = table.step({ type: "admitted", link: 9, peer: names[1] as PeerId });
    expect(dials.map((dial) => dial.split("#")[0])).toEqual([names[0]]);
  });

  test("stay undisturbed as long as they asked for, whoever is back", () => {
    const table = allLost(names.slice(0, 2), 300);
    waitsAfter(table, 60_000);
    table.linked(9, names[1] as PeerId);
    expect(table.step({ type: "admitted", link: 1, peer: names[1] as PeerId })).toEqual([]);
    expect(table.machine.nextDeadline()).toBe(steadyLinkMs + 300_000);
  });

  test("do not speak for addresses nobody was ever linked at", () => {
    const table = allLost(names.slice(0, 1));
    const [dial = ""] = table.found("stranger");
    for (let attempt = Number(dial.split("#")[1]), i = 0; i < 9; i++) {
      table.failed(attempt);
      const dials = table.at(table.mono + 2 * dialBackoffMsMax);
      attempt = Number(dials.find((each) => each.startsWith("stranger"))!.split("#")[1]);
      for (const each of dials) if (each.startsWith("p1")) table.failed(Number(each.split("#")[1]));
      if (i === 8) table.failed(attempt);
    }
    table.linked(9, names[0] as PeerId);
    expect(table.step({ type: "admitted", link: 1, peer: names[0] as PeerId })).toEqual([]);
  });
});

test("a peer may ask for at most 10 minutes of peace", () => {
  const table = new Table();
  table.found("a", bob);
  table.linked(1, bob, 1);
  table.ended(1, bob, "other", 0xffff_ffff);
  expect(table.waitMs).toBe(retryAfterSecondsMax * 1_000);
});

describe("limits", () => {
  test("eight dials are under way at once, and the next follows when one has ended", () => {
    const table = new Table();
    const dials = Array.from({ length: 12 }, (_, i) => table.found(`a${i}`)).flat();
    expect(dials).toHaveLength(dialsMax);
    expect(table.machine.nextDeadline()).toBeUndefined();
    expect(table.failed(1)).toEqual([`a8#${dialsMax + 1}`]);
    expect(table.linked(1, carol, 2)).toEqual([`a9#${dialsMax + 2}`]);
  });

  test("the table holds 1,024 addresses: what mDNS says beyond is refused, what the user says pushes it out", () => {
    const table = new Table();
    table.found("static");
    for (let i = 1; i < candidatesMax; i++) table.found(`m${i}`, undefined, "mdns");
    const refused = table.effects({ type: "candidateFound", address: "more", peer: undefined, source: "mdns" });
    expect(refused).toMatchObject([{ note: { type: "candidateRefused", reason: "tableFull", address: "more" } }]);
    table.found("user", undefined, "user");
    const addresses = table.machine.snapshot({ wall: 0 as Instant, mono: 0 }).map(({ address }) => address);
    expect(addresses).toHaveLength(candidatesMax);
    expect(addresses).toEqual(expect.arrayContaining(["static", "user"]));
  });

  test("configured addresses are never pushed out", () => {
    const table = new Table();
    for (let i = 0; i < candidatesMax; i++) table.found(`s${i}`);
    expect(table.effects({ type: "candidateFound", address: "user", peer: undefined, source: "user" })).toMatchObject([
      { note: { type: "candidateRefused" } },
    ]);
  });
});

test("of the addresses of one peer those over TCP are dialed first", () => {
  const table = new Table();
  table.linked(1, bob);
  table.step({ type: "admitted", link: 1, peer: bob });
  const [quic, tcp] = ["/ip4/192.0.2.1/udp/1/quic-v1", "/ip4/192.0.2.1/tcp/1"];
  for (const address of [quic, tcp]) expect(table.found(address, bob)).toEqual([]);
  table.ended(1, bob);
  expect(table.at(60_000)).toEqual([`${tcp}#1`]);
});
