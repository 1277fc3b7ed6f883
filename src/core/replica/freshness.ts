/**
 * From whom old entries are taken. What is older than the floor and not held is refused, or a
 * replayed put would bring a deleted key back; but a member that was away, or is new, must take the
 * old entries that the others rightly hold.
 *
 * A replica is
 * - *young* while it is new and has not had all of anybody's set yet: it has forgotten nothing, so it
 *   takes whatever is signed, from anybody, and collects nothing;
 * - *stale* when it has not had all of anybody's set for half a horizon: others may have collected
 *   since what it still holds. It takes old entries from members that are not stale, and sets aside
 *   its own old ones that those do not have;
 * - *current* otherwise: it takes nothing old from anybody, unless its operator says from whom.
 *
 * Limit: a stale replica believes the first current member it meets.
 */
import type { Instant, PeerId } from "../../base/brand.ts";
import type { StoreState } from "../../ports/store.ts";
import { horizonMsOf } from "../data/collection.ts";
import { staleAfterShare } from "../data/limits.ts";

export type Age = "young" | "current" | "stale";

/** Entries below the floor here that a peer does not have, and will not take. */
export interface ApartFrom {
  readonly peer: PeerId;
  readonly entries: number;
  readonly at: Instant;
}

export class Freshness {
  readonly #staleAfterMs: number;
  /** What each linked peer last said of itself. */
  readonly #peers = new Map<PeerId, boolean>();
  readonly #apart = new Map<PeerId, ApartFrom>();
  #adopted: PeerId | undefined;

  constructor(horizonDays: number) {
    this.#staleAfterMs = horizonMsOf(horizonDays) * staleAfterShare;
  }

  age({ createdAt, reconciledAt }: StoreState, now: Instant): Age {
    if (reconciledAt === undefined) return now - createdAt < this.#staleAfterMs ? "young" : "current";
    return now - reconciledAt < this.#staleAfterMs ? "current" : "stale";
  }

  /** Worth a walk although frontiers explain all: the last time everything was compared is long ago. */
  wantsReconciliation({ reconciledAt }: StoreState, now: Instant): boolean {
    return reconciledAt === undefined || now - reconciledAt >= this.#staleAfterMs / 2;
  }

  heard(peer: PeerId, stale: boolean): void {
    this.#peers.set(peer, stale);
  }

  departed(peer: PeerId): void {
    this.#peers.delete(peer);
    this.#apart.delete(peer);
    if (this.#adopted === peer) this.#adopted = undefined;
  }

  takesOldFrom(peer: PeerId, state: StoreState, now: Instant): boolean {
    const age = this.age(state, now);
    return age === "young" || this.isBelieved(peer, age);
  }

  /** Whether what this peer does not have is no part of the set any more. */
  isBelieved(peer: PeerId, age: Age): boolean {
    return this.#adopted === peer || (age === "stale" && this.#peers.get(peer) === false);
  }

  /** Takes over, at the next walk with this peer, what it holds and what it does not. False where it is not linked. */
  adopt(peer: PeerId): boolean {
    if (!this.#peers.has(peer)) return false;
    this.#adopted = peer;
    return true;
  }

  /** A walk with this peer is complete. */
  reconciledWith(peer: PeerId, oldEntriesApart: number, at: Instant): void {
    if (this.#adopted === peer) this.#adopted = undefined;
    if (oldEntriesApart === 0) this.#apart.delete(peer);
    else this.#apart.set(peer, { peer, entries: oldEntriesApart, at });
  }

  apart(): readonly ApartFrom[] {
    return [...this.#apart.values()];
  }
}
