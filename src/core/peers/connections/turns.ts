/**
 * Whose turn it is to be dialed while more wait than may be dialed at once. Like a shop with six tills for whoever matters most, and
 * two at which every kind of customer is served in turn, so that nobody waits behind a queue that never ends.
 *
 * 1. Of 8 dials 6 are given by order: validators first, and so on.
 * 2. The other two go to the kind that has the fewest dials under way, of several to the one served longest ago; the kinds are the classes and
 *    the address book. Within a kind whoever failed least comes first, then who waits longest.
 * 3. So what never failed is dialed within three times what a dial may take (10 s by default), and as much again for each of its
 *    class that never failed and waits longer; however many of other classes are dead.
 */
import type { PeerClass } from "../classes.ts";
import { dialsByOrderMax, dialsMax } from "../limits.ts";
import type { Candidate } from "./candidate.ts";

export type Kind = PeerClass | "book";

/** An address that is due. */
export interface Wish {
  readonly candidate: Candidate;
  readonly kind: PeerClass;
  /** Smaller is sooner. */
  readonly order: number;
  /** Monotonic time since when it is due. */
  readonly since: number;
}

/** The address book has one to pick from. */
export interface BookWish {
  readonly candidate: undefined;
  readonly kind: "book";
}

export class Turns {
  readonly #dials = new Map<number, { readonly kind: Kind; readonly isFair: boolean }>();
  /** The number of the turn at which a kind was last served. */
  readonly #servedAt = new Map<Kind, number>();
  #turns = 0;

  /** Whether one more may be dialed. */
  get hasRoom(): boolean {
    return this.#dials.size < dialsMax;
  }

  /** The next to be dialed; `wishes` by their order, the book last, for it waits until nobody else does where there is room. */
  next(wishes: readonly (Wish | BookWish)[]): Wish | BookWish | undefined {
    if (!this.#isFair()) return wishes[0];
    const kinds = [...new Set(wishes.map(({ kind }) => kind))];
    const served = least(
      kinds,
      (a, b) => this.#underWay(a) - this.#underWay(b) || this.#servedLast(a) - this.#servedLast(b),
    );
    return least(
      wishes.filter(({ kind }) => kind === served),
      byWish,
    );
  }

  begun(attempt: number, kind: Kind): void {
    const isFair = this.#isFair();
    this.#dials.set(attempt, { kind, isFair });
    if (isFair) this.#servedAt.set(kind, ++this.#turns);
  }

  ended(attempt: number): void {
    this.#dials.delete(attempt);
  }

  /** Whether the next place is one that is given in turn. */
  #isFair(): boolean {
    let byOrder = 0;
    for (const { isFair } of this.#dials.values()) if (!isFair) byOrder += 1;
    return byOrder >= dialsByOrderMax;
  }

  #underWay(kind: Kind): number {
    let count = 0;
    for (const dial of this.#dials.values()) if (dial.kind === kind) count += 1;
    return count;
  }

  #servedLast(kind: Kind): number {
    return this.#servedAt.get(kind) ?? 0;
  }
}

function byWish(one: Wish | BookWish, other: Wish | BookWish): number {
  if (one.candidate === undefined || other.candidate === undefined) return 0;
  return one.candidate.failures - other.candidate.failures || one.since - other.since || one.order - other.order;
}

/** The first of those than which none is less. */
function least<T>(all: readonly T[], compare: (one: T, other: T) => number): T | undefined {
  return all.reduce<T | undefined>(
    (best, each) => (best === undefined || compare(each, best) < 0 ? each : best),
    undefined,
  );
}
