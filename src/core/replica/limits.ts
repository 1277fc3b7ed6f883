/** Limits of the composed replica. */

/** Entries issued again by one clock repair; run it again for more. Guess: one turn of half a second. */
export const repairedAtOnceMax = 10_000;
