/** What an operator may set of links and dials; the defaults are the product's (`limits.ts`, `classes.ts`). */
import { attemptsMax } from "./classes.ts";
import { dialBackoffMsMax, dialBackoffMsMin, linksMax } from "./limits.ts";

export interface PeerLimits {
  /** Admitted links. */
  readonly links: number;
  /** Failed dials in a row after which the address of a regular peer sleeps. */
  readonly attempts: number;
  /** First wait after a failed dial, in ms. */
  readonly backoffMsMin: number;
  /** Longest wait between dials, in ms. */
  readonly backoffMsMax: number;
}

export const usualPeerLimits: PeerLimits = {
  links: linksMax,
  attempts: attemptsMax.regular,
  backoffMsMin: dialBackoffMsMin,
  backoffMsMax: dialBackoffMsMax,
};
