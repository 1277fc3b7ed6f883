/**
 * What waits for members that were lost, to be sent the moment they are back: like letters that a neighbour keeps
 * for whoever is away. It makes a short cut of a link unnoticed; it is never what repairs. A pull begins with each
 * admission and brings all that is missing, so whatever is dropped here is late, and nothing is lost.
 *
 * What a linked member would have been sent, by priority:
 * - `control`: why our side saw the last link end, so that both sides can explain it;
 * - `urgent`: own batches for which somebody waits until others have them;
 * - `normal`: other own batches;
 * - `bulk`: batches of others that were passed on meanwhile.
 *
 * Acknowledgements are not kept: those of a writer's latest batches are made anew from what is held whenever it is
 * linked. Questions and answers of pulls, walks, probes and views are not either: their sessions end with the link.
 *
 * 1. A member has a queue from the loss of its last link until it is linked again; 64 members, those lost last.
 * 2. A queue is bounded by messages and bytes. Where it is full the oldest message of the least urgent priority makes
 *    way (`oldestOfLowestPriority`), which may be the new one itself. What alone is larger than a queue is not kept (`tooLarge`).
 * 3. No message is older than its time to live (`expired`): it is dropped when that is over, not only when it is sent.
 * 4. All that waits is sent at admission, the most urgent first, and of one priority in the order it came.
 */
import type { PeerId, Time } from "../../../base/brand.ts";
import type { Bytes } from "../../../base/bytes.ts";
import { encodeFresh } from "../../../codec/frontier.ts";
import { encodePeers } from "../../../codec/peers.ts";
import { type Priority, priorities } from "../../../codec/priority.ts";
import type { LinkId, LinkProtocol } from "../../../ports/network.ts";
import type { EffectSink } from "../../effects.ts";
import { outboxBytesMax, outboxMembersMax, outboxMessagesMax, outboxTtlMs } from "./limits.ts";

/** What an operator may set of it. */
export interface OutboxLimits {
  readonly ttlMs: number;
  /** For each member. */
  readonly messagesMax: number;
  readonly bytesMax: number;
}

export const usualOutbox: OutboxLimits = {
  ttlMs: outboxTtlMs,
  messagesMax: outboxMessagesMax,
  bytesMax: outboxBytesMax,
};

/** Why a gossip message went out: somebody waits for copies of it, this node wrote it, or another did. */
export type Worth = "awaited" | "own" | "passedOn";

export type OutboxInput =
  /** The last link to a member is gone, and it may come back. */
  | { readonly type: "memberLost"; readonly peer: PeerId }
  /** It will not be let in again soon. */
  | { readonly type: "memberGivenUp"; readonly peer: PeerId }
  /** A link of a lost member ended without a word; `reason` is what this side saw. */
  | { readonly type: "linkBroke"; readonly peer: PeerId; readonly reason: string }
  | { readonly type: "memberBack"; readonly peer: PeerId; readonly link: LinkId }
  /** `by` wrote it, or sent it, and need not be sent it. */
  | {
      readonly type: "published";
      readonly payload: Bytes;
      readonly worth: Worth;
      readonly by: ReadonlySet<PeerId>;
    }
  | { readonly type: "timePassed" };

/** Why a message that waited was not sent: the name of the policy. */
export type OutboxDrop = "expired" | "oldestOfLowestPriority" | "tooLarge" | "memberForgotten";

/** What waits for one lost member. */
export interface OutboxSnapshot {
  readonly peer: PeerId;
  readonly messages: number;
  readonly bytes: number;
  /** Age of the oldest. */
  readonly oldestMs: number | undefined;
}

interface Letter {
  readonly content:
    | { readonly type: "fresh"; readonly payload: Bytes }
    | { readonly type: "parted"; readonly reason: string };
  readonly bytes: number;
  /** Monotonic time. */
  readonly at: number;
}

interface Queue {
  readonly peer: PeerId;
  readonly waiting: Readonly<Record<Priority, Letter[]>>;
  messages: number;
  bytes: number;
}

const priorityOfWorth: Readonly<Record<Worth, Priority>> = { awaited: "urgent", own: "normal", passedOn: "bulk" };
const leastUrgentFirst = priorities.toReversed();

export class Outbox {
  readonly #limits: OutboxLimits;
  /** By the time of the loss. */
  readonly #queues = new Map<PeerId, Queue>();

  constructor(limits: OutboxLimits = usualOutbox) {
    this.#limits = limits;
  }

  step(input: OutboxInput, now: Time, out: EffectSink): void {
    this.#expire(now, out);
    switch (input.type) {
      case "memberLost":
        this.#lost(input.peer, now, out);
        break;
      case "memberGivenUp":
        this.#forget(input.peer, now, out);
        break;
      case "linkBroke":
        this.#parted(input.peer, input.reason, now, out);
        break;
      case "memberBack":
        this.#send(input.peer, input.link, now, out);
        break;
      case "published":
        this.#publish(input, now, out);
        break;
      case "timePassed":
        break;
    }
  }

