/** What an operator may set of links and dials; the defaults are the product's (`limits.ts`, `classes.ts`). */
import { attemptsMax } from "./classes.ts";
import { type BreakerLimits, usualBreaker } from "./breaker.ts";
import { dialBackoffMsMax, dialBackoffMsMin, flapWaitMsMax, linksMax, lostDialMsMax } from "./limits.ts";

export interface PeerLimits {
  /** Admitted links. */
  readonly links: number;
  /** Failed dials in a row after which the address of a regular peer sleeps. */
  readonly attempts: number;
  /** First wait after a failed dial, in ms. */
  readonly backoffMsMin: number;
  /** Longest wait between dials, in ms. */
  readonly backoffMsMax: number;
  /** Longest wait between dials of a member that was lost, in ms. */
  readonly searchMs: number;
  readonly breaker: BreakerLimits;
  /** Time in which a peer whose links break again and again is linked once in the long run, in ms. */
  readonly reconnectMs: number;
}

export const usualPeerLimits: PeerLimits = {
  links: linksMax,
  attempts: attemptsMax.regular,
  backoffMsMin: dialBackoffMsMin,
  backoffMsMax: dialBackoffMsMax,
  searchMs: lostDialMsMax,
  breaker: usualBreaker,
  reconnectMs: flapWaitMsMax,
};
