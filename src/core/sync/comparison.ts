/**
 * How each admitted member's set compares with ours: what its latest beacon said, what we held when
 * we heard it, and since when the two differ. It decides nothing; it is what `converged` reads.
 *
 * 1. A beacon is compared with our state at the moment it counts: when it comes with a pull of
 *    theirs, or when all that came with our own pull is merged.
 * 2. A round is one order to ask everybody: what answers a question asked since is fresh. What was under way
 *    before, or comes unasked, may be older than what the user knows of.
 * 3. One record per admitted member, so at most as many as there are links.
 */
import type { Instant, PeerId } from "../../base/brand.ts";
import { equalBytes } from "../../base/bytes.ts";
import type { SetSummary } from "../../codec/frontier.ts";
import type { FrontierGaps } from "./gap.ts";

/** Plain data, by the wall clock of this node. */
export interface MemberComparison {
  readonly peer: PeerId;
  readonly admittedAt: Instant;
  readonly heard: HeardBeacon | undefined;
  /** The first of the latest beacons in a row that differed; undefined while equal. */
  readonly differsSince: Instant | undefined;
  readonly equalAt: Instant | undefined;
  /** Batches it said that it holds back, when it last told how it stands. */
  readonly heldBack: number | undefined;
  /** Whether it takes nothing from others, by its own word, because a limit of its disk is reached. */
  readonly full: boolean;
  /** From its latest pull that was followed by no equal beacon. */
  readonly gaps: (FrontierGaps & { readonly at: Instant }) | undefined;
}

export interface HeardBeacon {
  readonly at: Instant;
  readonly round: number;
  readonly equal: boolean;
  /** Living entries of theirs, and of ours at that moment; tombstones included. */
  readonly theirs: number;
  readonly ours: number;
}

export class Comparison {
  readonly #members = new Map<PeerId, MemberComparison>();
  #round = 0;
  #askedAt: number = -Infinity;

  /** Begins a round, at a monotonic time; answers to what is asked from now on have its number. */
  ask(mono: number): number {
    this.#round += 1;
    this.#askedAt = mono;
    return this.#round;
  }

  admitted(peer: PeerId, at: Instant): void {
    if (this.#members.has(peer)) return; // a second link of the same member
    const never = { heard: undefined, differsSince: undefined, equalAt: undefined };
    const unheard = { ...never, heldBack: undefined, full: false, gaps: undefined };
    this.#members.set(peer, { peer, admittedAt: at, ...unheard });
  }

  departed(peer: PeerId): void {
    this.#members.delete(peer);
  }

  /** `askedAt` is the monotonic time of the question; undefined for what came unasked. */
  heard(peer: PeerId, theirs: SetSummary, ours: SetSummary, at: Instant, askedAt: number | undefined): void {
    const member = this.#members.get(peer);
    if (member === undefined) return;
    const equal = sameSet(theirs, ours);
    const isFresh = askedAt !== undefined && askedAt >= this.#askedAt;
    const round = isFresh ? this.#round : (member.heard?.round ?? 0);
    const heard = { at, round, equal, theirs: theirs.count, ours: ours.count };
    this.#members.set(
      peer,
      equal
        ? { ...member, heard, differsSince: undefined, equalAt: at, gaps: undefined }
        : { ...member, heard, differsSince: member.differsSince ?? at },
    );
  }

  holdsBack(peer: PeerId, { batches, full }: { readonly batches: number; readonly full: boolean }): void {
    const member = this.#members.get(peer);
    if (member !== undefined) this.#members.set(peer, { ...member, heldBack: batches, full });
  }

  /** The peer's pull named all it holds. */
  namedFrontier(peer: PeerId, gaps: FrontierGaps, at: Instant): void {
    const member = this.#members.get(peer);
    if (member === undefined || member.heard?.equal === true) return; // the numbers between are of batches that live nowhere
    if (gaps.theyLack.batches === 0 && gaps.weLack.batches === 0) return;
    this.#members.set(peer, { ...member, gaps: { ...gaps, at } });
  }

  members(): readonly MemberComparison[] {
    return [...this.#members.values()];
  }
}

export function sameSet(a: SetSummary, b: SetSummary): boolean {
  return a.count === b.count && equalBytes(a.root, b.root);
}
