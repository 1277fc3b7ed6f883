/**
 * Things that arrive later than they came: a queue with a moment for each, in the order they were
 * put in. Nothing overtakes what is before it, as on one TCP connection.
 */
interface Waiting {
  /** On the monotonic clock, in ms. */
  readonly at: number;
  readonly release: () => void;
  readonly drop: () => void;
}

export class DelayLine {
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** `release` is called at once where nothing waits and there is no delay, else when it is due; or `drop` instead. */
  push(delayMs: number, release: () => void, drop: () => void = () => undefined): void {
    if (delayMs <= 0 && this.isEmpty) return release();
    const at = Math.max(performance.now() + delayMs, this.#waiting.at(-1)?.at ?? 0);
    this.#waiting.push({ at, release, drop });
    if (this.#waiting.length === 1) this.#setTimer();
  }

  /** Throws away everything that waits. */
  clear(): void {
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { drop } of waiting) drop();
  }

  #setTimer(): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    this.#timer = setTimeout(() => this.#releaseDue(), Math.max(0, Math.ceil(first.at - performance.now())));
  }

  #releaseDue(): void {
    const now = performance.now();
    for (let first = this.#waiting[0]; first !== undefined && first.at <= now; first = this.#waiting[0]) {
      this.#waiting.shift();
      first.release();
    }
    this.#setTimer();
  }
}
