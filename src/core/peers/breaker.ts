/**
 * A circuit breaker, as in electricity: after several failures in a row it opens, and no dial to that peer is made at
 * any of its addresses. Later it lets one through (half-open): success closes it, failure opens it for longer.
 *
 * 1. It opens with the fifth failure in a row, for 30 s, and for twice as long after each failure while half-open, up to 10 min.
 * 2. Any success, and any sign of life, closes it and forgets its failures.
 */
import { breakerFailures, breakerResetMsMax, breakerResetMsMin } from "./limits.ts";

export type BreakerState = "closed" | "open" | "halfOpen";

export class Breaker {
  #failures = 0;
  #trips = 0;
  /** Monotonic time. */
  #openUntil: number = -Infinity;

  state(mono: number): BreakerState {
    if (this.#trips === 0) return "closed";
    return mono < this.#openUntil ? "open" : "halfOpen";
  }

  /** Before this moment no dial is made. */
  get openUntil(): number {
    return this.#openUntil;
  }

  /** A dial failed; the wait is no longer than `waitMsMax`. */
  failed(mono: number, waitMsMax: number): void {
    this.#failures += 1;
    if (this.#trips === 0 && this.#failures < breakerFailures) return;
    const waitMs = Math.min(breakerResetMsMin * 2 ** this.#trips, breakerResetMsMax, waitMsMax);
    this.#trips = Math.min(this.#trips + 1, 30);
    this.#openUntil = mono + waitMs;
  }

  close(): void {
    this.#failures = 0;
    this.#trips = 0;
    this.#openUntil = -Infinity;
  }
}
