/** The links that ended last, and how many handshakes led to a link. */
import type { Instant } from "../base/brand.ts";
import type { Note } from "../core/notes.ts";
import { handshakeFailure } from "../drivers/observe/handshakes.ts";
import type { ClosedLink } from "./peers-facade.ts";

/** Links remembered. Guess: an hour of a node whose links flap. */
const closedRememberedMax = 256;

/** Handshakes remembered one by one. Guess: one with each of 50 peers, and some. */
const handshakesRememberedMax = 64;

export class LinkHistory {
  readonly #closed: ClosedLink[] = [];
  readonly #latest: { readonly at: Instant; readonly succeeded: boolean }[] = [];
  #succeeded = 0;
  #failed = 0;

  note(note: Note, at: Instant): void {
    if (note.type === "linkAdmitted") this.#count(true, at);
    if (handshakeFailure(note) !== undefined) this.#count(false, at);
    if (note.type !== "linkGone") return;
    const { link, peer, address, direction, by, code, reason, lastedMs } = note;
    this.#closed.push({ link, peer, address, direction, at, lastedMs, by, code, reason });
    if (this.#closed.length > closedRememberedMax) this.#closed.shift();
  }

  /** The latest first. */
  closed(): readonly ClosedLink[] {
    return this.#closed.toReversed();
  }

  /** How the handshakes since then ended; of the last 64 at most. */
  handshakesSince(since: Instant): { readonly succeeded: number; readonly failed: number } {
    const lately = this.#latest.filter(({ at }) => at >= since);
    const succeeded = lately.filter((each) => each.succeeded).length;
    return { succeeded, failed: lately.length - succeeded };
  }

  #count(succeeded: boolean, at: Instant): void {
    if (succeeded) this.#succeeded += 1;
    else this.#failed += 1;
    this.#latest.push({ at, succeeded });
    if (this.#latest.length > handshakesRememberedMax) this.#latest.shift();
  }

  /** Share of the handshakes since the start that led to an admitted link; 1 while there was none. */
  get handshakeSuccessRate(): number {
    const all = this.#succeeded + this.#failed;
    return all === 0 ? 1 : this.#succeeded / all;
  }
}
