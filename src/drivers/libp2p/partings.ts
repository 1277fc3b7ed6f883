/**
 * Links that are being closed. A goodbye that is read before the end takes a slow peer up to 2 s, and meanwhile the connection
 * counts against those that libp2p takes in. Whoever is sent away must not keep a place by being slow: the core gives it to
 * another at once, and that one has to get in.
 *
 * 1. At most `partingLinksMax` leave in their own time; of more, the one that has been leaving longest is cut, its goodbye read or not.
 */
import { partingLinksMax } from "./limits.ts";

/** One link, as far as its end goes. */
export interface Parting {
  /** Resolves when it is gone. Never rejects. */
  close(reason: string): Promise<void>;
  /** Ends it at once. */
  cut(): void;
}

export class Partings {
  /** The one that has been leaving longest first. */
  readonly #leaving = new Set<Parting>();

  part(link: Parting, reason: string): void {
    this.#leaving.add(link);
    void link.close(reason).finally(() => this.#leaving.delete(link));
    if (this.#leaving.size <= partingLinksMax) return;
    const [first] = this.#leaving;
    if (first === undefined) return;
    this.#leaving.delete(first);
    first.cut();
  }
}
