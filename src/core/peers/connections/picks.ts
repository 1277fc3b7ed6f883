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
  /** Its dials under way, and whether each is a look only. */
  readonly #dials = new Map<number, "pick" | "feeler">();
  /** Links that are a look only. */
  readonly #looks = new Set<LinkId>();
  /** Monotonic times. */
  #pickAt = 0;
  #feelAt = 0;
  /** Picks in a row that came to nothing; that others cannot be reached says nothing of the book. */
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
    if (mono < (this.nextAt(outbound) ?? Infinity)) return undefined; // an empty book is asked as soon as it has something
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

  dialed(attempt: number, { isFeeler }: Picked): void {
    this.#dials.set(attempt, isFeeler ? "feeler" : "pick");
  }

  /** Any dial failed, whether it was picked or not. */
  failed(attempt: number): void {
    if (this.#dials.get(attempt) === "pick") this.#failures += 1;
    this.#dials.delete(attempt);
  }

  linked(attempt: number, link: LinkId): void {
    if (this.#dials.get(attempt) === "feeler") this.#looks.add(link);
    else this.#failures = 0;
    this.#dials.delete(attempt);
  }

  gone(link: LinkId): void {
    this.#looks.delete(link);
  }

  /** Whether this link was a look, which has seen enough now that it is admitted; where more than so many others of our own are wanted it stays. */
  isSurplus(link: LinkId, outbound: number): boolean {
    return this.#looks.delete(link) && outbound >= this.#wanted;
  }
}
