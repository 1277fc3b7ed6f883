/**
 * What each peer costs the replica's thread: the time of every step goes to the peer whose input it was, and that of
 * merging what was verified to whom it came from. What the node does for itself and its users is nobody's.
 *
 * Pure but for the clock it is given, in ms. A turn's own commit belongs to no peer, for all share it.
 */
import type { PeerId } from "../base/brand.ts";
import type { ReplicaInput } from "../core/replica/inputs.ts";
import type { LinkId } from "../ports/network.ts";

/** Processor time of the replica's thread that one peer has cost, in ms. */
export interface SpentTime {
  readonly peer: PeerId;
  readonly ms: number;
}

export class StepCosts {
  readonly #clock: () => number;
  /** Those told open and not yet told closed. */
  readonly #peerOf = new Map<LinkId, PeerId>();
  /** Checks under way, each answered once. */
  readonly #askedFor = new Map<number, PeerId>();
  #spent = new Map<PeerId, number>();
  #current: PeerId | undefined;
  #since = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The step of this input begins, or none does; the one before has ended. */
  stepping(input: ReplicaInput | undefined): void {
    this.#end();
    if (input === undefined) return;
    if (input.type === "linkOpened") this.#peerOf.set(input.link, input.peer);
    this.#current = this.#causeOf(input);
    this.#since = this.#clock();
    if (input.type === "linkClosed") this.#peerOf.delete(input.link);
    if (input.type === "verified") this.#askedFor.delete(input.ticket);
  }

  /** The step under way asks for signatures to be checked; whoever caused it pays for what follows, too. */
  asked(ticket: number): void {
    if (this.#current !== undefined) this.#askedFor.set(ticket, this.#current);
  }

  /** What was spent since this was last asked. */
  take(): readonly SpentTime[] {
    const spent = Array.from(this.#spent, ([peer, ms]) => ({ peer, ms }));
    this.#spent = new Map();
    return spent;
  }

  #end(): void {
    if (this.#current !== undefined)
      this.#spent.set(this.#current, (this.#spent.get(this.#current) ?? 0) + this.#clock() - this.#since);
    this.#current = undefined;
  }

  #causeOf(input: ReplicaInput): PeerId | undefined {
    switch (input.type) {
      case "frameReceived":
      case "frameRefused":
      case "linkOpened":
      case "linkClosed":
        return this.#peerOf.get(input.link);
      case "gossipReceived":
        return input.from;
      case "verified":
        return this.#askedFor.get(input.ticket);
      default:
        return undefined;
    }
  }
}
