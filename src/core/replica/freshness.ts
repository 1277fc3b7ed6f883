/**
 * From whom old entries are taken. What is older than the floor and not held is refused, or a
 * replayed put would bring a deleted key back; but a member that was away, or is new, must take the
 * old entries that the others rightly hold.
 *
 * A replica is
 * - *young* while it has not had all of a current member's set yet, and is new or never wrote: it has
 *   forgotten nothing, so it takes whatever is signed, from anybody, and collects nothing;
 * - *current* when it had all of somebody's set within half a horizon: it takes nothing old from
 *   anybody, unless its operator says from whom;
 * - *stale* otherwise: others may have collected since what it still holds, so it takes old entries
 *   from current members only.
 *
 * 1. Who is not current follows the current members it meets: it sets aside its own old entries that
 *    those do not have. Nobody follows a young or a stale one.
 * 2. A walk compares what we had when it began. What a pull brought on trust since then was not compared, so
 *    that walk does not make us current: nothing would ever look at those entries again.
 * 3. Two that are young do not make each other current, or those set up together would refuse what
 *    is old before they have met who holds it.
 *
 * 4. Two that are stale do not make each other current while one of them has met a current member, or has met others
 *    only for a short while: they would refuse what is old before they have met who holds it.
 *
 * Limit: a young or stale replica believes the first current member it meets.
 */
import { BoundedMap } from "../../base/bounded-map.ts";
import type { Instant, PeerId } from "../../base/brand.ts";
import type { StoreState } from "../../ports/store.ts";
import type { Merge } from "../data/merge.ts";
import { floorAt, horizonMsOf } from "../data/collection.ts";
import { loneStaleMs, loneStaleShare, peersComparedMax, staleAfterShare } from "../data/limits.ts";

export type Age = "young" | "current" | "stale";

/** Entries below the floor here that a peer does not have, and will not take. */
export interface ApartFrom {
  readonly peer: PeerId;
  readonly entries: number;
  readonly at: Instant;
}

/** Our old entries that a peer does not have, at the end of a walk with it. */
export interface OldEntries {
  readonly setAside: number;
  /** Kept here, because we do not follow that peer. */
  readonly apart: number;
  readonly at: Instant;
}

/** What came of the operator's latest order to follow a peer once. */
export interface Adoption {
  readonly peer: PeerId;
  /** `waiting` until a walk that began after the order has compared everything. */
  readonly state: "waiting" | "done" | "linkLost";
  /** Old entries of ours that the peer does not have. */
  readonly setAside: number;
  /** Entries that walks with the peer brought since. */
  readonly taken: number;
}

export class Freshness {
  readonly #horizonDays: number;
  readonly #staleAfterMs: number;
  readonly #loneStaleMs: number;
  /** Whether each linked peer last said that it is current. */
  readonly #peers = new Map<PeerId, boolean>();
  /** Monotonic time since when somebody is linked but for short gaps, and of the end of the last link. */
  #metSince = 0;
  #aloneSince: number = -Infinity;
  /** When everything was last compared with a peer, linked or not. */
  readonly #comparedAt = new BoundedMap<PeerId, Instant>(peersComparedMax);
  readonly #apart = new Map<PeerId, ApartFrom>();
  /** Monotonic time at which a pull last brought an old entry, taken on trust. */
  #trustedAt: number = -Infinity;
  #adoption: (Adoption & { readonly askedAt: number }) | undefined;

  constructor(horizonDays: number) {
    this.#horizonDays = horizonDays;
    this.#staleAfterMs = horizonMsOf(horizonDays) * staleAfterShare;
    this.#loneStaleMs = Math.min(loneStaleMs, this.#staleAfterMs * loneStaleShare);
  }

  age({ createdAt, reconciledAt, lastStamp }: StoreState, now: Instant): Age {
    if (reconciledAt === undefined) return lastStamp === 0 || now - createdAt < this.#staleAfterMs ? "young" : "stale";
    return now - reconciledAt < this.#staleAfterMs ? "current" : "stale";
  }

  /**
   * Worth a walk with this peer although frontiers explain all: the last time everything was compared
   * with it is long ago. With each peer by itself, or a liar's complete walk would count for all.
   */
  wantsReconciliation(peer: PeerId, now: Instant): boolean {
    const comparedAt = this.#comparedAt.get(peer);
    return comparedAt === undefined || now - comparedAt >= this.#staleAfterMs / 2;
  }

