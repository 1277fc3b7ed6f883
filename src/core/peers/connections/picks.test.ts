import { describe, expect, test } from "vitest";
import { Table, bob, carol } from "../../../../test/support/dial-table.ts";
import { assert } from "../../../base/assert.ts";
import type { Instant, PeerId } from "../../../base/brand.ts";
import type { KnownAddress } from "../../../ports/known-address.ts";
import type { ConnectionsInput } from "./machine.ts";
import {
  anchorAfterMs,
  anchorsMax,
  backoffJitter,
  dialsMax,
  feelerEveryMs,
  pickEveryMs,
  pickEveryMsMax,
} from "../limits.ts";

const wanted = 8;

/** So many addresses in a book, each of a peer of its own. */
function known(count: number, table: "new" | "tried" = "new", anchors = 0): readonly KnownAddress[] {
  return Array.from({ length: count }, (_, i) => ({
    address: `/ip4/${i + 1}.1.1.1/tcp/1/p2p/p${i}`,
    peer: `p${i}` as PeerId,
    table,
    toldBy: `${i + 1}.2.0.0/16`,
    addedAt: 0 as Instant,
    linkedAt: table === "tried" ? (0 as Instant) : undefined,
    anchor: i < anchors,
  }));
}

const peerOf = (dial: string): PeerId => dial.split("/p2p/")[1]!.split("#")[0] as PeerId;
const attemptOf = (dial: string): number => Number(dial.split("#")[1]);

/** Every dial is noticed, whichever input it followed. */
class Dialer extends Table {
  readonly pending: string[] = [];

  override step(input: ConnectionsInput): readonly string[] {
    const dials = super.step(input);
    this.pending.push(...dials);
    return dials;
  }

  admit(link: number, peer: PeerId, attempt?: number): void {
    this.linked(link, peer, attempt);
    this.step({ type: "admitted", link, peer });
  }

  /** Its link is numbered 100 and more. */
  link(dial: string): void {
    this.admit(100 + attemptOf(dial), peerOf(dial), attemptOf(dial));
  }

  refuse(dial: string): void {
    this.failed(attemptOf(dial));
  }

  /** Goes from deadline to deadline; `answer` says what becomes of each dial. Returns when each was made. */
  run(untilMs: number, answer: (dial: string) => void = (dial) => this.link(dial)): readonly number[] {
    const times: number[] = [];
    const stepsMax = 50 + untilMs / 50;
    for (let steps = 0; this.pending.length > 0 || (this.machine.nextDeadline() ?? Infinity) <= untilMs; steps++) {
      assert(steps < stepsMax, "every step moves the deadline");
      const dial = this.pending.shift();
      if (dial === undefined) this.at(Math.max(this.mono, this.machine.nextDeadline() as number));
      else {
        times.push(this.mono);
        answer(dial);
      }
    }
    this.mono = untilMs;
    return times;
  }

  /** The next dial, whenever it is due. */
  next(): string {
    while (this.pending.length === 0) this.at(Math.max(this.mono, this.machine.nextDeadline() as number));
    return this.pending.shift() as string;
  }

  get peers(): readonly (PeerId | undefined)[] {
    return this.machine.snapshot({ wall: 0 as Instant, mono: this.mono }).map(({ peer }) => peer);
  }
}

