/** Limits of telling each other addresses. */

/** Time between two questions for addresses on one link, in ms, jittered. Guess: whoever needs links asks everybody within minutes of a start. */
export const askPeersEveryMs = 600_000;
/** The same while this node has fewer links of its own dialing than it wants. Guess: members that joined one after the other find each other within a minute. */
export const askPeersWantingMs = 60_000;
/** Share of that time by which it varies. */
export const askPeersJitter = 0.2;
/** The same after the first question of a link, three times as long after each further one. Guess: of a crowd that joins at once, all are known a moment later. */
export const askPeersSoonMs = 5_000;
/** Time between two such questions answered on one link, in ms. Guess: below the shortest that a correct asker waits. */
export const tellPeersEveryMsMin = 3_000;
/** Own addresses told. Guess: two families on five interfaces. */
export const ownAddressesToldMax = 10;
/** Members that are relayed by this node and told of. Guess: half of an answer at most, with our own addresses. */
export const guestsToldMax = 10;
/** Time for which all who ask are told of the same addresses of the book, in ms. Guess: whoever joins in a crowd is told of the crowd. */
export const sampleKeptMs = 60_000;
/** Addresses drawn at once. Guess: twice as many as fit an answer, of which some are not for everybody. */
export const sampledAtOnce = 64;
