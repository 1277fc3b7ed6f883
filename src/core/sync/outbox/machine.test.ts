import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Instant, PeerId, Time } from "../../../base/brand.ts";
import { decodeFrontier } from "../../../codec/frontier.ts";
import { decodePeers } from "../../../codec/peers.ts";
import { type Priority, priorities } from "../../../codec/priority.ts";
import type { Effect } from "../../effects.ts";
import { outboxMembersMax } from "./limits.ts";
import { Outbox, type OutboxLimits, type Worth, usualOutbox } from "./machine.ts";

const [bob, carol] = ["bob", "carol"] as [PeerId, PeerId];
const at = (mono: number): Time => ({ wall: mono as Instant, mono });
const nobody: ReadonlySet<PeerId> = new Set();

/** An outbox, and what it ordered and told in words. */
class Table {
  readonly outbox: Outbox;
  mono = 0;
  readonly drops: string[] = [];

  constructor(limits: Partial<OutboxLimits> = {}) {
    this.outbox = new Outbox({ ...usualOutbox, ...limits });
  }

  step(input: Parameters<Outbox["step"]>[0]): readonly string[] {
    const out: Effect[] = [];
    this.outbox.step(input, at(this.mono), out);
    return out.flatMap((effect) => this.#told(effect));
  }

  publish(byte: number, worth: Worth = "own", bytes = 1, by: ReadonlySet<PeerId> = nobody): void {
    this.step({ type: "published", payload: new Uint8Array(bytes).fill(byte), worth, by });
  }

  back(peer: PeerId = bob): readonly string[] {
    return this.step({ type: "memberBack", peer, link: 7 });
  }

  get waiting(): readonly unknown[] {
    return this.outbox.snapshot(at(this.mono)).map(({ peer, messages, bytes }) => [peer, messages, bytes]);
  }

  #told(effect: Effect): readonly string[] {
    if (effect.type === "note" && effect.note.type === "outboxDropped") {
      const { peer, reason, priority, messages } = effect.note;
      this.drops.push(`${peer} ${reason} ${priority} ${messages}`);
    }
    if (effect.type !== "network" || effect.order.type !== "send") return [];
    const { link, protocol, frame } = effect.order;
    if (protocol === "peers") {
      const message = decodePeers(frame);
      return [
        message.ok && message.value.type === "parted"
          ? `${link} parted ${message.value.number}: ${message.value.reason}`
          : "?",
      ];
    }
    const message = decodeFrontier(frame);
    return [message.ok && message.value.type === "fresh" ? `${link} fresh ${message.value.payload[0]}` : "?"];
  }
}

describe("what waits for a lost member", () => {
  test("is sent when it is back, the most urgent first, and of one priority in the order it came", () => {
    const table = new Table();
    table.step({ type: "memberLost", peer: bob });
    table.publish(1, "passedOn");
    table.publish(2, "own");
    table.publish(3, "awaited");
    table.publish(4, "own");
    table.publish(5, "awaited");
    table.publish(6, "passedOn");
    table.step({ type: "linkBroke", peer: bob, reason: "no answer to pings" });
    table.mono = 40;
    expect(table.back()).toEqual([
      "7 parted 40: no answer to pings",
      ...["7 fresh 3", "7 fresh 5", "7 fresh 2", "7 fresh 4", "7 fresh 1", "7 fresh 6"],
    ]);
    expect([table.back(), table.waiting, table.drops]).toEqual([[], [], []]);
  });

  test("is kept for those only who are lost, and not for whom it is by", () => {
    const table = new Table();
    table.publish(1);
    table.step({ type: "memberLost", peer: bob });
    table.publish(2, "passedOn", 1, new Set([bob]));
    table.step({ type: "memberLost", peer: carol });
    table.publish(3, "passedOn", 1, new Set([bob]));
    table.publish(4);
    expect(table.waiting).toEqual([
      [bob, 1, 1],
      [carol, 2, 2],
    ]);
    expect([table.back(bob), table.back(carol)]).toEqual([["7 fresh 4"], ["7 fresh 4", "7 fresh 3"]]);
    table.publish(5);
    expect([table.waiting, table.step({ type: "linkBroke", peer: bob, reason: "it was a stranger's link" })]).toEqual([
      [],
      [],
    ]);
  });

  test("is dropped as expired when its time is over, whether the member is back or not", () => {
    const table = new Table({ ttlMs: 1_000 });
    table.step({ type: "memberLost", peer: bob });
    table.publish(1);
    table.mono = 400;
    table.publish(2, "awaited");
    expect(table.outbox.nextDeadline()).toBe(1_000);
    table.mono = 1_000;
    table.step({ type: "timePassed" });
    expect([table.waiting, table.drops, table.outbox.nextDeadline()]).toEqual([
      [[bob, 1, 1]],
      ["bob expired normal 1"],
      1_400,
    ]);
    table.mono = 1_400;
    expect(table.back()).toEqual([]);
    expect(table.drops).toEqual(["bob expired normal 1", "bob expired urgent 1"]);
    expect(table.outbox.nextDeadline()).toBeUndefined();
  });

  test("makes way by oldestOfLowestPriority where there are too many messages, or too many bytes", () => {
    const table = new Table({ messagesMax: 3, bytesMax: 100 });
    table.step({ type: "memberLost", peer: bob });
    for (const byte of [1, 2]) table.publish(byte, "passedOn");
    table.publish(3, "own");
    table.publish(4, "awaited");
    expect(table.drops).toEqual(["bob oldestOfLowestPriority bulk 1"]);
    table.publish(5, "awaited", 99);
    expect(table.drops.slice(1)).toEqual(["bob oldestOfLowestPriority bulk 1", "bob oldestOfLowestPriority normal 1"]);
    table.publish(6, "passedOn");
    expect(table.drops.slice(3)).toEqual(["bob oldestOfLowestPriority bulk 1"]);
    expect(table.back()).toEqual(["7 fresh 4", "7 fresh 5"]);
  });

  test("is not what alone is larger than a queue: a pull brings it", () => {
    const table = new Table({ bytesMax: 100 });
    table.step({ type: "memberLost", peer: bob });
    table.publish(1, "own", 100);
    table.publish(2, "awaited", 101);
    expect([table.drops, table.back()]).toEqual([["bob tooLarge urgent 1"], ["7 fresh 1"]]);
  });

  test("is forgotten with a member that is given up, and of too many lost ones with the one lost longest ago", () => {
    const table = new Table();
    table.step({ type: "memberLost", peer: bob });
    table.publish(1);
    table.step({ type: "memberGivenUp", peer: bob });
    expect([table.drops, table.waiting, table.back()]).toEqual([["bob memberForgotten normal 1"], [], []]);
    for (let n = 0; n <= outboxMembersMax; n++) {
      table.step({ type: "memberLost", peer: `p${n}` as PeerId });
      table.publish(n);
    }
    expect(table.drops.slice(1)).toEqual([`p0 memberForgotten normal ${outboxMembersMax}`]);
    expect(table.waiting).toHaveLength(outboxMembersMax);
  });

  test("does not keep alive the buffer it came in", () => {
    const outbox = new Outbox();
    outbox.step({ type: "memberLost", peer: bob }, at(0), []);
    const buffer = new Uint8Array(1_000).fill(1);
    const payload = buffer.subarray(500, 510);
    outbox.step({ type: "published", payload, worth: "own", by: nobody }, at(0), []);
    buffer.fill(2);
    const out: Effect[] = [];
    outbox.step({ type: "memberBack", peer: bob, link: 1 }, at(1), out);
    const frames = out.flatMap((effect) =>
      effect.type === "network" && effect.order.type === "send" ? [effect.order.frame] : [],
    );
    expect(frames.map((frame) => [...frame.subarray(5)])).toEqual([new Array(10).fill(1)]);
  });
});

