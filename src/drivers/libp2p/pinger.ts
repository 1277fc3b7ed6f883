/**
 * Keep-alive: measures the round trip of every admitted link, at once and then every 30 s (by setting,
 * and more often where a link is stale sooner), and calls a link stale whose last answer is
 * `staleAfterMs` ago.
 */
import type { Millis } from "../../base/brand.ts";
import { pingMsMax, pingsBeforeStale } from "./limits.ts";
import type { Link } from "./link.ts";
import { ping } from "./ping.ts";

export interface Patience {
  /** Time between two pings, at most. */
  readonly pingEveryMs: Millis;
  /** Time after the last answer. */
  readonly staleAfterMs: Millis;
}

interface Watch {
  readonly pinging: NodeJS.Timeout;
  readonly stale: NodeJS.Timeout;
}

export class Pinger {
  #patience: Patience;
  readonly #onMeasured: (link: Link, rttMs: number) => void;
  readonly #watches = new Map<Link, Watch>();

  constructor(patience: Patience, onMeasured: (link: Link, rttMs: number) => void) {
    this.#patience = patience;
    this.#onMeasured = onMeasured;
  }

  /** Of links that stand as of new ones: each is pinged at once, and has the new time from now on. */
  change(patience: Patience): void {
    if (
      pingEveryMsOf(patience) === pingEveryMsOf(this.#patience) &&
      patience.staleAfterMs === this.#patience.staleAfterMs
    )
      return;
    this.#patience = patience;
    for (const link of [...this.#watches.keys()]) {
      this.stop(link);
      this.start(link);
    }
  }

  start(link: Link): void {
    const pinging = setInterval(() => this.#measure(link), pingEveryMsOf(this.#patience));
    const { staleAfterMs } = this.#patience;
    const silent = `stale: no answer to pings for ${staleAfterMs / 1_000} s`;
    const stale = setTimeout(() => link.giveUp("stale", silent), staleAfterMs);
    this.#watches.set(link, { pinging, stale });
    this.#measure(link);
  }

  stop(link: Link): void {
    const watch = this.#watches.get(link);
    clearInterval(watch?.pinging);
    clearTimeout(watch?.stale);
    this.#watches.delete(link);
  }

  /** After a sleep: all links are pinged at once, and those that do not answer soon are stale. */
  recheck(): void {
    for (const [link, { stale }] of this.#watches) {
      stale.refresh(); // how long ago the last answer was tells nothing now
      this.#measure(link, () => link.giveUp("stale", "stale: no answer to a ping after this machine slept"));
    }
  }

  /** A missing answer alone does nothing: the next ping may be answered. */
  #measure(link: Link, onMissing: () => void = () => undefined): void {
    ping(link.connection, AbortSignal.timeout(pingMsMax)).then((rttMs) => {
      if (!link.isOpen) return;
      this.#watches.get(link)?.stale.refresh();
      link.measured(rttMs);
      this.#onMeasured(link, rttMs);
    }, onMissing);
  }
}

/** Time between two pings of one link. */
export function pingEveryMsOf({ pingEveryMs, staleAfterMs }: Patience): Millis {
  return Math.min(pingEveryMs, staleAfterMs / pingsBeforeStale);
}
