/**
 * A peer whose links break again and again, and how long to leave it alone after each loss. Like a fuse that is put in
 * again at once a few times, and then ever later: whatever breaks links is not mended by making them faster.
 *
 * 1. Up to four losses within an hour are accidents: the link is made again at once.
 * 2. From the fifth on the wait is as long as the series of losses has lasted so far, 30 s at least, 12 min at most. So what has
 *    flapped for a minute is linked again a minute after it stopped flapping, and what has flapped for ever within 15 min.
 * 3. In the long run there are never more than five reconnects an hour, however long links last: each loss takes a
 *    token of ten, and one comes back every 12 min; without one the wait lasts until there is one.
 * 4. A link that settles (12 min) ends the series, and so do the operator's order and a goodbye of a peer that stops: who
 *    leaves on purpose does not flap. Only the operator's order brings the tokens back.
 *
 * Source: route flap damping (RFC 2439), with a wait that grows with what was seen in place of a decaying penalty.
 */
import { flapTokensMax, flapWaitMsMin, flapsTolerated, flapsWithinMs, redialAfterLossMs } from "../limits.ts";

export class Flaps {
  /** Monotonic times of the latest losses of this series, at most one more than are tolerated. */
  #losses: number[] = [];
  /** Monotonic time of the first loss of this series. */
  #since = 0;
  #tokens = flapTokensMax;
  #countedAt = 0;
  /** Time in which a token comes back, and the longest wait. */
  readonly #tokenMs: number;

  constructor(tokenMs: number) {
    this.#tokenMs = tokenMs;
  }

  /** An admitted link is gone without a goodbye. */
  lost(mono: number): void {
    this.#tokens = Math.max(0, this.#tokensAt(mono) - 1);
    this.#countedAt = mono;
    if (this.#losses.length === 0 || mono - (this.#losses.at(-1) ?? 0) >= flapsWithinMs) this.#since = mono;
    this.#losses = [...this.#losses, mono].filter((at) => mono - at < flapsWithinMs).slice(-flapsTolerated - 1);
  }

  /** Whether there were too many losses within the last hour for an accident. */
  isFlapping(mono: number): boolean {
    return this.#losses.filter((at) => mono - at < flapsWithinMs).length > flapsTolerated;
  }

  /** How long to wait after a loss at that time, before jitter. */
  waitMs(mono: number): number {
    const untilTokenMs = Math.max(0, 1 - this.#tokensAt(mono)) * this.#tokenMs;
    const seriesMs = this.isFlapping(mono) ? Math.min(this.#tokenMs, Math.max(flapWaitMsMin, mono - this.#since)) : 0;
    return Math.max(redialAfterLossMs, seriesMs, untilTokenMs);
  }

  /** Whether one dial more is within what is allowed in the long run. */
  hasToken(mono: number): boolean {
    return this.#tokensAt(mono) >= 1;
  }

  /** The series is over. */
  end(): void {
    this.#losses = [];
  }

  /** As if nothing had happened. */
  forgive(): void {
    this.end();
    this.#tokens = flapTokensMax;
  }

  #tokensAt(mono: number): number {
    return Math.min(flapTokensMax, this.#tokens + (mono - this.#countedAt) / this.#tokenMs);
  }
}