describe("whatever happens", () => {
  const anyInput = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        worth: fc.constantFrom<Worth>("awaited", "own", "passedOn"),
        bytes: fc.integer({ min: 1, max: 12 }),
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom("lost" as const, "back" as const, "broke" as const) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 60 }) },
  );

  test("a queue keeps its bounds, and each message is sent once, or dropped once by a policy with a name, in order", () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 80 }), (inputs) => {
        const limits = { ttlMs: 100, messagesMax: 5, bytesMax: 64 };
        const outbox = new Outbox(limits);
        const counts = { queued: 0, sent: 0, dropped: 0 };
        const order = new Map<number, { readonly at: number; readonly priority: Priority }>();
        let [mono, number, isLost] = [0, 0, false];
        const step = (input: Parameters<Outbox["step"]>[0]): void => {
          const out: Effect[] = [];
          outbox.step(input, at(mono), out);
          let last = { rank: 0, number: 0 };
          for (const effect of out) {
            if (effect.type === "note" && effect.note.type === "outboxDropped") counts.dropped += effect.note.messages;
            if (effect.type !== "network" || effect.order.type !== "send") continue;
            counts.sent += 1;
            if (effect.order.protocol === "peers") continue;
            const sent = effect.order.frame[5] ?? 0;
            const known = order.get(sent);
            expect(known).toBeDefined();
            const rank = priorities.indexOf(known?.priority ?? "control");
            expect(rank > last.rank || sent > last.number).toBe(true);
            expect(mono - (known?.at ?? -Infinity)).toBeLessThan(limits.ttlMs);
            last = { rank, number: sent };
          }
        };
        for (const input of inputs) {
          if (typeof input === "number") mono += input;
          else if (input === "lost") {
            step({ type: "memberLost", peer: bob });
            isLost = true;
          } else if (input === "broke") {
            step({ type: "linkBroke", peer: bob, reason: "x" });
            counts.queued += isLost ? 1 : 0;
          } else if (input === "back") {
            step({ type: "memberBack", peer: bob, link: 1 });
            isLost = false;
          } else {
            const priority = ({ awaited: "urgent", own: "normal", passedOn: "bulk" } as const)[input.worth];
            order.set(++number, { at: mono, priority });
            step({
              type: "published",
              payload: new Uint8Array(input.bytes).fill(number),
              worth: input.worth,
              by: nobody,
            });
            counts.queued += isLost ? 1 : 0;
          }
          const [queue] = outbox.snapshot(at(mono));
          expect(queue?.messages ?? 0).toBeLessThanOrEqual(limits.messagesMax);
          expect(queue?.bytes ?? 0).toBeLessThanOrEqual(limits.bytesMax);
          expect(counts.queued).toBe(counts.sent + counts.dropped + (queue?.messages ?? 0));
        }
      }),
      { numRuns: 500 },
    );
  });
});
