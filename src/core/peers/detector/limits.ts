/** Limits of the failure detector. Times are for a peer that is heard of every 200 to 250 ms. */

/** Share of the time between two probes that is drawn at random: 225 ms becomes 200 to 250. Source: decided for the product. */
export const probeJitter = 0.11;
/** How much longer than its prober the probed side of a link waits before it probes itself, in ms. Guess: a round trip and a late timer; without it both would probe. */
export const probedWaitMs = 40;
/** Probes due within so many ms of one are sent with it. Guess: one turn for several links costs less than one for each. */
export const togetherMs = 20;
/** Probes sent in a second, over all links; with more links each is probed more rarely. Source: all 50 links every 200 ms. */
export const probesPerSecondMax = 250;
/** Shortest time for an answer, in ms. Guess: a round trip in one country, and a turn of a busy peer. */
export const answerMsMin = 200;
/** Longest time for an answer, in ms, however slow the link is. Guess. */
export const answerMsMax = 2_000;
/** Shortest time for others to reach a peer for us, in ms. Guess: two round trips. */
export const askedMsMin = 250;
/** Others asked about one silent peer. Source: SWIM, section 3.1; three is its implementations' usual number. */
export const helpersMax = 3;
/** How long before a verdict another peer must have been heard, in ms. Guess: after a stall what has arrived is read within that time. */
export const witnessMs = 50;
/** How late an own turn may be, in ms, before it counts as late. Guess: a commit on a slow disk. */
export const lateMsMax = 100;
/** Late turns counted at most. Source: Lifeguard, section 4.1. */
export const lateTurnsMax = 8;
/** By which share each of them makes all times longer. Deviation: Lifeguard doubles them with the first; then one late turn would already be noticed after more than a second. */
export const lateTurnShare = 0.25;
/** How long a silent link is waited for after others were asked, in ms, before it is closed to be dialed again. Guess: a short stall is over by then, and TCP would not recover sooner. */
export const silentMsMax = 5_000;
/** Questions about others that one link may ask at once. Source: as many as it can have links. */
export const questionsAtOnceMax = 50;
/** Questions about others that one link may ask in a second after that. Guess: half of its links go silent in each second. */
export const questionsPerSecondMax = 25;
/** How long an answer that another waits for may take, in ms. Source: the longest that an asker waits. */
export const relayMsMax = 4_000;
