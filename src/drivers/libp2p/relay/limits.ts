/** Limits of relaying: what a relay gives, and what is asked of one. */
import type { Millis } from "../../../base/brand.ts";
import type { Rate } from "../rates/limits.ts";

/** Members that may have a place at this relay at once. Guess: more than half of a full node's links. */
export const reservationsMax = 32;
/** How long a place is kept without being asked for again, in s. Source: the hour that circuit relays use. */
export const reservationSeconds = 3_600;
/** Circuits through this relay at once. Guess: each member behind a NAT has a few. */
export const circuitsMax = 32;
/** Of these, with one member at either end. Guess: as many links as a node wants. */
export const circuitsPerPeerMax = 8;
/** How long a circuit may last. Guess: a working day; whoever needs it longer dials anew. */
export const circuitMsMax: Millis = 8 * 3_600_000;
/** Bytes in both directions after which a circuit ends. Guess: a first copy of a large set passes. */
export const circuitBytesMax: number = 4 * 1024 * 1024 * 1024;
/** Bytes a second of one circuit, in each direction; beyond it the sender waits. Guess: a tenth of a slow server's line. */
export const circuitBytesRate: Rate = { perSecond: 1024 * 1024, burst: 4 * 1024 * 1024 };
/** The same of all circuits together. Guess. */
export const relayBytesRate: Rate = { perSecond: 8 * 1024 * 1024, burst: 8 * 1024 * 1024 };
/** Bytes of one message of the relay's protocols. Source: the specification of circuit relay v2 allows 4 KiB. */
export const relayMessageBytesMax: number = 4 * 1024;
/** Fields looked at in one such message. Guess: one of ours has four; others name addresses, too. */
export const relayFieldsMax = 64;
/** Time for a question to a relay, or by one, to be answered. Guess: the relay asks the other side meanwhile. */
export const relayAnswerMsMax: Millis = 5_000;
/** Streams of each of the relay's protocols on one connection. Source: every circuit of a member holds one, and some are ending. */
export const relayStreamsMax: number = 2 * circuitsPerPeerMax;
