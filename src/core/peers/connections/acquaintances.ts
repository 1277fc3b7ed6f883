/**
 * What is known of peers, whatever their addresses: whether they were members, how good they have been, and whether
 * dialing them makes sense now. Limit: 1,024 peers, the longest idle are forgotten first.
 */
import type { Instant, PeerId, Time } from "../../../base/brand.ts";
import { BoundedMap } from "../../../base/bounded-map.ts";
import { Breaker, type BreakerState } from "../breaker.ts";
import type { PeerClass } from "../classes.ts";
import { peersRememberedMax } from "../limits.ts";
import type { PeerLimits } from "../peer-limits.ts";
import { type Observation, type Quality, faded, newQuality, observed, scoreOf } from "../quality.ts";
import { type Candidate, isConfigured } from "./candidate.ts";
import { Flaps } from "./flaps.ts";

/** How a peer is thought of; shares from 0 to 1, the score from 0 to 100. */
export interface Opinion {
  readonly class: PeerClass;
  readonly score: number;
  readonly usefulness: number;
  readonly promptness: number;
}

interface Acquaintance {
  readonly breaker: Breaker;
  readonly flaps: Flaps;
  quality: Quality;
  /** It was admitted once. */
  wasAdmitted: boolean;
}

/** Whether a rule, or the settings, say more of a peer than its own doing. */
export type NamedClass = (peer: PeerId, address: string, now: Instant) => "validator" | "trusted" | undefined;

export class Acquaintances {
  readonly #namedClass: NamedClass;
  readonly #limits: () => PeerLimits;
  readonly #peers = new BoundedMap<PeerId, Acquaintance>(peersRememberedMax);

  constructor(namedClass: NamedClass, limits: () => PeerLimits) {
    this.#namedClass = namedClass;
    this.#limits = limits;
  }

  observe(peer: PeerId, what: Observation, mono: number): void {
    const known = this.#of(peer, mono);
    known.quality = observed(known.quality, what, mono);
  }

  wasAdmitted(peer: PeerId, mono: number): void {
    const known = this.#of(peer, mono);
    known.wasAdmitted = true;
    known.breaker.close();
  }

  /** A dial at one of its addresses failed; its breaker stays open no longer than `waitMsMax`. */
  failed(peer: PeerId, mono: number, waitMsMax: number): void {
    this.#of(peer, mono).breaker.failed(mono, waitMsMax);
  }

  /** How its links break; to be changed by whoever sees them break. */
  flapsOf(peer: PeerId, mono: number): Flaps {
    return this.#of(peer, mono).flaps;
  }

  isFlapping(peer: PeerId | undefined, mono: number): boolean {
    return peer !== undefined && this.#peers.get(peer)?.flaps.isFlapping(mono) === true;
  }

  closeBreaker(peer: PeerId): void {
    this.#peers.get(peer)?.breaker.close();
  }

  breakerOf(peer: PeerId, mono: number): BreakerState {
    return this.#peers.get(peer)?.breaker.state(mono) ?? "closed";
  }

  /** Monotonic time before which the breaker lets no dial through. */
  openUntil(peer: PeerId | undefined): number {
    return (peer === undefined ? undefined : this.#peers.get(peer)?.breaker.openUntil) ?? -Infinity;
  }

  /** Undefined where nothing is known of the peer. */
  scoreOf(peer: PeerId | undefined, mono: number): number | undefined {
    const known = peer === undefined ? undefined : this.#peers.get(peer);
    return known === undefined ? undefined : scoreOf(known.quality, mono);
  }

  classOf(candidate: Candidate, now: Instant): PeerClass {
    const { peer, address } = candidate;
    const named = peer === undefined ? undefined : this.#namedClass(peer, address, now);
    if (named !== undefined) return named;
    if (isConfigured(candidate)) return "trusted";
    return peer !== undefined && this.#peers.get(peer)?.wasAdmitted === true ? "regular" : "unknown";
  }

  /** Of a peer whose link stands at this address. */
  opinionOf(peer: PeerId, address: string, isConfiguredPeer: boolean, now: Time): Opinion {
    const known = this.#peers.get(peer);
    const quality = faded(known?.quality ?? newQuality(now.mono), now.mono);
    const earned = known?.wasAdmitted === true ? "regular" : "unknown";
    return {
      class: this.#namedClass(peer, address, now.wall) ?? (isConfiguredPeer ? "trusted" : earned),
      score: scoreOf(quality, now.mono),
      usefulness: quality.usefulness,
      promptness: quality.promptness,
    };
  }

  #of(peer: PeerId, mono: number): Acquaintance {
    const known = this.#peers.get(peer) ?? {
      ...{ breaker: new Breaker(this.#limits().breaker), flaps: new Flaps(this.#limits().reconnectMs) },
      ...{ quality: newQuality(mono), wasAdmitted: false },
    };
    this.#peers.set(peer, known); // also what is known already: whoever is idle longest is forgotten
    return known;
  }
}
