/**
 * Acknowledgements: telling writers what is durable here, and knowing where our own writes are.
 *
 * 1. A number is acknowledged only after the turn that merged it is durable: the effect that sends
 *    it stands behind that turn's `persist`.
 * 2. Acknowledgements to one peer are gathered for up to 20 ms; the first after a pause goes at once.
 * 3. A write that waits for k members ends exactly once: shared, or not shared with the names of
 *    who has it and who has not when its time is over. The write itself stays.
 * 4. What was acknowledged of our own writes is remembered for this run, bounded: it tells who has
 *    a write, never who has not.
 */
import type { BatchId, Incarnation, Millis, PeerId, Stamp, Time } from "../../../base/brand.ts";
import { type Ack, encodeAck } from "../../../codec/ack.ts";
import { ackRangesMax } from "../../../codec/limits.ts";
import type { LinkId } from "../../../ports/network.ts";
import { BoundedMap } from "../../../base/bounded-map.ts";
import { type Ranges, hasNumber, union } from "../../data/ranges.ts";
import type { EffectSink, Ticket } from "../../effects.ts";
import { ackBatchMs, ackedRangesMax, ackersMax, sharedWaitsMax } from "../limits.ts";

export interface SharedWait {
  readonly ticket: Ticket;
  readonly batch: BatchId;
  readonly stamp: Stamp;
  readonly incarnation: Incarnation;
  readonly sequence: number;
  readonly copies: number;
  readonly timeoutMs: Millis;
}

export type AcknowledgementInput =
  /** A batch by this linked author is about to be durable here. */
  | { readonly type: "merged"; readonly link: LinkId; readonly incarnation: Incarnation; readonly sequence: number }
  /** A writer was linked of whose batches these are durable here. */
  | { readonly type: "writerLinked"; readonly link: LinkId; readonly incarnation: Incarnation; readonly ranges: Ranges }
  | { readonly type: "ackReceived"; readonly peer: PeerId; readonly ack: Ack }
  | { readonly type: "waitStarted"; readonly wait: SharedWait }
  | { readonly type: "linkLost"; readonly link: LinkId }
  /** `members` are the peers linked now, to name those that have not confirmed. */
  | { readonly type: "timePassed"; readonly members: readonly PeerId[] }
  /** The node stops: nothing more will be heard. */
  | { readonly type: "stopping"; readonly members: readonly PeerId[] };

interface Outbox {
  readonly link: LinkId;
  readonly pending: Map<Incarnation, Ranges>;
  sentAt: number;
}

interface Waiting extends SharedWait {
  readonly deadline: number;
  readonly holders: Set<PeerId>;
}

export class Acknowledgement {
  readonly #outboxes = new Map<LinkId, Outbox>();
  readonly #waiting = new Map<Ticket, Waiting>();
  readonly #acked = new BoundedMap<PeerId, Ack & { readonly peer: PeerId }>(ackersMax);

  /** False when no further write may wait; nothing changed then. */
  get hasRoom(): boolean {
    return this.#waiting.size < sharedWaitsMax;
  }

  /** Members that acknowledged this number of ours, as far as it is remembered. */
  holdersOf(incarnation: Incarnation, sequence: number): readonly PeerId[] {
    return [...this.#acked.values()]
      .filter((ack) => ack.incarnation === incarnation && hasNumber(ack.ranges, sequence))
      .map(({ peer }) => peer);
  }

  step(input: AcknowledgementInput, now: Time, out: EffectSink): void {
    switch (input.type) {
      case "merged":
        this.#add(input.link, input.incarnation, [[input.sequence, input.sequence]]);
        break;
      case "writerLinked":
        this.#add(input.link, input.incarnation, input.ranges);
        break;
      case "ackReceived":
        this.#received(input.peer, input.ack, out);
        break;
      case "waitStarted":
        this.#waiting.set(input.wait.ticket, {
          ...input.wait,
          deadline: now.mono + input.wait.timeoutMs,
          holders: new Set(),
        });
        break;
      case "linkLost":
        this.#outboxes.delete(input.link);
        break;
      case "timePassed":
        this.#expire(input.members, now.mono, out);
        break;
      case "stopping":
        this.#expire(input.members, Infinity, out);
        break;
    }
  }

  /** Sends what is due; called when the turn's persists are all emitted. */
  endTurn(now: Time, out: EffectSink): void {
    for (const outbox of this.#outboxes.values()) {
      if (outbox.pending.size === 0 || now.mono < outbox.sentAt + ackBatchMs) continue;
      outbox.sentAt = now.mono;
      for (const [incarnation, ranges] of outbox.pending) send(outbox.link, incarnation, ranges, out);
      outbox.pending.clear();
    }
  }

  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const { pending, sentAt } of this.#outboxes.values())
      if (pending.size > 0) next = Math.min(next ?? Infinity, sentAt + ackBatchMs);
    for (const { deadline } of this.#waiting.values()) next = Math.min(next ?? Infinity, deadline);
    return next;
  }

  #add(link: LinkId, incarnation: Incarnation, ranges: Ranges): void {
    const outbox = this.#outboxes.get(link) ?? { link, pending: new Map<Incarnation, Ranges>(), sentAt: -Infinity };
    this.#outboxes.set(link, outbox);
    outbox.pending.set(incarnation, union(outbox.pending.get(incarnation) ?? [], ranges));
  }

  /** Of a member that acknowledges another numbering, only the latest is remembered. */
  #remember(peer: PeerId, { incarnation, ranges }: Ack): void {
    const known = this.#acked.get(peer);
    const all = known?.incarnation === incarnation ? union(known.ranges, ranges) : ranges;
    this.#acked.set(peer, { peer, incarnation, ranges: all.slice(-ackedRangesMax) });
  }

  #received(peer: PeerId, ack: Ack, out: EffectSink): void {
    this.#remember(peer, ack);
    for (const wait of this.#waiting.values()) {
      if (wait.incarnation !== ack.incarnation || !hasNumber(ack.ranges, wait.sequence)) continue;
      wait.holders.add(peer);
      if (wait.holders.size < wait.copies) continue;
      this.#waiting.delete(wait.ticket);
      out.push({
        type: "answer",
        ticket: wait.ticket,
        outcome: { type: "written", batch: wait.batch, stamp: wait.stamp, holders: [...wait.holders] },
      });
    }
  }

  #expire(members: readonly PeerId[], due: number, out: EffectSink): void {
    for (const { ticket, batch, stamp, deadline, holders } of this.#waiting.values()) {
      if (deadline > due) continue;
      this.#waiting.delete(ticket);
      const missing = members.filter((peer) => !holders.has(peer));
      out.push({
        type: "answer",
        ticket,
        outcome: { type: "notShared", batch, stamp, holders: [...holders], missing },
      });
    }
  }
}

/** One frame per 64 ranges; more than one only where many numbers between were not merged. */
function send(link: LinkId, incarnation: Incarnation, ranges: Ranges, out: EffectSink): void {
  for (let i = 0; i < ranges.length; i += ackRangesMax) {
    const frame = encodeAck({ incarnation, ranges: ranges.slice(i, i + ackRangesMax) });
    out.push({ type: "network", order: { type: "send", link, protocol: "ack", frame } });
  }
}
