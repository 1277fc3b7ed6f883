/** Limits of the address book. */

/** Buckets of addresses that were only told of. Guess: with 16 places each, a thousand addresses. */
export const newBuckets = 64;
/** Buckets of addresses at which a link once stood. Guess: with 16 places each, five times the links of a full node. */
export const triedBuckets = 16;
/** Places of one bucket. */
export const bucketPlaces = 16;
/** Buckets that one teller, all of whose /16 or /32 count as one, can reach: an eighth of the new ones. Source: as in the address manager of Bitcoin, an eighth of all. */
export const bucketsPerTeller = 8;
/** Tried buckets that the addresses of one /16 or /32 can reach: a quarter. Guess. */
export const bucketsPerNetwork = 4;
/** Failures in a row after which an address that was only told of gives its place to another. Guess: as many as a stranger is dialed for. */
export const worthlessFailures = 3;
/** Failures in a row after which a tried address gives its place to a newer one. */
export const goneFailures = 10;
/** Share of its chance to be picked that an address keeps with each failure in a row. Source: as in the address manager of Bitcoin. */
export const chancePerFailure = 0.66;
/** Failures in a row that still lower the chance. */
export const failuresCounted = 8;
/** Time for which an address that was just dialed is hardly picked again, in ms. Source: as in the address manager of Bitcoin. */
export const justTriedMs = 600_000;
/** The chance of such an address. */
export const justTriedChance = 0.01;
/** Links of our own dialing that are remembered as anchors. Guess: half of those that are wanted. */
export const anchorsMax = 4;
/** How long such a link has to stand before, in ms. Guess. */
export const anchorAfterMs = 60_000;
/** Shortest time between two writes of the same address for having been linked again, in ms. Guess: what is read at a start need not be newer. */
export const rewriteMsMin = 3_600_000;
