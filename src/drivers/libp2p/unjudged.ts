/**
 * Gossip messages on their way to a verdict. Each gets a ticket; the core's `judge` order redeems
 * it. Their number and bytes are bounded: what comes on top, or is not judged in time, is
 * ignored, which costs a round of reconciliation and blames nobody.
 */
import type { PeerId } from "../../base/brand.ts";
import type { NetworkEvent, Verdict } from "../../ports/network.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { unjudgedBytesMax, unjudgedMessagesMax, verdictMsMax } from "./limits.ts";

interface Waiting {
  readonly bytes: number;
  readonly expiresAt: number;
  readonly decide: (verdict: Verdict) => void;
}

export class Unjudged {
  readonly #onEvent: (event: NetworkEvent) => void;
  readonly #budget: ByteBudget;
  /** In order of tickets and so of expiry. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #dropped = new Map<PeerId, number>();
  #tickets = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(onEvent: (event: NetworkEvent) => void, budget: ByteBudget) {
    this.#onEvent = onEvent;
    this.#budget = budget;
  }

  /** Passes the message on and resolves with its verdict. Never rejects. */
  ask(from: PeerId, payload: Uint8Array): Promise<Verdict> {
    const bytes = payload.length;
    if (
      this.#waiting.size >= unjudgedMessagesMax ||
      this.#bytes + bytes > unjudgedBytesMax ||
      !this.#budget.take(bytes)
    ) {
      this.#dropped.set(from, (this.#dropped.get(from) ?? 0) + 1);
      return Promise.resolve("ignore");
    }
    this.#bytes += bytes;
    this.#tickets += 1;
    const message = this.#tickets;
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    this.#waiting.set(message, { bytes, expiresAt: performance.now() + verdictMsMax, decide: resolve });
    this.#timer ??= setTimeout(() => this.#expire(), verdictMsMax);
    this.#onEvent({ type: "gossipReceived", message, from, payload });
    return promise;
  }

  /** Unknown tickets are those that expired before their verdict. */
  judge(message: number, verdict: Verdict): void {
    const waiting = this.#waiting.get(message);
    if (waiting === undefined) return;
    this.#waiting.delete(message);
    this.#bytes -= waiting.bytes;
    this.#budget.giveBack(waiting.bytes);
    waiting.decide(verdict);
  }

  /** Messages ignored for want of room since the last call, by who sent them. */
  takeDropped(): readonly (readonly [PeerId, number])[] {
    const dropped = [...this.#dropped];
    this.#dropped.clear();
    return dropped;
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const message of [...this.#waiting.keys()]) this.judge(message, "ignore");
  }

  #expire(): void {
    this.#timer = undefined;
    const at = performance.now();
    for (const [message, waiting] of this.#waiting) {
      if (waiting.expiresAt > at) {
        this.#timer = setTimeout(() => this.#expire(), waiting.expiresAt - at);
        return;
      }
      this.judge(message, "ignore");
    }
  }
}
