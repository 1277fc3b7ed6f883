import { describe, expect, test } from "vitest";
import type { BatchId, Incarnation, Instant, PeerId, Stamp, Time } from "../../../base/brand.ts";
import { decodeAck } from "../../../codec/ack.ts";
import { ackRangesMax } from "../../../codec/limits.ts";
import type { Range } from "../../../codec/ranges-wire.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { Effect } from "../../effects.ts";
import { ackBatchMs, ackedRangesMax, ackersMax, sharedWaitsMax } from "../limits.ts";
import { Acknowledgement, type SharedWait } from "./machine.ts";

const incarnation = "aa".repeat(8) as Incarnation;
const other = "bb".repeat(8) as Incarnation;
const [bob, carol, dave] = ["bob", "carol", "dave"] as [PeerId, PeerId, PeerId];
const at = (mono: number): Time => ({ wall: mono as Instant, mono });

const wait = (change: Partial<SharedWait> = {}): SharedWait => ({
  ticket: 1,
  batch: "cc".repeat(32) as BatchId,
  stamp: 7 as Stamp,
  incarnation,
  sequence: 5,
  copies: 2,
  timeoutMs: 1_000,
  ...change,
});

describe("telling others", () => {
  function merged(
    machine: Acknowledgement,
    link: LinkId,
    sequences: readonly number[],
    numbering: Incarnation = incarnation,
  ): readonly Effect[] {
    const out: Effect[] = [];
    for (const sequence of sequences)
      machine.step({ type: "merged", link, incarnation: numbering, sequence }, at(0), out);
    return out;
  }

  function sent(machine: Acknowledgement, mono: number): readonly string[] {
    const out: Effect[] = [];
    machine.endTurn(at(mono), out);
    return out.map((effect) => {
      if (effect.type !== "network" || effect.order.type !== "send" || effect.order.protocol !== "ack")
        return effect.type;
      const ack = decodeAck(effect.order.frame);
      if (!ack.ok) return ack.code;
      return `${effect.order.link}: ${ack.value.incarnation.slice(0, 2)} ${ack.value.ranges.map(([from, to]) => `${from}-${to}`).join(" ")}`;
    });
  }

  test("waits for the end of the turn: a merge by itself sends nothing", () => {
    const machine = new Acknowledgement();
    expect(merged(machine, 1, [5])).toEqual([]);
    expect(sent(machine, 0)).toEqual(["1: aa 5-5"]);
  });

  test("goes at once after a pause, then is gathered for 20 ms", () => {
    const machine = new Acknowledgement();
    merged(machine, 1, [1]);
    expect(sent(machine, 100)).toEqual(["1: aa 1-1"]);
    merged(machine, 1, [2, 4]);
    expect([sent(machine, 100), machine.nextDeadline()]).toEqual([[], 100 + ackBatchMs]);
    merged(machine, 1, [3]);
    expect(sent(machine, 99 + ackBatchMs)).toEqual([]);
    expect([sent(machine, 100 + ackBatchMs), machine.nextDeadline()]).toEqual([["1: aa 2-4"], undefined]);
  });

  test("keeps links and numberings apart", () => {
    const machine = new Acknowledgement();
    merged(machine, 1, [1]);
    merged(machine, 2, [1]);
    merged(machine, 1, [9], other);
    expect(sent(machine, 0)).toEqual(["1: aa 1-1", "1: bb 9-9", "2: aa 1-1"]);
  });

  test("takes another frame for more than 64 ranges", () => {
    const machine = new Acknowledgement();
    merged(
      machine,
      1,
      Array.from({ length: ackRangesMax + 1 }, (_, i) => 2 * i + 1),
    );
    const lines = sent(machine, 0);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe("1: aa 129-129");
  });

  test("ends with its link", () => {
    const machine = new Acknowledgement();
    merged(machine, 1, [1]);
    machine.step({ type: "linkLost", link: 1 }, at(0), []);
    expect([sent(machine, 0), machine.nextDeadline()]).toEqual([[], undefined]);
  });
});

