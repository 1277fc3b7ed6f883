/**
 * A node's wall clock and what may be wrong with it: set off by an amount, standing still, running
 * fast or slow. The monotonic clock of a process is always right.
 */
import type { Instant } from "../src/base/brand.ts";
import type { EventQueue } from "./event-queue.ts";

/** The year 2026: far enough from zero for floors and skews. */
export const worldBegan = 1_790_000_000_000;
/** A freeze may leave the clock behind by what other nodes still take. */
const freezeMsMax = 25_000;

export class SimClock {
  /** Milliseconds ahead of true time. */
  skewMs = 0;
  /** Whether it was ever wrong enough that the node's users should repair what it stamped. */
  needsRepair = false;
  readonly #queue: EventQueue;
  #frozenAt: number | undefined;
  #driftRate = 0;
  #driftsSince = 0;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  wall(): Instant {
    const { now } = this.#queue;
    if (this.#frozenAt !== undefined && now - this.#frozenAt > freezeMsMax) this.thaw();
    const at = this.#frozenAt ?? now;
    return Math.floor(worldBegan + at + this.skewMs + (at - this.#driftsSince) * this.#driftRate) as Instant;
  }

  /** True time. */
  right(): Instant {
    return Math.floor(worldBegan + this.#queue.now) as Instant;
  }

  /** How far it is ahead of true time. */
  aheadMs(): number {
    return this.wall() - worldBegan - this.#queue.now;
  }

  freeze(): void {
    this.#frozenAt ??= this.#queue.now;
  }

  /** It jumps to where it would be. */
  thaw(): void {
    this.#frozenAt = undefined;
  }

  /** Gains `rate` milliseconds a millisecond from now on. */
  drift(rate: number): void {
    this.skewMs += (this.#queue.now - this.#driftsSince) * this.#driftRate;
    this.#driftRate = rate;
    this.#driftsSince = this.#queue.now;
  }

  /** Right from now on. */
  set(): void {
    this.thaw();
    this.drift(0);
    this.skewMs = 0;
  }
}
