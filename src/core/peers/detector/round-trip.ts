/**
 * How long an answer may take on one link, from how long answers took: the mean and four times the
 * deviation. Source: RFC 6298, section 2, with bounds of our own.
 */
import type { Millis } from "../../../base/brand.ts";
import { answerMsMax, answerMsMin } from "./limits.ts";

export class RoundTrip {
  #meanMs: Millis | undefined;
  #deviationMs = 0;

  measured(tookMs: Millis): void {
    if (this.#meanMs === undefined) {
      this.#meanMs = tookMs;
      this.#deviationMs = tookMs / 2;
      return;
    }
    this.#deviationMs += (Math.abs(this.#meanMs - tookMs) - this.#deviationMs) / 4;
    this.#meanMs += (tookMs - this.#meanMs) / 8;
  }

  /** Time for an answer, in ms. */
  get answerMs(): Millis {
    return Math.min(answerMsMax, Math.max(answerMsMin, (this.#meanMs ?? 0) + 4 * this.#deviationMs));
  }
}
