/**
 * Measures the round trip of every admitted link, at once and then every 30 s (more often where a
 * link is stale sooner), and calls a link stale that has not answered for `staleAfterMs`.
 */
import type { Millis } from "../../base/brand.ts";
import { pingEveryMsMax, pingMsMax, pingsBeforeStale } from "./limits.ts";
import type { Link } from "./link.ts";
import { ping } from "./ping.ts";

export class Pinger {
  readonly #staleAfterMs: Millis;
  readonly #onMeasured: (link: Link, rttMs: number) => void;
  readonly #timers = new Map<Link, NodeJS.Timeout>();

  constructor(staleAfterMs: Millis, onMeasured: (link: Link, rttMs: number) => void) {
    this.#staleAfterMs = staleAfterMs;
    this.#onMeasured = onMeasured;
  }

  start(link: Link): void {
    const watch = { answeredAt: performance.now() };
    const timer = setInterval(() => this.#check(link, watch), pingEveryMsOf(this.#staleAfterMs));
    this.#timers.set(link, timer);
    this.#measure(link, watch);
  }

  stop(link: Link): void {
    clearInterval(this.#timers.get(link));
    this.#timers.delete(link);
  }

  #check(link: Link, watch: { answeredAt: number }): void {
    if (performance.now() - watch.answeredAt >= this.#staleAfterMs) void link.close("stale");
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

/** Time between two pings of one link. */
export function pingEveryMsOf(staleAfterMs: Millis): Millis {
  return Math.min(pingEveryMsMax, staleAfterMs / pingsBeforeStale);
}
