/**
 * How much a node wants to be linked with a peer. It decides who is dialed first, how often a dial is repeated before
 * the peer is left in peace, and who gives way where places are few.
 */

/** The most wanted first. */
export const peerClasses = ["validator", "trusted", "regular", "unknown"] as const;

/**
 * `validator`: named by the settings. `trusted`: allowed by rule, or an address the operator gave. `regular`: it was
 * admitted once. `unknown`: only heard of.
 */
export type PeerClass = (typeof peerClasses)[number];

/** Failed dials in a row after which an address sleeps. Source of the ten: decided for the product; the rest is a guess. */
export const attemptsMax: Readonly<Record<PeerClass, number>> = {
  validator: Infinity,
  trusted: Infinity,
  regular: 10,
  unknown: 3,
};

/** Position in the order in which peers are wanted. */
export function rankOf(peerClass: PeerClass): number {
  return peerClasses.indexOf(peerClass);
}
