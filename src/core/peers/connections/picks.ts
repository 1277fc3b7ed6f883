/** When the address book is asked for an address, and what for: a link that is wanted, or a look whether a new address is real. */
import type { PeerId } from "../../../base/brand.ts";
import type { Prng } from "../../../base/prng.ts";
import type { KnownAddress } from "../../../ports/known-address.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { AddressBook } from "../address-book.ts";
import { backoffJitter, feelerEveryMs, pickEveryMs, pickEveryMsMax, pickFailuresTolerated } from "../limits.ts";

export interface Picked extends KnownAddress {
  readonly isFeeler: boolean;
}

export class Picks {
  readonly #book: AddressBook;
  readonly #prng: Prng;
  readonly #wanted: number;
  /** Dials and links that are a look only. */
  readonly #feelers = new Set<number>();
  readonly #looks = new Set<LinkId>();
  /** Monotonic times. */
  #pickAt = 0;
  #feelAt = 0;
  #failures = 0;

  /** `wanted` links of our own dialing; with 0 the book is not used. */
  constructor(book: AddressBook, prng: Prng, wanted: number) {
    this.#book = book;
    this.#prng = prng;
    this.#wanted = wanted;
  }

  /** When `next` may have something, with so many links of our own; undefined where the book is empty. */
  nextAt(outbound: number): number | undefined {
    const { fresh, tried } = this.#book.size;
    if (this.#wanted === 0 || fresh + tried === 0) return undefined;
    if (outbound < this.#wanted) return Math.min(this.#pickAt, fresh > 0 ? this.#feelAt : Infinity);
    return fresh > 0 ? this.#feelAt : undefined;
  }

  next(outbound: number, isWanted: (peer: PeerId, address: string) => boolean, mono: number): Picked | undefined {
    if (this.#wanted === 0) return undefined;
    if (outbound < this.#wanted && mono >= this.#pickAt) {
      const picked = this.#book.pick(isWanted, mono);
      if (picked === undefined) this.#failures += 1; // all that it has is linked or being dialed
      const waitMs = this.#failures > pickFailuresTolerated || picked === undefined ? pickEveryMsMax : pickEveryMs;
      this.#pickAt = mono + this.#prng.jittered(waitMs, backoffJitter);
      if (picked !== undefined) return { ...picked, isFeeler: false };
    }
    if (mono < this.#feelAt) return undefined;
    this.#feelAt = mono + this.#prng.jittered(feelerEveryMs, backoffJitter);
    const felt = this.#book.pick(isWanted, mono, "new");
    return felt === undefined ? undefined : { ...felt, isFeeler: true };
  }

  /** This dial is a look only. */
  feeling(attempt: number): void {
    this.#feelers.add(attempt);
  }

  failed(): void {
    this.#failures += 1;
  }

  linked(attempt: number, link: LinkId): void {
    if (this.#feelers.delete(attempt)) this.#looks.add(link);
    else this.#failures = 0;
  }

  gone(link: LinkId): void {
    this.#looks.delete(link);
  }

  /** The looks that have seen enough, with so many other links of our own; where more are wanted they stay. */
  takeSurplus(outbound: number): readonly LinkId[] {
    const looks = [...this.#looks];
    this.#looks.clear();
    return outbound < this.#wanted ? [] : looks;
  }
}
