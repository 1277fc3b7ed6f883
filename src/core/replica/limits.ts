/** Limits of the composed replica. */

/** Entries issued again by one clock repair; run it again for more. Guess: one turn of half a second. */
export const repairedAtOnceMax = 10_000;
/** Bytes of clean pages of the Merkle trie kept in memory. Guess: those of 1.3 million entries. */
export const trieCacheBytesMax: number = 96 * 1024 * 1024;
/** Pages of the trie written back in one turn, beside those that must not wait. Guess: 1 MiB, a few ms. */
export const triePagesPerTurn = 64;
/** Operations after which a changed page is written back, as a share of the entries: what a start after a crash has to replay. Guess: pages are then written at about 500 bytes per changed entry. */
export const trieReplayShare = 0.125;
/** The same for small sets, in operations. Guess: 0.2 s of a start. */
export const trieReplayOpsMin = 50_000;
/** Entries read at once while the trie is opened. Guess. */
export const replayedAtOnce = 1_000;
/** Share of the room on disk from which on it is told, and below which no more. Guess. */
export const diskNearMark = { from: 0.8, until: 0.78 } as const;
/** Share from which on own puts are refused. Guess: a tenth is left for deletes, pages of the trie and the log. */
export const diskRefusingMark = { from: 0.9, until: 0.88 } as const;
/** Share from which on what peers have is not taken either. Guess: half of that tenth. */
export const diskHoldingMark = { from: 0.95, until: 0.93 } as const;
