/** The links that ended last, and how many handshakes led to a link. */
import type { Instant, PeerId } from "../base/brand.ts";
import type { Note } from "../core/notes.ts";
import { handshakeFailure } from "../drivers/observe/handshakes.ts";
import type { ClosedLink } from "./peers-facade.ts";

/** Links remembered. Guess: an hour of a node whose links flap. */
const closedRememberedMax = 256;

/** Handshakes remembered one by one. Guess: one with each of 50 peers, and some. */
const handshakesRememberedMax = 64;

export class LinkHistory {
  #closed: readonly ClosedLink[] = [];
  readonly #latest: { readonly at: Instant; readonly succeeded: boolean }[] = [];
  #succeeded = 0;
  #failed = 0;

  note(note: Note, at: Instant): void {
    if (note.type === "linkAdmitted") this.#count(true, at);
    if (handshakeFailure(note) !== undefined) this.#count(false, at);
    if (note.type === "partingExplained") this.#explain(note.peer, note.reason);
    if (note.type !== "linkGone") return;
    const { link, peer, address, direction, by, code, reason, lastedMs } = note;
    const ended = { link, peer, address, direction, at, lastedMs, by, code, reason, seenThere: undefined };
    this.#closed = [...this.#closed, ended].slice(-closedRememberedMax);
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

  /** The peer speaks of the last link between us that ended without a goodbye. */
  #explain(peer: PeerId, reason: string): void {
    const index = this.#closed.findLastIndex((link) => link.peer === peer && link.by === "nobody");
    this.#closed = this.#closed.map((link, each) => (each === index ? { ...link, seenThere: reason } : link));
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
