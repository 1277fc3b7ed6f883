/** Limits of links and dialing. */

/** How long a link may stay without a hello, in ms. Source: decided for the product. */
export const helloWithinMs = 5_000;
/** How far a peer's clock may be off before it is not admitted at all, in ms. Guess: a day off shares no horizon with us; up to that its writes are held back. */
export const admissionSkewMsMax: number = 24 * 60 * 60 * 1000;
/** How far our own clock may be off the median of our peers before we refuse writes, in ms. Source: decided for the product. */
export const ownSkewMsMax = 30_000;
/** Peers needed before their median is believed. Source: decided for the product. */
export const clockWitnessesMin = 3;
/** Admitted links. Source: decided for the product (peers per node); libp2p's own limit lies above. */
export const linksMax = 50;
/** Of these, kept for peers that this node dials itself. Guess: as many as a gossip mesh wants, and two more. */
export const outboundReserved = 8;
/** Admitted links with peers of one /24 or /48 that is not exempt, after which none of there may dial in. Source: decided for the product. */
export const neighbourhoodLinksMax = 2;
/** The same of links that come by way of one relay. Guess: with two relays a third of a full node's places. */
export const relayedLinksMax = 8;
/** Admitted links of one peer for the moment until its dialer has closed all but one. Guess. */
export const linksPerPeerMax = 3;
/** Links not yet admitted. Guess. */
export const strangersMax = 50;
/** Addresses remembered as dial candidates. Guess: 50 peers with 20 addresses each. */
export const candidatesMax = 1_024;
/** Dials under way at once. Guess. */
export const dialsMax = 8;
/** Of these, given to whoever comes first by class and quality; the others are given in turn. Guess: two that fail at once leave the other kinds half of the turns. */
export const dialsByOrderMax = 6;
/** First wait after a failed dial, in ms; doubles with each failure. Source: decided for the product. */
export const dialBackoffMsMin = 5_000;
/** Longest wait between dials, in ms. Source: decided for the product. */
export const dialBackoffMsMax = 600_000;
/** Longest wait between dials of a member whose link was lost, in ms. Source: decided for the product. */
export const lostDialMsMax = 120_000;
/** The same of the few members that were lost last, in ms: whatever cut them off, its end shows there first. Source: decided for the product. */
export const probeEveryMs = 5_000;
/** How long such a dial waits for the first packet from there, in ms. Guess: TCP has asked at 0, 1 and 3 s then, and would ask again at 7 s only, RFC 6298; a dial anew asks sooner. */
export const probeAnswerMsMax = 3_500;
/** Lost members that count as few. Guess: one of them is up when a cut ends, and the dials under way leave room for others. */
export const probedMembersMax = 3;
/** Members lost within this time of each other may have been lost by one cut, in ms. Source: a link that went silent is noticed by its pings, 30 s apart, so those of one cut end within 30 s; and as much again. */
export const lostTogetherMs = 60_000;
/** Relayed addresses of the book at which a member is dialed whose relayed link was lost. Guess: a member keeps places at two relays. */
export const relayedAddressesMax = 8;
/** Longest wait a peer may ask for with its goodbye, in s. Source: the longest wait of our own. */
export const retryAfterSecondsMax = 600;
/** Shortest wait for a moment of the wall clock, in ms, which stands still at times. Guess: late by so much nobody minds. */
export const wallWaitMsMin = 100;
/** How long a peer that the operator disconnected is asked to stay away, and not dialed, in s. Guess: time to look, or to ban it. */
export const disconnectedSeconds = 60;
/** Share of a wait that is drawn at random, so that nodes do not dial in step. Guess. */
export const backoffJitter = 0.2;
/** Wait before dialing again after a link was lost, in ms. Guess: long enough for a restart to let go of its port. */
export const redialAfterLossMs = 250;
/** A link that lasted at least so long, in ms, was a good one: its loss starts no backoff. Guess. */
export const steadyLinkMs = 10_000;
/** A link that lasted at least so long, in ms, did not flap. Source: at most 5 reconnects an hour in steady state, decided for the product. */
export const settledLinkMs = 720_000;
/** Losses of a peer's links within an hour, none of which had settled, that count as accidents. Guess: a router that starts anew breaks a link a few times. */
export const flapsTolerated = 4;
/** The time within which they are counted, in ms. Source: the hour of the five reconnects. */
export const flapsWithinMs = 3_600_000;
/** Shortest wait after a loss of a flapping peer's link, in ms. Guess: time for what broke it to pass. */
export const flapWaitMsMin = 30_000;
/** Longest wait after such a loss, in ms, and the time in which one reconnect more is allowed. Source: at most 5 reconnects an hour in steady state, decided for the product. */
export const flapWaitMsMax = 720_000;
/** Reconnects of one peer that are allowed beyond these five an hour before they are spread. Guess: as many as it takes for waits that grow with the flapping to reach the longest. */
export const flapTokensMax = 10;
/** Share by which the waits of a flapping peer are longer, drawn at random; never shorter, for the sake of the five an hour. */
export const flapJitter = 0.2;
/** Failures in a row that are told apart: at 7 the wait has its ceiling. */
export const failuresCountedMax = 30;
/** Failed dials to one peer in a row, at whatever address, that open its breaker. Guess. */
export const breakerFailures = 5;
/** How long a breaker stays open first, in ms; doubles with each failure while half-open. Guess. */
export const breakerResetMsMin = 30_000;
/** How long it stays open at most, in ms. Source: the longest wait between dials. */
export const breakerResetMsMax = 600_000;
/** Time between two dials of an address that sleeps, in ms. Guess: whoever comes back dials us as well. */
export const dormantDialMs = 3_600_000;
/** Share of all places, own dials counted in, beyond which addresses that were only discovered are not dialed. Guess: so that others find a place. */
export const linksWantedShare = 0.5;
/** Time between two picks from the address book, in ms. Source: as in Bitcoin. */
export const pickEveryMs = 500;
/** The same once many picks in a row came to nothing. */
export const pickEveryMsMax = 10_000;
/** Picks in a row that come to nothing before. */
export const pickFailuresTolerated = 32;
/** Time between two looks whether an address that was only told of is real, in ms. Source: as in Bitcoin. */
export const feelerEveryMs = 120_000;
/** Peers whose quality is remembered. Source: as many as addresses. */
export const peersRememberedMax = 1_024;
/** Places kept for validators, at most; as many as there are. Guess. */
export const validatorsReservedMax = 10;
/** Links that are kept for each merit where places are few: news, round trip, age. Source: the eviction of Bitcoin keeps 4 to 8 for each. */
export const protectedEach = 6;
/** How long a link stands at least before it gives way to another, in ms. Guess: time to show what it is worth. */
export const evictedAfterMsMin = 60_000;
/** How long a peer whose place went to another is asked to stay away, in s. */
export const evictedSeconds = 60;
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
export const bookFailuresCounted = 8;
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