describe("the address book", () => {
  test("is used about every 500 ms, one address at a time, until as many links of our own stand as are wanted", () => {
    const table = new Dialer(wanted, known(40, "tried"));
    const times = table.run(20_000);
    expect(times).toHaveLength(wanted);
    for (const [i, time] of times.slice(1).entries()) {
      expect(time - (times[i] as number)).toBeGreaterThanOrEqual(pickEveryMs * (1 - backoffJitter));
      expect(time - (times[i] as number)).toBeLessThanOrEqual(pickEveryMs * (1 + backoffJitter));
    }
  });

  test("is used again when one of these links is lost, but inbound ones do not count", () => {
    const table = new Dialer(wanted, known(40, "tried"));
    for (let link = 1; link <= 20; link++) table.admit(link, `in${link}` as PeerId);
    expect(table.run(20_000)).toHaveLength(wanted);
    table.ended(101, table.peers[0] as PeerId, "full");
    expect(table.run(30_000)).toHaveLength(1);
  });

  test("is not used where no links of our own are wanted, nor asked again where it is empty", () => {
    const none = new Table(0, known(40, "tried", 4));
    expect([none.at(0), none.at(1e9), none.machine.nextDeadline()]).toEqual([[], [], undefined]);
    const empty = new Table(wanted);
    expect([empty.at(0), empty.machine.nextDeadline()]).toEqual([[], undefined]);
  });

  test("is used at once when the first address comes into it", () => {
    const table = new Table(wanted);
    table.at(100);
    table.book.told(bob, known(1)[0]!.address, undefined, 0 as Instant, []);
    expect([table.machine.nextDeadline(), table.at(100)]).toEqual([0, [`/ip4/1.1.1.1/tcp/1/p2p/bob#1`]]);
  });

  test("is asked every 10 s where all it has is linked, and never all the time", () => {
    const table = new Dialer(wanted, known(3, "tried"));
    table.run(5_000);
    for (let i = 0; i < 50; i++) {
      const next = table.machine.nextDeadline() as number;
      expect(next).toBeGreaterThan(table.mono);
      expect(table.at(next)).toEqual([]);
    }
    expect(table.mono).toBeGreaterThan(40 * pickEveryMsMax);
  });

  test("is asked less often after many picks came to nothing, and as before once one led to a link", () => {
    const table = new Dialer(wanted, known(100, "tried"));
    const fail = (dial: string): void => table.refuse(dial);
    const times = table.run(600_000, fail);
    expect(times.filter((time) => time < 10_000).length).toBeGreaterThan(15);
    expect(times.filter((time) => time >= 500_000).length).toBeLessThanOrEqual(13);
    table.link(table.next());
    const from = table.mono;
    const again = table.run(from + 2 * pickEveryMsMax, fail);
    expect(again.filter((time) => time > from + 1.2 * pickEveryMsMax).length).toBeGreaterThan(10);
  });

  test("is asked as often as ever where others than those it named cannot be reached", () => {
    const table = new Dialer(1, known(40, "tried"));
    table.found("mine", bob);
    table.admit(1, bob, 1);
    table.found("down", carol);
    table.run(3_600_000 * 5, (dial) => table.refuse(dial));
    table.ended(1, bob, "full");
    const from = table.mono;
    const times = table.run(from + 10_000, (dial) => table.refuse(dial));
    expect(times.length).toBeGreaterThan(15);
  });

  test("waits while eight dials are under way", () => {
    const table = new Table(wanted + dialsMax, known(40, "tried"));
    for (let i = 0; i < dialsMax; i++) table.found(`a${i}`);
    expect(table.machine.nextDeadline()).toBeUndefined();
    expect(table.at(1e6)).toEqual([]);
    expect(table.failed(1)).toHaveLength(1);
  });

  test("gets back what failed: it is no candidate any more", () => {
    const table = new Dialer(wanted, known(1, "tried"));
    const dial = table.next();
    expect(table.peers).toEqual(["p0"]);
    table.refuse(dial);
    expect(table.peers).toEqual([]);
  });

  test("does not name whom nobody lets in here", () => {
    const table = new Table(wanted, known(1, "tried"));
    table.banned.set(known(1)[0]!.address, { until: undefined });
    expect([table.at(0), table.at(1e6)]).toEqual([[], []]);
    table.banned.clear();
    expect(table.at(2e6)).toHaveLength(1);
  });
});

