/**
 * How much one peer, one address and all strangers may ask of this node in a time. Two kinds: beyond a
 * rate that slows, the socket is not read until the bucket is level again, which blames nobody and
 * needs no consent. Beyond a rate that bounds, the peer is sent away: no correct node comes near it.
 */
import type { Millis } from "../../../base/brand.ts";

/** Refill of a bucket per second, and how much it holds when nothing was taken for long. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Bytes read from one peer's sockets; slows. Source: above what one core decrypts, checks and stores, 20 times the fastest pull measured. */
export const inputBytesRate: Rate = { perSecond: 64 * 1024 * 1024, burst: 64 * 1024 * 1024 };
/** Processor time spent at once on what one peer's sockets bring, in ms; slows. Guess: with two such peers half of a core is left for the rest. */
export const processorMsRate: Rate = { perSecond: 250, burst: 1_000 };
/** Time of the replica's thread spent on what one peer sent, in ms; slows. Guess: a fifth is left for the rest; the burst is a catch-up of some 100,000 entries at full speed. */
export const replicaMsRate: Rate = { perSecond: 800, burst: 10_000 };
/** Headers of the muxer from one peer; slows. Guess: ten for each of 5,000 messages in a second. */
export const muxerFrameRate: Rate = { perSecond: 50_000, burst: 50_000 };
/** Frames on our protocols from one peer; slows. Guess: acknowledgements come 50 times a second, and parcels by many KiB. */
export const protocolFrameRate: Rate = { perSecond: 5_000, burst: 10_000 };
/** Gossip RPCs from one peer; slows. Guess: a message and a word of it not being wanted again, for 2,000 messages a second. */
export const gossipRpcRate: Rate = { perSecond: 4_000, burst: 8_000 };
/** Gossip messages from one peer, copies included; slows. Source: twice what three nodes were measured to pass on. */
export const gossipMessageRate: Rate = { perSecond: 4_000, burst: 8_000 };

/** Streams that one peer opens; bounds. Source: one per protocol, one for identify, and one ping every 30 s; a wide margin. */
export const streamRate: Rate = { perSecond: 5, burst: 200 };
/** Pings of the muxer and their answers from one peer; bounds. Source: one every 30 s. */
export const muxerPingRate: Rate = { perSecond: 5, burst: 200 };
/** Orders of gossip (subscriptions, grafts, prunes, advertisements and requests) from one peer; bounds. Source: a few at each heartbeat of 1 s; the burst is a minute of them that comes at once after a stall. */
export const gossipControlRate: Rate = { perSecond: 50, burst: 2_000 };
/** Mentions of topics that this node does not have, from one peer; bounds. Guess: a later version may have a few more topics. */
export const foreignTopicRate: Rate = { perSecond: 10, burst: 200 };
/** Headers for streams that do not exist, from one peer; bounds. Source: at most those on their way when a stream was reset, a full window in small pieces. */
export const strayFrameRate: Rate = { perSecond: 500, burst: 20_000 };
/** Bytes for streams that do not exist, from one peer; bounds. Source: a correct peer has at most a window on its way when a stream is reset. */
export const strayBytesRate: Rate = { perSecond: 1024 * 1024, burst: 16 * 1024 * 1024 };
/** Bytes of credit granted at once; more bounds. Source: 256 times the window of our own nodes, for later ones. */
export const creditBytesMax: number = 256 * 1024 * 1024;

/** What the whole node may read or write at once after a pause, under a limit of bandwidth, in ms of it. Guess: short against the seconds over which a limit is looked at. */
export const bandwidthBurstMs: Millis = 100;
/** Time that what was written beyond a limit of bandwidth takes to be paid back, from which on gossip is dropped. Guess. */
export const gossipOwedMsMax: Millis = 250;

/** Connections from one address; bounds. Guess: a testnet of 100 nodes on one host, each linked twice in its first second. */
export const connectionRate: Rate = { perSecond: 20, burst: 200 };
/** Connections that one counts for whose handshake fails, or whose peer is found out. Guess: an address that only fails is held to two in a second. */
export const failedConnectionCost = 10;
/** Connections from all addresses together; bounds. Source: about 3 ms of processor time for each handshake, 150 ms in a second. */
export const connectionsRate: Rate = { perSecond: 50, burst: 300 };
/** Bytes from all links of one address that are not admitted; slows. Source: a handshake, identify and hello take 6 KiB. */
export const strangerBytesRate: Rate = { perSecond: 256 * 1024, burst: 2 * 1024 * 1024 };
/** Processor time spent on all links of one address that are not admitted, in ms; slows. Guess. */
export const strangerProcessorMsRate: Rate = { perSecond: 50, burst: 1_000 };
/** The same for all addresses together, in ms; slows. Guess: a fifth of a core, so that who is in stays in. */
export const strangersProcessorMsRate: Rate = { perSecond: 200, burst: 2_000 };

/** Shortest and longest time for which a socket is left unread at once. Guess: shorter ones cost more timers than they save; a longer one would look like a dead link. */
export const pauseMs: { readonly min: Millis; readonly max: Millis } = { min: 10, max: 1_000 };
/** Time for the core to part with a peer that was found out, after which it is cut off without a word. Source: the time of a graceful close. */
export const partingMsMax: Millis = 1_500;
/** Handshakes under way from which on the oldest gives way to a new one. Guess: three quarters of those that the library admits at once. */
export const handshakesCrowded = 48;
/** Time that a handshake has before it can give way, in ms. Guess: ten times what it takes on a busy machine. */
export const handshakeMsMin: Millis = 1_000;
/** Addresses whose buckets are kept. Guess: the fullest are forgotten first, which loses nothing. */
export const addressesMax = 4_096;
/** Bytes of one frame of the muxer. Source: the window we grant, which bounds what a correct peer may send at once. */
export const muxerFrameBytesMax: number = 1024 * 1024;
