/**
 * A circuit breaker, as in electricity: after several failures in a row it opens, and no dial to that peer is made at
 * any of its addresses. Later it lets one through (half-open): success closes it, failure opens it for longer.
 *
 * 1. It opens with the fifth failure in a row, for 30 s, and for twice as long after each failure while half-open, up to 10 min.
 * 2. Any success, and any sign of life, closes it and forgets its failures.
 */
import { breakerFailures, breakerResetMsMax, breakerResetMsMin } from "./limits.ts";

/** What an operator may set of it. */
export interface BreakerLimits {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it is open first, and at most, in ms. */
  readonly resetMsMin: number;
  readonly resetMsMax: number;
}

export const usualBreaker: BreakerLimits = {
  failures: breakerFailures,
  resetMsMin: breakerResetMsMin,
  resetMsMax: breakerResetMsMax,
};

export type BreakerState = "closed" | "open" | "halfOpen";

export class Breaker {
  readonly #limits: BreakerLimits;
  #failures = 0;
  #trips = 0;
  /** Monotonic time. */
  #openUntil: number = -Infinity;

  constructor(limits: BreakerLimits = usualBreaker) {
    this.#limits = limits;
  }

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
    const { failures, resetMsMin, resetMsMax } = this.#limits;
    if (this.#trips === 0 && this.#failures < failures) return;
    const waitMs = Math.min(resetMsMin * 2 ** this.#trips, resetMsMax, waitMsMax);
    this.#trips = Math.min(this.#trips + 1, 30);
    this.#openUntil = mono + waitMs;
  }

  close(): void {
    this.#failures = 0;
    this.#trips = 0;
    this.#openUntil = -Infinity;
  }
}
