/**
 * How much this node reads and writes on all its links together, each direction against the same limit.
 *
 * 1. Every byte of every socket counts, handshakes and headers too; loopback is no exception.
 * 2. What is read beyond the limit is paid back by leaving sockets unread: the sender's own flow control then
 *    waits, and nothing is lost.
 * 3. What is urgent is written at once and counts; bulk waits for what it owes, and the links that have some take turns.
 * 4. Gossip cannot wait for long: while much is owed what comes new is dropped, as for a peer that reads too slowly, and a pull repairs.
 */
import type { BandwidthUse } from "../driver-types.ts";
import { gossipOwedMsMax, bandwidthBurstMs } from "./limits.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Who waits until there is bulk to be handed on; one piece, or one round of them, each time. */
export interface Turn {
  takeTurn(): void;
}

export class Bandwidth {
  readonly read: Direction;
  readonly written: Direction;
  readonly #waiting = new Set<Turn>();
  #max: number | undefined;
  #pace: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Undefined for no limit. */
  constructor(bytesPerSecond: number | undefined, now: number) {
    this.#max = bytesPerSecond;
    this.read = new Direction(bytesPerSecond, now);
    this.written = new Direction(bytesPerSecond, now);
  }

  limitTo(bytesPerSecond: number | undefined, now: number): void {
    this.#max = bytesPerSecond;
    this.written.limitTo(bytesPerSecond, now);
    this.#limitRead(now);
    this.#giveTurns();
  }

  /** Reads slower than the limit for a while, or no more. */
  pace(bytesPerSecond: number | undefined, now: number): void {
    this.#pace = bytesPerSecond;
    this.#limitRead(now);
  }

  use(now: number): { readonly read: BandwidthUse; readonly written: BandwidthUse } {
    return { read: this.read.use(now), written: this.written.use(now) };
  }

  /** Whether bulk may go on now without waiting for its turn. */
  get isFree(): boolean {
    return this.#waiting.size === 0 && this.written.owedMs(performance.now()) === 0;
  }

  get mayGossip(): boolean {
    return this.written.owedMs(performance.now()) < gossipOwedMsMax;
  }

  /** Calls back when bulk may go on; once, however often it is asked. */
  wait(turn: Turn): void {
    this.#waiting.add(turn);
    this.#timer ??= setTimeout(() => this.#giveTurns(), this.#waitMs()).unref();
  }

  isWaiting(turn: Turn): boolean {
    return this.#waiting.has(turn);
  }

  forget(turn: Turn): void {
    this.#waiting.delete(turn);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #limitRead(now: number): void {
    const least = Math.min(this.#max ?? Infinity, this.#pace ?? Infinity);
    this.read.limitTo(least === Infinity ? undefined : least, now);
  }

  #giveTurns(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const turn of [...this.#waiting]) {
      if (this.written.owedMs(performance.now()) > 0) break;
      this.#waiting.delete(turn);
      turn.takeTurn();
    }
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#giveTurns(), this.#waitMs()).unref();
  }

  #waitMs(): number {
    return Math.max(1, Math.ceil(this.written.owedMs(performance.now())));
  }
}

/** One direction: what went through it lately, and what is owed. */
class Direction {
  #bucket: TokenBucket | undefined;
  #bytesPerSecond: number | undefined;
  /** Bytes in the second under way, and in the one before. */
  readonly #second = { since: 0, now: 0, before: 0 };
  #slowedAt = -Infinity;

  constructor(bytesPerSecond: number | undefined, now: number) {
    this.limitTo(bytesPerSecond, now);
  }

  limitTo(bytesPerSecond: number | undefined, now: number): void {
    if (bytesPerSecond === this.#bytesPerSecond) return;
    this.#bytesPerSecond = bytesPerSecond;
    if (bytesPerSecond === undefined) this.#bucket = undefined;
    else {
      const rate = { perSecond: bytesPerSecond, burst: (bytesPerSecond * bandwidthBurstMs) / 1_000 };
      if (this.#bucket === undefined) this.#bucket = new TokenBucket(rate, now);
      else this.#bucket.changeRate(rate, now);
    }
  }

  /** Counts; answers in how many ms nothing is owed any more. */
  take(bytes: number, now: number): number {
    this.#turnSecond(now);
    this.#second.now += bytes;
    const owedMs = this.#bucket?.take(bytes, now) ?? 0;
    if (owedMs > 0) this.#slowedAt = now;
    return owedMs;
  }

  owedMs(now: number): number {
    return this.#bucket?.take(0, now) ?? 0;
  }

  /** Of the last whole second. */
  bytesPerSecond(now: number): number {
    this.#turnSecond(now);
    return this.#second.before;
  }

  /** Whether something had to wait in the last second or two. */
  isSlowing(now: number): boolean {
    return now - this.#slowedAt < 2_000;
  }

  use(now: number): BandwidthUse {
    return { bytesPerSecond: this.bytesPerSecond(now), max: this.#bytesPerSecond, isSlowing: this.isSlowing(now) };
  }

  #turnSecond(now: number): void {
    const passed = Math.floor((now - this.#second.since) / 1_000);
    if (passed < 1) return;
    this.#second.before = passed === 1 ? this.#second.now : 0;
    this.#second.now = 0;
    this.#second.since += passed * 1_000;
  }
}