  /** Monotonic time at which the next message is too old. */
  nextDeadline(): number | undefined {
    const oldest = Math.min(...[...this.#queues.values()].map(oldestAt));
    return oldest === Infinity ? undefined : oldest + this.#limits.ttlMs;
  }

  /** Those lost longest ago first. */
  snapshot(now: Time): readonly OutboxSnapshot[] {
    return [...this.#queues.values()].map((queue) => {
      const oldest = oldestAt(queue);
      const oldestMs = oldest === Infinity ? undefined : now.mono - oldest;
      return { peer: queue.peer, messages: queue.messages, bytes: queue.bytes, oldestMs };
    });
  }

  #lost(peer: PeerId, now: Time, out: EffectSink): void {
    if (this.#queues.has(peer)) return;
    const [longestAgo] = this.#queues.keys();
    if (longestAgo !== undefined && this.#queues.size >= outboxMembersMax) this.#forget(longestAgo, now, out);
    this.#queues.set(peer, { peer, waiting: { control: [], urgent: [], normal: [], bulk: [] }, messages: 0, bytes: 0 });
  }

  #forget(peer: PeerId, now: Time, out: EffectSink): void {
    const queue = this.#queues.get(peer);
    if (queue === undefined) return;
    this.#queues.delete(peer);
    for (const priority of priorities)
      noteDropped(queue, priority, "memberForgotten", queue.waiting[priority].length, now, out);
  }

  #parted(peer: PeerId, reason: string, now: Time, out: EffectSink): void {
    const queue = this.#queues.get(peer);
    if (queue === undefined) return;
    const bytes = partedFrame(reason, 0).length;
    this.#add(queue, "control", { content: { type: "parted", reason }, bytes, at: now.mono }, now, out);
  }

  #publish({ payload, worth, by }: Extract<OutboxInput, { type: "published" }>, now: Time, out: EffectSink): void {
    if (this.#queues.size === 0) return;
    // one copy for all: what came from the network is a piece of a larger buffer, which it would keep alive
    const kept = payload.slice();
    const letter = { content: { type: "fresh", payload: kept }, bytes: kept.length, at: now.mono } as const;
    for (const queue of this.#queues.values())
      if (!by.has(queue.peer)) this.#add(queue, priorityOfWorth[worth], letter, now, out);
  }

  #add(queue: Queue, priority: Priority, letter: Letter, now: Time, out: EffectSink): void {
    const { messagesMax, bytesMax } = this.#limits;
    if (letter.bytes > bytesMax) return noteDropped(queue, priority, "tooLarge", 1, now, out);
    take(queue, priority, letter);
    const dropped = new Map<Priority, number>();
    while (queue.messages > messagesMax || queue.bytes > bytesMax) {
      const least = leastUrgentFirst.find((each) => queue.waiting[each].length > 0);
      if (least === undefined) break;
      giveBack(queue, least);
      dropped.set(least, (dropped.get(least) ?? 0) + 1);
    }
    for (const [each, messages] of dropped) noteDropped(queue, each, "oldestOfLowestPriority", messages, now, out);
  }

  #expire(now: Time, out: EffectSink): void {
    for (const queue of this.#queues.values()) {
      for (const priority of priorities) {
        let messages = 0;
        for (; (queue.waiting[priority][0]?.at ?? Infinity) + this.#limits.ttlMs <= now.mono; messages++)
          giveBack(queue, priority);
        noteDropped(queue, priority, "expired", messages, now, out);
      }
    }
  }

  #send(peer: PeerId, link: LinkId, now: Time, out: EffectSink): void {
    const queue = this.#queues.get(peer);
    if (queue === undefined) return;
    this.#queues.delete(peer);
    if (queue.messages === 0) return;
    for (const priority of priorities)
      for (const letter of queue.waiting[priority]) out.push({ type: "network", order: orderOf(letter, link, now) });
    const { messages, bytes } = queue;
    out.push({ type: "note", at: now.wall, note: { type: "outboxSent", peer, messages, bytes } });
  }
}

function orderOf(
  { content, at }: Letter,
  link: LinkId,
  now: Time,
): { readonly type: "send"; readonly link: LinkId; readonly protocol: LinkProtocol; readonly frame: Bytes } {
  return content.type === "fresh"
    ? { type: "send", link, protocol: "frontier", frame: encodeFresh(content.payload) }
    : { type: "send", link, protocol: "peers", frame: partedFrame(content.reason, Math.round(now.mono - at)) };
}

function partedFrame(reason: string, agoMs: number): Bytes {
  return encodePeers({ type: "parted", number: agoMs, reason });
}

function take(queue: Queue, priority: Priority, letter: Letter): void {
  queue.waiting[priority].push(letter);
  queue.messages += 1;
  queue.bytes += letter.bytes;
}

function giveBack(queue: Queue, priority: Priority): void {
  const letter = queue.waiting[priority].shift();
  if (letter === undefined) return;
  queue.messages -= 1;
  queue.bytes -= letter.bytes;
}

function oldestAt({ waiting }: Queue): number {
  return Math.min(...priorities.map((priority) => waiting[priority][0]?.at ?? Infinity));
}

function noteDropped(
  { peer }: Queue,
  priority: Priority,
  reason: OutboxDrop,
  messages: number,
  { wall }: Time,
  out: EffectSink,
): void {
  if (messages > 0)
    out.push({ type: "note", at: wall, note: { type: "outboxDropped", peer, priority, reason, messages } });
}
