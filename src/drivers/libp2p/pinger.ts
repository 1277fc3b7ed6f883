/**
 * Measures the round trip of every admitted link, at once and then every `pingEveryMs`, and calls
 * a link stale that has not answered for `staleAfterMs`.
 */
import { pingEveryMs, pingMsMax, staleAfterMs } from "./limits.ts";
import type { Link } from "./link.ts";
import { ping } from "./ping.ts";

export class Pinger {
  readonly #onMeasured: (link: Link, rttMs: number) => void;
  readonly #timers = new Map<Link, NodeJS.Timeout>();

  constructor(onMeasured: (link: Link, rttMs: number) => void) {
    this.#onMeasured = onMeasured;
  }

  start(link: Link): void {
    const watch = { answeredAt: performance.now() };
    const timer = setInterval(() => this.#check(link, watch), pingEveryMs);
    this.#timers.set(link, timer);
    this.#measure(link, watch);
  }

  stop(link: Link): void {
    clearInterval(this.#timers.get(link));
    this.#timers.delete(link);
  }

  #check(link: Link, watch: { answeredAt: number }): void {
    if (performance.now() - watch.answeredAt >= staleAfterMs) void link.close("stale");
    else this.#measure(link, watch);
  }

  #measure(link: Link, watch: { answeredAt: number }): void {
    ping(link.connection, AbortSignal.timeout(pingMsMax)).then(
      (rttMs) => {
        watch.answeredAt = performance.now();
        if (link.isOpen) this.#onMeasured(link, rttMs);
      },
      () => undefined, // a missing answer shows in `answeredAt` at the next check
    );
  }
}