describe("a look whether a new address is real", () => {
  /** A table in which the wanted links stand, all dialed by order. */
  function settled(): Dialer {
    const table = new Dialer(wanted);
    for (let i = 0; i < wanted; i++) {
      table.found(`a${i}`, `own${i}` as PeerId);
      table.admit(i, `own${i}` as PeerId, i + 1);
    }
    table.pending.length = 0;
    for (const { peer, address, toldBy } of known(30))
      table.book.told(peer, address, `/ip4/${toldBy.split("/")[0]}/tcp/1`, 0 as Instant, []);
    return table;
  }

  test("is taken about every 2 min where enough links stand", () => {
    const table = settled();
    const times = table.run(20 * feelerEveryMs, (dial) => table.refuse(dial));
    expect(times.length).toBeGreaterThanOrEqual(17);
    for (const [i, time] of times.slice(1).entries()) {
      expect(time - (times[i] as number)).toBeGreaterThanOrEqual(feelerEveryMs * (1 - backoffJitter));
      expect(time - (times[i] as number)).toBeLessThanOrEqual(feelerEveryMs * (1 + backoffJitter));
    }
  });

  test("is over once the link is admitted, and was worth it: the address is tried from then on", () => {
    const table = settled();
    const dial = table.next();
    table.link(dial);
    expect([table.machine.isSurplus(100 + attemptOf(dial)), table.book.size.tried]).toEqual([true, wanted + 1]);
    expect(table.machine.isSurplus(100 + attemptOf(dial))).toBe(false);
    table.ended(100 + attemptOf(dial), peerOf(dial), "other");
    expect(table.peers).not.toContain(peerOf(dial));
  });

  test("is not over because somebody else was admitted", () => {
    const table = settled();
    const dial = table.next();
    table.linked(500, peerOf(dial), attemptOf(dial));
    table.admit(99, carol);
    expect([table.machine.isSurplus(99), table.machine.isSurplus(500)]).toEqual([false, true]);
  });

  test("stays where links are wanted by then", () => {
    const table = settled();
    const dial = table.next();
    table.linked(500, peerOf(dial), attemptOf(dial));
    table.ended(0, "own0" as PeerId, "full");
    table.step({ type: "admitted", link: 500, peer: peerOf(dial) });
    expect(table.machine.isSurplus(500)).toBe(false);
  });

  test("that fails leaves no candidate", () => {
    const table = settled();
    const dial = table.next();
    expect(table.peers).toContain(peerOf(dial));
    table.refuse(dial);
    expect(table.peers).toHaveLength(wanted);
  });

  test("that breaks before it is admitted is none any more", () => {
    const table = settled();
    const dial = table.next();
    table.linked(500, peerOf(dial), attemptOf(dial));
    table.ended(500, peerOf(dial));
    expect(table.machine.isSurplus(500)).toBe(false);
  });
});

describe("anchors", () => {
  const anchorsOf = (table: Table): readonly string[] =>
    table.book
      .anchors()
      .map(({ address }) => address)
      .toSorted();

  test("are dialed at once after a start, before others but validators", () => {
    const table = new Table(wanted, known(20, "tried", 4));
    expect(table.at(0).slice(0, 4).map(peerOf).toSorted()).toEqual(["p0", "p1", "p2", "p3"]);
  });

  test("are the longest of our own links, written once the last of these has stood a minute", () => {
    const table = new Dialer(wanted, known(20, "tried"));
    const dials: string[] = [];
    table.run(10_000, (dial) => {
      dials.push(dial.split("#")[0] as string);
      table.link(dial);
    });
    table.run(anchorAfterMs - 1, () => undefined);
    expect(anchorsOf(table)).toEqual([]);
    table.run(anchorAfterMs + 10_000, () => undefined);
    expect(anchorsOf(table)).toEqual(dials.slice(0, anchorsMax).toSorted());
  });

  test("are written in time also where links come and go more often than once a minute", () => {
    const table = new Dialer(1, known(1, "tried"));
    table.run(1_000);
    for (let link = 1; link < 20; link++) {
      const peer = `x${link}` as PeerId;
      table.found(`a${link}`, peer, "user");
      table.admit(link, peer, attemptOf(table.pending.pop() as string));
      table.at(table.mono + 20_000);
      table.ended(link, peer, "full");
    }
    expect(anchorsOf(table)).toEqual([known(1)[0]!.address]);
  });

  test("are written when the node stops, if they stood a minute; links that others dialed are none", () => {
    for (const [stood, anchors] of [
      [anchorAfterMs - 1, []],
      [anchorAfterMs, [known(1)[0]!.address]],
    ] as const) {
      const table = new Dialer(2, known(1, "tried"));
      table.admit(1, bob);
      table.link(table.next());
      table.mono += stood;
      table.step({ type: "stopping" });
      expect([anchorsOf(table), table.machine.nextDeadline()]).toEqual([anchors, undefined]);
    }
  });
});
