/** Limits of the data model: clocks, horizon, what is held back, what is remembered of losers. */

/** How far ahead of the local clock a stamp may lie before its batch is held back, in ms. Source: decided for the product. */
export const stampAheadMsMax = 30_000;
/** Batches held back for one author. Guess: a minute of one user's typing. */
export const heldBackPerAuthorMax = 64;
/** Bytes of all batches held back. Guess. */
export const heldBackBytesMax: number = 16 * 1024 * 1024;
/** Losing versions remembered for one key. Source: decided for the product. */
export const conflictsPerKeyMax = 4;
/** How long a losing version is remembered, in ms. Source: decided for the product. */
export const conflictAgeMsMax: number = 24 * 60 * 60 * 1000;
/** Losing versions remembered in all; the oldest go first. Guess. */
export const conflictsMax = 10_000;
/** Pairs of batches under one number kept as evidence. Guess. */
export const evidenceMax = 1_000;
/** Batches merged under one number. An honest writer signs one; of a writer that signs more than this, replicas may keep different ones. Guess. */
export const batchesPerNumberMax = 64;
/** Ranges of held sequence numbers kept for one origin; batches that would need more are left to a later pull. Guess. */
export const heldRangesMax = 4_096;
/** Ranges held over all origins. Guess: 50 MiB. */
export const heldRangesTotalMax = 500_000;
/** Numberings of one author: a new one begins with each store it makes or restores. Guess. */
export const numberingsPerAuthorMax = 256;
/** Writers' numberings known at once. Guess: 100 bytes each. */
export const originsMax = 100_000;
/** Batches remembered by id after they were merged. Guess: a second of the fastest gossip. */
export const recentBatchesMax = 8_192;
/** Steps in which the floor moves through one horizon. Guess: of 30 days, an hour each. */
export const floorStepsPerHorizon = 720;
/** Share of the horizon after which a member that had all of no other's set counts as stale. Source: decided for the product. */
export const staleAfterShare = 0.5;
/**
 * How long a stale member that meets only others that are not current waits for a current one, in ms, before it believes
 * that there is none. Source: the longest time until a lost member is dialed again, so by then whoever can be reached was.
 */
export const loneStaleMs = 120_000;
/** The same as a share of the time after which a member is stale, where that is less. Guess: it counts only with horizons under an hour, in simulations. */
export const loneStaleShare = 0.1;
/** Entries collected in one turn. Guess: 10 ms. */
export const collectedAtOnce = 1_000;
/** Entries set aside when a stale member took over what the others hold; the oldest go first. Guess: 10 MB of configuration. */
export const asideMax = 10_000;
/** Peers of which it is remembered when everything was last compared with them. Guess: twenty times the links. */
export const peersComparedMax = 1_024;
