/** The links that ended last, and how many handshakes led to a link. */
import type { Instant } from "../base/brand.ts";
import type { Note } from "../core/notes.ts";
import { handshakeFailure } from "../drivers/observe/handshakes.ts";
import type { ClosedLink } from "./peers-facade.ts";

/** Links remembered. Guess: an hour of a node whose links flap. */
const closedRememberedMax = 256;

export class LinkHistory {
  readonly #closed: ClosedLink[] = [];
  #succeeded = 0;
  #failed = 0;

  note(note: Note, at: Instant): void {
    if (note.type === "linkAdmitted") this.#succeeded += 1;
    if (handshakeFailure(note) !== undefined) this.#failed += 1;
    if (note.type !== "linkGone") return;
    const { link, peer, address, direction, by, code, reason, lastedMs } = note;
    this.#closed.push({ link, peer, address, direction, at, lastedMs, by, code, reason });
    if (this.#closed.length > closedRememberedMax) this.#closed.shift();
  }

  /** The latest first. */
  closed(): readonly ClosedLink[] {
    return this.#closed.toReversed();
  }

  /** Share of the handshakes since the start that led to an admitted link; 1 while there was none. */
  get handshakeSuccessRate(): number {
    const all = this.#succeeded + this.#failed;
    return all === 0 ? 1 : this.#succeeded / all;
  }
}
