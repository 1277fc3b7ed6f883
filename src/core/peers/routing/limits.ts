/** Limits of finding peers by their ids. */

/** Contacts of one bucket, and how many near ones are told. Source: Kademlia (Maymounkov and Mazières 2002, section 2.1) and libp2p: k = 20. */
export const bucketContacts = 20;
/** Buckets: one for each number of leading bits that a position shares with ours, and one for all with more. Guess: a network of 2^32 members fills them. */
export const buckets = 33;
/** Addresses kept of one contact, and told of it. Guess: two families and two transports on two interfaces. */
export const contactAddressesMax = 8;
/** Failed dials in a row after which a contact without a link is forgotten. Guess. */
export const contactFailuresMax = 2;

/** Peers that the user wants to be found at once. Source: as many as addresses to dial. */
export const wantedPeersMax = 256;
/** Lookups under way at once. Guess: each has three questions open. */
export const lookupsMax = 4;
/** Ways of one lookup that share no peer: whoever lies spoils one of them. Source: S/Kademlia (Baumgart and Mies 2007, section 4.4), and libp2p: as many as questions. */
export const lookupPaths = 3;
/** Questions of one lookup open at once on each way. Source: Kademlia: 3 in all. */
export const lookupOpenPerPath = 1;
/** Peers of which one way of a lookup keeps the nearest. Guess: three buckets. */
export const pathPeersMax = 60;
/** Peers asked on one way of a lookup. Guess: Kademlia needs one for each doubling of the network, and a bucket at the end. */
export const pathAskedMax = 40;
/** Peers dialed on one way of a lookup for the question alone. Guess: each costs a link for a moment; in a network of a thousand two are needed. */
export const pathDialsMax = 8;
/** The same where only our own neighbours are looked for, of whom those that were linked once are not dialed. Guess: some more with each time. */
export const neighbourDialsMax = 2;
/** Addresses of the peer itself that one way of a lookup tries: whoever tells false ones makes us dial so often. Guess. */
export const pathFoundMax = 4;
/** How long an answer may take, in ms. Guess: many round trips. */
export const questionMsMax = 3_000;
/** How long a link may take that is dialed for a question, in ms. Source: one dial, and its admission. */
export const questionLinkMsMax = 15_000;
/** How long the peer itself may take to be linked once its address is known, in ms. Source: as long. */
export const foundLinkMsMax = 15_000;
/** How long a lookup may take in all, in ms. Guess. */
export const lookupMsMax = 60_000;
/** First wait before a peer that was not found is looked for again, in ms; doubles each time. Guess: whoever is started at the same time is linked by then. */
export const lookAgainMsMin = 2_000;
/** Longest such wait, in ms. Guess: a lookup is some hundred bytes for each of twenty peers. */
export const lookAgainMsMax = 60_000;
/** Time between two lookups for our own neighbours, in ms, jittered. Source: libp2p asks every 5 min; guess: twice that for links that seldom change. */
export const neighboursEveryMs = 600_000;
/** Time from the first link to the first of them, in ms. Guess: a few links stand by then. */
export const neighboursAfterMs = 15_000;
/** Share of these times by which they vary. */
export const neighboursJitter = 0.2;

/** Time between two questions answered on one link, in ms, once its first few are used up. Guess: an answer costs a look at 660 contacts, under 1 ms. */
export const answerEveryMsMin = 100;
/** Questions answered on one link at once. Guess: some lookups, and the retries of some. */
export const answersAtOnceMax = 20;
/** Time between two times that all linked members are told our own addresses, in ms. Guess: an interface comes with several addresses, one after the other. */
export const tellSelfEveryMsMin = 1_000;