  heard(peer: PeerId, current: boolean, mono: number): void {
    if (this.#peers.size === 0 && mono - this.#aloneSince > this.#loneStaleMs) this.#metSince = mono;
    this.#peers.set(peer, current);
  }

  departed(peer: PeerId, mono: number): void {
    if (this.#peers.delete(peer) && this.#peers.size === 0) this.#aloneSince = mono;
    this.#apart.delete(peer);
    if (this.#adoption !== undefined && this.adopting === peer)
      this.#adoption = { ...this.#adoption, state: "linkLost" };
  }

  takesOldFrom(peer: PeerId, state: StoreState, now: Instant): boolean {
    const age = this.age(state, now);
    return age === "young" || this.isBelieved(peer, age);
  }

  /** Whether what this peer does not have is no part of the set any more. */
  isBelieved(peer: PeerId, age: Age): boolean {
    return this.adopting === peer || (age !== "current" && this.#peers.get(peer) === true);
  }

  /** Whether having all of this peer's set makes us current. */
  vouches(peer: PeerId, age: Age, mono: number): boolean {
    if (age === "current" || this.#peers.get(peer) === true) return true;
    const isAnyCurrent = [...this.#peers.values()].includes(true);
    return age === "stale" && !isAnyCurrent && mono - this.#metSince >= this.#loneStaleMs;
  }

  /** Whether a merge brought to life what is older than the floor. */
  isOld({ ops }: Merge, now: Instant): boolean {
    const floor = floorAt(now, this.#horizonDays);
    return ops.some(({ living, stamp }) => living && stamp < floor);
  }

  /** An old entry lives now because we are not current. */
  tookOnTrust(mono: number): void {
    this.#trustedAt = mono;
  }

  /** Whether what was compared by a walk that began then is all there was to compare. */
  comparedAllSince(startedAt: number): boolean {
    return this.#trustedAt < startedAt;
  }

  /** Takes over, at the next walk with this peer, what it holds and what it does not. False where it is not linked. */
  adopt(peer: PeerId, askedAt: number): boolean {
    if (!this.#peers.has(peer)) return false;
    this.#adoption = { peer, state: "waiting", setAside: 0, taken: 0, askedAt };
    return true;
  }

  /** The peer whose walk the operator's order waits for. */
  get adopting(): PeerId | undefined {
    return this.#adoption?.state === "waiting" ? this.#adoption.peer : undefined;
  }

  /** A walk with this peer has ended, however, and brought entries. */
  brought(peer: PeerId, entries: number): void {
    if (this.#adoption !== undefined && this.adopting === peer)
      this.#adoption = { ...this.#adoption, taken: this.#adoption.taken + entries };
  }

  /** A walk with this peer is complete; it `counts` unless there is reason for another one soon. What it did not count of ours, the next one finds. */
  reconciledWith(
    peer: PeerId,
    walk: { readonly startedAt: number; readonly isWhole: boolean; readonly counts: boolean },
    old: OldEntries,
  ): void {
    const { setAside, apart, at } = old;
    if (this.#adoption !== undefined && this.adopting === peer) {
      const isOver = walk.isWhole && walk.startedAt >= this.#adoption.askedAt; // what an earlier walk brought was refused
      const state = isOver ? "done" : "waiting";
      this.#adoption = { ...this.#adoption, state, setAside: this.#adoption.setAside + setAside };
    }
    if (walk.counts) this.#comparedAt.set(peer, at);
    if (apart === 0) this.#apart.delete(peer);
    else this.#apart.set(peer, { peer, entries: apart, at });
  }

  /** A pull showed that this peer's set is ours. */
  equalTo(peer: PeerId, at: Instant): void {
    this.#comparedAt.set(peer, at);
    this.#apart.delete(peer);
  }

  adoption(): Adoption | undefined {
    if (this.#adoption === undefined) return undefined;
    const { peer, state, setAside, taken } = this.#adoption;
    return { peer, state, setAside, taken };
  }

  apart(): readonly ApartFrom[] {
    return [...this.#apart.values()];
  }
}
