/**
 * Who dials in again and again and never gets as far as an admission: it says no hello, or breaks the protocol before it is let in. Each
 * time it holds one of the few places for strangers for up to 5 s. After several times in a row it is sent away at once, for
 * a while, by the same breaker by which this node stops dialing whoever does not answer.
 *
 * 1. It opens with the fifth failure in a row, for 30 s, then for twice as long with each further one, up to 10 min; an admission, or forgetting, ends it.
 * 2. Only what the peer did itself counts: not that it is of another network or version, that its clock is off, that no place was free, nor that a link broke.
 *    Whoever sets up a node wrongly and mends it is let in at once.
 * 3. It names a peer id, which is proven, and never an address, which others may share. The longest idle of 1,024 are forgotten.
 */
import { BoundedMap } from "../../../base/bounded-map.ts";
import type { PeerId } from "../../../base/brand.ts";
import type { GoodbyeCode } from "../../../codec/admit.ts";
import { Breaker, type BreakerLimits } from "../breaker.ts";
import { peersRememberedMax, retryAfterSecondsMax } from "../limits.ts";

const counted = ["noHello", "protocolViolation"] as const;

type Failure = (typeof counted)[number];

/** Why a link is refused, and after how long it may be tried again. */
export interface TurnedAway {
  readonly code: Failure;
  readonly reason: string;
  readonly retryAfterSeconds: number;
}

export class RepeatedFailures {
  readonly #limits: () => BreakerLimits;
  readonly #peers = new BoundedMap<
    PeerId,
    { readonly breaker: Breaker; readonly code: Failure; readonly times: number }
  >(peersRememberedMax);

  constructor(limits: () => BreakerLimits) {
    this.#limits = limits;
  }

  /** A link that the peer had dialed ended by that goodbye of ours before it was admitted. */
  failed(peer: PeerId, code: GoodbyeCode, mono: number): void {
    const failure = counted.find((each) => each === code);
    if (failure === undefined) return;
    const { breaker, times } = this.#peers.get(peer) ?? { breaker: new Breaker(this.#limits()), times: 0 };
    breaker.failed(mono, Infinity);
    this.#peers.set(peer, { breaker, code: failure, times: times + 1 });
  }

  admitted(peer: PeerId): void {
    this.#peers.delete(peer);
  }

  refusal(peer: PeerId, mono: number): TurnedAway | undefined {
    const known = this.#peers.get(peer);
    if (known?.breaker.state(mono) !== "open") return undefined;
    const leftSeconds = Math.ceil((known.breaker.openUntil - mono) / 1_000);
    return {
      code: known.code,
      reason: `not listened to for ${leftSeconds} s: ${known.times} links in a row ended before admission (${known.code})`,
      retryAfterSeconds: Math.min(leftSeconds, retryAfterSecondsMax),
    };
  }
}
