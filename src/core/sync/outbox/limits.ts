/** Limits of what waits for members that were lost. */

/** Time after which a waiting message is dropped, in ms. Guess: whoever is away for longer asks for everything anyhow. */
export const outboxTtlMs = 60_000;
/** Messages that wait for one member. Guess: as many as a busy writer publishes in a few seconds. */
export const outboxMessagesMax = 256;
/** Bytes that wait for one member. Guess: what a link of 1 MB/s carries in a quarter of a second; the pull that begins at the same time brings the rest. */
export const outboxBytesMax: number = 256 * 1024;
/** Lost members for whom something waits; of more, those lost last. Guess: a whole neighbourhood, and some. */
export const outboxMembersMax = 64;
