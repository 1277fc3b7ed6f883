/** Limits of finding out whether others can dial this node, and of being relayed where they cannot. */

/** Time between two questions to one peer whether it can dial us, in ms, jittered. Guess: routers forget and firewalls change; a new peer is asked at once. */
export const askDialBackEveryMs = 600_000;
/** The same after it could not be told: the peer was busy, or did not answer. Guess. */
export const askDialBackAgainMs = 60_000;
/** Share of these times by which they vary. */
export const reachJitter = 0.2;
/** Peers asked at once and counted, of those in the same distance. Guess: three agree or one is odd. */
export const witnessesMax = 3;
/** Time between two such questions that are tried on one link, in ms. Guess: below what a correct asker waits, and slower than any search for open ports. */
export const dialBackEveryMsMin = 30_000;
/** Peers being dialed back at once. Guess. */
export const dialBacksMax = 4;
/** Places at relays that are wanted where nobody can dial us. Source: one may vanish and the other still stands. */
export const placesWanted = 2;
/** Time after which a place is asked for again, in ms. Source: half of the time for which relays keep it. */
export const placeAgainMs = 1_800_000;
/** Time before a relay that refused is asked again, in ms. Guess. */
export const placeRefusedMs = 300_000;
