/**
 * A bucket of tokens that fills at a steady rate up to its brim. What is taken beyond the last token
 * is owed, and paid back by waiting; so one large piece of input passes and makes the next ones wait.
 * The clock is a parameter: any monotonic one, in ms.
 */
import type { Rate } from "./limits.ts";

export class TokenBucket {
  #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** Takes always; answers in how many ms nothing is owed any more, 0 where nothing is. */
  take(amount: number, now: number): number {
    this.#tokens = this.level(now) - amount;
    this.#at = now;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#rate.perSecond) * 1_000;
  }

  /** What is there or owed stays as it is, but for what does not fit any more. */
  changeRate(rate: Rate, now: number): void {
    this.#tokens = Math.min(rate.burst, this.level(now));
    this.#at = now;
    this.#rate = rate;
  }

  /** Takes where there is enough; false and untouched where there is not. */
  tryTake(amount: number, now: number): boolean {
    if (this.level(now) < amount) return false;
    this.take(amount, now);
    return true;
  }

  /** Tokens left; below zero is owed. */
  level(now: number): number {
    const fresh = (Math.max(0, now - this.#at) / 1_000) * this.#rate.perSecond;
    return Math.min(this.#rate.burst, this.#tokens + fresh);
  }

  isFull(now: number): boolean {
    return this.level(now) >= this.#rate.burst;
  }
}
