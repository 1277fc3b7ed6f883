/** Limits of asking others how they see a peer. */

/** How long our own user waits for views of others, in ms. Source: decided for the product. */
export const viewWithinMs = 2_000;
/** How long the peer itself may take before who was asked to pass the question on tells its own view instead, in ms. Guess: half of what the asker waits. */
export const viewPassedWithinMs = 1_000;
/** Neighbours asked about a peer that is not linked. Source: decided for the product. */
export const viewNeighboursMax = 3;
/** Questions of our own user that wait at once. Guess: more than people ask. */
export const viewsOwnMax = 16;
/** Questions of others under way at once, passed on or waiting for our own words. Guess: each admitted link one, and some. */
export const viewsPendingMax = 64;
/** Time between two questions taken on one link, in ms, once its first few are used up. Guess: an answer costs a look at all candidates, under 1 ms. */
export const viewEveryMsMin = 1_000;
/** Questions taken on one link at once. Guess: some people asking about some peers. */
export const viewsAtOnceMax = 5;