describe("a write that waits for members", () => {
  class Waits {
    readonly machine = new Acknowledgement();

    start(change: Partial<SharedWait> = {}, mono = 0): void {
      this.machine.step({ type: "waitStarted", wait: wait(change) }, at(mono), []);
    }

    ack(peer: PeerId, ranges: readonly Range[], numbering: Incarnation = incarnation): readonly unknown[] {
      const out: Effect[] = [];
      this.machine.step({ type: "ackReceived", peer, ack: { incarnation: numbering, ranges } }, at(1), out);
      return out;
    }

    at(mono: number, members: readonly PeerId[] = []): readonly unknown[] {
      const out: Effect[] = [];
      this.machine.step({ type: "timePassed", members }, at(mono), out);
      return out;
    }
  }

  test("is shared at the k-th member, with their names, once", () => {
    const waits = new Waits();
    waits.start();
    expect(waits.ack(bob, [[1, 9]])).toEqual([]);
    expect(waits.ack(carol, [[5, 5]])).toEqual([
      { type: "answer", ticket: 1, outcome: { type: "written", batch: wait().batch, stamp: 7, holders: [bob, carol] } },
    ]);
    expect([waits.ack(dave, [[5, 5]]), waits.at(9_999), waits.machine.nextDeadline()]).toEqual([[], [], undefined]);
  });

  test.each<[string, readonly Range[], Incarnation]>([
    [
      "another number",
      [
        [1, 4],
        [6, 9],
      ],
      incarnation,
    ],
    ["another numbering", [[5, 5]], other],
  ])("is not shared by %s", (_, ranges, numbering) => {
    const waits = new Waits();
    waits.start({ copies: 1 });
    expect(waits.ack(bob, ranges, numbering)).toEqual([]);
  });

  test("counts a member once", () => {
    const waits = new Waits();
    waits.start();
    expect([waits.ack(bob, [[5, 5]]), waits.ack(bob, [[5, 5]])]).toEqual([[], []]);
  });

  test("is not shared when its time is over, and says who has it and who has not", () => {
    const waits = new Waits();
    waits.start({}, 50);
    waits.ack(bob, [[5, 5]]);
    expect(waits.machine.nextDeadline()).toBe(1_050);
    expect(waits.at(1_049, [bob, carol])).toEqual([]);
    expect(waits.at(1_050, [bob, carol, dave])).toEqual([
      {
        type: "answer",
        ticket: 1,
        outcome: { type: "notShared", batch: wait().batch, stamp: 7, holders: [bob], missing: [carol, dave] },
      },
    ]);
    expect(waits.ack(carol, [[5, 5]])).toEqual([]);
  });

  test("shares one acknowledgement with others", () => {
    const waits = new Waits();
    waits.start({ ticket: 1, copies: 1, sequence: 5 });
    waits.start({ ticket: 2, copies: 1, sequence: 6 });
    waits.start({ ticket: 3, copies: 1, sequence: 7 });
    expect(waits.ack(bob, [[5, 6]])).toMatchObject([{ ticket: 1 }, { ticket: 2 }]);
  });

  test("is one of 10,000 at most; room comes back", () => {
    const waits = new Waits();
    for (let ticket = 1; ticket <= sharedWaitsMax; ticket++) {
      expect(waits.machine.hasRoom).toBe(true);
      waits.start({ ticket });
    }
    expect(waits.machine.hasRoom).toBe(false);
    waits.at(2_000);
    expect(waits.machine.hasRoom).toBe(true);
  });
});

describe("what was acknowledged of our writes", () => {
  const hear = (machine: Acknowledgement, peer: PeerId, ranges: readonly Range[], numbering = incarnation): void =>
    machine.step({ type: "ackReceived", peer, ack: { incarnation: numbering, ranges } }, at(0), []);

  test("is remembered by member and number, whether somebody waited for it or not", () => {
    const machine = new Acknowledgement();
    hear(machine, bob, [[1, 3]]);
    hear(machine, carol, [[3, 4]]);
    hear(machine, bob, [[9, 9]]);
    expect([1, 3, 4, 5, 9].map((sequence) => machine.holdersOf(incarnation, sequence))).toEqual([
      [bob],
      [carol, bob], // the latest heard last
      [carol],
      [],
      [bob],
    ]);
    expect(machine.holdersOf(other, 1)).toEqual([]);
  });

  test("of an older numbering is forgotten with the first word on a newer one", () => {
    const machine = new Acknowledgement();
    hear(machine, bob, [[1, 3]]);
    hear(machine, bob, [[1, 1]], other);
    expect([machine.holdersOf(incarnation, 1), machine.holdersOf(other, 1)]).toEqual([[], [bob]]);
  });

  test("is bounded in ranges and in members; the oldest are forgotten", () => {
    const machine = new Acknowledgement();
    for (let i = 0; i <= ackedRangesMax; i++) hear(machine, bob, [[2 * i + 1, 2 * i + 1]]);
    expect([machine.holdersOf(incarnation, 1), machine.holdersOf(incarnation, 3)]).toEqual([[], [bob]]);
    for (let i = 0; i < ackersMax; i++) hear(machine, `peer${i}` as PeerId, [[3, 3]]);
    expect(machine.holdersOf(incarnation, 3)).toHaveLength(ackersMax);
    expect(machine.holdersOf(incarnation, 3)).not.toContain(bob);
  });
});
