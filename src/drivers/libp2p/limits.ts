/**
 * Every number of the libp2p driver: unit, bound, and where it comes from. libp2p's own limits sit
 * above those of the connection machine (`core/peers/limits.ts`), so that a peer over the limit is
 * told goodbye in words before the library would cut it off silently.
 */
import {
  ackFrameBytesMax,
  admitFrameBytesMax,
  frontierFrameBytesMax,
  gossipBytesMax,
  linkFrameBytesMax,
  peersFrameBytesMax,
  walkFrameBytesMax,
} from "../../codec/limits.ts";
import type { Millis } from "../../base/brand.ts";
import type { LinkProtocol } from "../../ports/network.ts";

/** Bytes of one frame per protocol; a longer one is refused from its length prefix. */
export const frameBytesMax: Readonly<Record<LinkProtocol, number>> = {
  admit: Math.min(admitFrameBytesMax, linkFrameBytesMax),
  ack: Math.min(ackFrameBytesMax, linkFrameBytesMax),
  frontier: Math.min(frontierFrameBytesMax, linkFrameBytesMax),
  walk: Math.min(walkFrameBytesMax, linkFrameBytesMax),
  peers: Math.min(peersFrameBytesMax, linkFrameBytesMax),
};
/** Bytes queued for one stream before the peer counts as too slow and the link is closed. Guess: eight of the largest frames; of a walk all that its windows allow at once. */
export const sendQueueBytesMax: Readonly<Record<LinkProtocol, number>> = {
  admit: 8 * frameBytesMax.admit,
  ack: 8 * frameBytesMax.ack,
  frontier: 8 * frameBytesMax.frontier,
  walk: 96 * frameBytesMax.walk,
  peers: 8 * frameBytesMax.peers,
};
/** Bytes of received, not yet understood input over all links and gossip: beyond it links are closed. Source: decided for the product. */
export const inputBytesMax = 256 * 1024 * 1024;

/** Bytes of one link's frames that the core has not taken yet, beyond which its streams are not read. Guess: a pull's whole window. */
export const untakenBytesMax: number = 4 * frameBytesMax.frontier;

/** Connections libp2p admits beyond the links that the core does. Source: 50 not yet admitted ones, and room for a goodbye to those above. */
export const spareConnections = 78;
/** Links that may take their time to close; of more, the one that has been closing longest is cut. Source: what is left of the above beside 50 strangers, and some for connections that are no links yet. */
export const partingLinksMax = 24;
/** Inbound connections being upgraded at once. Guess: half of a testnet of 100 nodes starting on one host. */
export const pendingConnectionsMax = 64;
/** Inbound connections of one host in a second. Guess: a local testnet shares one address; libp2p's default is 5. */
export const connectionsPerHostMax = 200;
/** Dials under way at once; the connection machine orders fewer. Guess. */
export const dialsMax = 64;
/** Time for one address to connect, encrypt and agree on a muxer. Source: decided for the product. */
export const dialMsMax: Millis = 10_000;
/** Time for an inbound connection to encrypt and agree on a muxer. Guess: a hundred times what it takes; who sends a byte now and then is gone before it is 5 s. */
export const inboundUpgradeMsMax: Millis = 4_000;
/** Time to agree on the protocol of one stream. Guess: gossipsub opens its streams one after the other, so a silent peer delays the others by this. */
export const negotiationMsMax: Millis = 5_000;

/** Inbound streams on one connection. Source: four of ours, gossip, identify and ping, with a wide margin; the library's default is 1,000. */
export const inboundStreamsMax = 64;
/** Gossip streams of one peer: a reopened one may overlap with the one it replaces. */
export const gossipStreamsMax = 2;
/** Bytes a stream holds back while nobody reads it. Source: four times yamux's first window, which a paused stream cannot exceed. */
export const streamReadBytesMax = 1024 * 1024;
/** Bytes yamux lets a peer send on a stream before it waits for credit. Guess: 1 MiB moves 80 Mbit/s at 100 ms. */
export const streamWindowBytesMax = 1024 * 1024;
/** Bytes of one stream waiting for the peer's credit. Source: one largest frame and its prefix; the rest waits in our own queue. */
export const streamWriteBytesMax = 2 * frameBytesMax.frontier;

/** Time without a packet after which a connection of QUIC is dead; also the longest a handshake of it may hang. Guess: three keep-alives lost; a stopped program is noticed as soon. */
export const quicIdleMsMax: Millis = 30_000;
/** Time without a packet after which QUIC sends one. Source: a third of the above, and below the 30 s for which many routers keep a mapping of UDP. */
export const quicKeepAliveMs: Millis = 10_000;
/** Bytes of one connection of QUIC that are sent and not read, over all its streams. Guess: four streams may be full and others go on. */
export const quicConnectionWindowBytes: number = 4 * streamWindowBytesMax;
/** Bytes the kernel may keep for a socket of QUIC that dials. Source: the library's default. */
export const quicSocketBytes = 500_000;
/** Inbound handshakes of QUIC on one address at a time; more wait. Guess: each costs some 10 KB, and one that hangs is gone after `quicIdleMsMax`. */
export const quicHandshakesMax = 256;
/** Bytes read at once from a stream of QUIC: the least, for small messages, and the most. Guess: what the library reads, and 16 times that. */
export const quicReadBytes = { min: 4 * 1024, max: 64 * 1024 } as const;
/** Bytes handed to QUIC at once. Guess: a write costs a change of threads, about 50 µs. */
export const quicWriteBytesMax: number = 256 * 1024;

/** Bytes of one message of a WebSocket; a larger one ends the connection. Guess: libraries send no more than a frame of Noise (64 KiB) or some records of TLS at once. */
export const wsMessageBytesMax: number = 1024 * 1024;
/** Bytes sent in one message. Guess: below what other libraries take, and few enough that headers cost nothing. */
export const wsSendBytesMax: number = 256 * 1024;
/** Bytes of the request that asks for a WebSocket. Guess: browsers send about 1 KiB. */
export const wsRequestBytesMax: number = 8 * 1024;
/** Time for that request to be complete. Guess: as long as a connection of TCP has for its handshake. */
export const wsRequestMsMax: Millis = 4_000;
/** Connections to one listener for WebSockets, those included that have not asked yet. Guess: all links, and as many that hang. */
export const wsConnectionsMax = 256;

/**
 * Bytes of bulk of one link on their way to the other side: what it begins with, and between which bounds it follows the
 * line. Guess: the least is 80 ms of 200 KB/s; the first is half of what yamux allows at first; the most moves 40 MB/s at 100 ms.
 */
export const bulkOnTheWayBytes = { min: 16 * 1024, first: 128 * 1024, max: 4 * 1024 * 1024 } as const;
/** Time that bulk may make what is urgent wait, as a queue before the line. Guess: less than most lines need anyhow; on the loopback below the usual delays of a busy peer no more than a few answers are later. */
export const bulkQueueMs: Millis = 25;
/** Bytes of gossip that go before waiting bulk for each byte of it that goes then. Guess: a pull goes on at a quarter of the line during a storm of gossip, which is enough not to be given up. */
export const gossipBytesPerBulkByte = 3;
/** Least piece of a frame of bulk that is handed on at once, unless the frame has less left. Guess: smaller ones cost more headers than they save time. */
export const bulkPieceBytesMin: number = 8 * 1024;
/** Pieces of bulk whose least delay decides about the window. Source: it is handed on in quarters at most. */
export const bulkRoundPieces = 4;
/** Time for which the shortest delay counts as that of the bare line, and then once more. Guess: a line that has become longer is known after a minute. */
export const lineDelayKeptMs: Millis = 30_000;
/** Time without credit after which one more piece of bulk goes anyhow. Guess: longer than round trips on earth. */
export const bulkPatienceMs: Millis = 500;

/** Time from a close order until the queued frames must have left. Source: contract of `closeLink`. */
export const flushMsMax: Millis = 1_000;
/** Time for both sides of a socket to finish after a graceful close. Guess. */
export const closeMsMax: Millis = 1_000;
/** Time an early gossip stream waits, unread, for its link to be admitted. Source: equal to the time a peer has for its hello. */
export const parkedMsMax: Millis = 5_000;

/** Time that another program of libp2p has here, for identify and ping, before it is parted with. Guess: ten round trips of a bad line. Source: less than the core gives a peer for its hello, so that the link ends with the reason that is known here. */
export const otherProgramMs: Millis = 3_000;

/** Pings in the time after which a silent link is stale, at least. Source: 30 s and 120 s, the defaults of both settings. */
export const pingsBeforeStale = 4;
/** Time for one ping to come back. Guess. */
export const pingMsMax: Millis = 10_000;
/** Time without a byte after which a socket is reset. Source: twice the longest `p2p.peer_timeout_seconds`, so that a link is closed as stale before, which says why. */
export const silentSocketMsMax: Millis = 7_200_000;

/** Bytes of control data beside the messages of one gossip RPC. Guess. */
export const gossipControlBytesMax = 64 * 1024;
/** Bytes of one gossip RPC. Source: a message of the largest size, and its control data. */
export const gossipRpcBytesMax: number = gossipBytesMax + gossipControlBytesMax;
/** Messages in one gossip RPC. Guess: we send at most this many and decode twice as many. */
export const gossipRpcMessagesMax = 256;
/** Bytes an RPC needs beside the data of its messages, per message. Source: topic and protobuf headers, rounded up. */
export const gossipMessageOverheadBytes = 512;
/** Bytes of a message id. Source: decided for the product; 20 bytes of SHA-256 do not collide by accident or by design. */
export const gossipMessageIdBytes = 20;
/** Message ids in one advertisement or request. Source: as many as the library itself sends at once. */
export const gossipMessageIdsMax = 5_000;
/** Ids of messages not wanted in one RPC. Source: the library's default. */
export const gossipUnwantedIdsMax = 512;
/** Subscriptions in one RPC. Guess: there is one topic. */
export const gossipSubscriptionsMax = 16;
/** Control messages of each kind in one RPC. Guess: there is one topic, and a few are cut together. */
export const gossipControlMessagesMax = 64;
/** Payload up to which a publish goes to every subscribed peer rather than to the mesh. Source: decided for the product. */
export const floodPayloadBytesMax = 16 * 1024;
/** Bytes waiting in one peer's gossip stream; above it messages to this peer are dropped and counted. Guess: a burst of 16 of the largest messages. */
export const gossipQueueBytesMax = 16 * 1024 * 1024;
/** Bytes waiting in the gossip streams of all peers together. Guess: eight slow peers may lag by a full queue. */
export const gossipQueuesBytesMax = 128 * 1024 * 1024;
/** Gossip messages waiting for a verdict. Source: decided for the product. */
export const unjudgedMessagesMax = 1_024;
/** Bytes of gossip messages waiting for a verdict. Source: decided for the product. */
export const unjudgedBytesMax = 64 * 1024 * 1024;
/** Time a gossip message waits for its verdict before it is ignored. Source: decided for the product. */
export const verdictMsMax: Millis = 30_000;
/** How long gossip keeps the score of a peer that has left. Guess: long enough for a link that flaps; the library's hour would keep every identity of a flood. */
export const gossipScoreKeptMs: Millis = 60_000;
/** How long the id of a gossip message is remembered. Guess: ten times the longest advertised history; the store knows older ones. */
export const gossipSeenMs: Millis = 30_000;
/** Heartbeats a gossip message is kept for peers that ask for it, and of those, advertised. Source: half of the defaults of 5 and 3, for messages 1,000 times larger than theirs. */
export const gossipHistory = { kept: 3, advertised: 2 } as const;
/** Time before an admitted peer without a gossip stream is offered one again. Guess. */
export const gossipRepairMs: Millis = 2_000;
/** Bytes of topics one peer may be subscribed to. Source: the library counts 1 KiB for each of at most four. */
export const topicBytesMax = 4 * 1024;

/** Time between clean-ups of what libp2p remembers about peers that are gone. Guess. */
export const peerSweepEveryMs: Millis = 30_000;
/** Characters kept of a text that a peer chose. Guess. */
export const peerTextMax = 128;
/** Protocol names kept of one peer. Guess: a node of ours has eight. */
export const peerProtocolsMax = 32;

/** Time between two looks at whether the machine slept. Guess: a resumed laptop is online again no sooner. */
export const hostLookEveryMs: Millis = 1_000;
/** Every so many of these looks the machine's addresses are looked at, too. Guess: 50 µs every 2 s. */
export const interfacesLookEvery = 2;
/** Time without a turn that counts as sleep, at least. Source: decided for the product. */
export const sleptMsMin: Millis = 10_000;
/** Time between two looks at the network interfaces by mDNS, beside those at a change of addresses. Guess: a cable or a network joined is noticed while somebody watches. */
export const mdnsScanEveryMs: Millis = 10_000;
/** First and longest time between mDNS queries; it doubles. Source: decided for the product, within RFC 6762 section 5.2. */
export const mdnsQueryMs = { first: 1_000, longest: 60_000 } as const;
/** Time between two answers on one interface. Source: RFC 6762 section 6: a record is multicast at most once a second. */
export const mdnsAnswerEveryMs: Millis = 1_000;
/** Lifetime we give our records, in seconds. Source: RFC 6762 section 10 for names that depend on a host name. */
export const mdnsTtlSeconds = 120;
/** Addresses in one announcement. Guess: with peer ids they fill 1 KiB of a packet of 1.5 KiB. */
export const mdnsAddressesMax = 10;
/** Records looked at in one packet. Guess: an announcement of ours has three. */
export const mdnsRecordsMax = 64;
/** Strings looked at in one TXT record. Guess: an announcement of ours has twelve at most. */
export const mdnsStringsMax = 24;
/** Bytes of one TXT string. Source: RFC 1035 section 3.3. */
export const mdnsStringBytesMax = 255;
/** Characters of a network name in an announcement, ours or heard. Guess. */
export const mdnsNetworkNameMax = 64;
/** Bytes of a packet that is decoded. Source: RFC 6762 section 17. */
export const mdnsPacketBytesMax = 9_000;
/** Packets looked at in a second; the rest is thrown away. Guess: a network of 50 nodes that all start at once stays below. */
export const mdnsPacketsPerSecondMax = 500;
/** Sockets of mDNS: interfaces and families. Guess: a machine with more speaks on the first of them. */
export const mdnsPlacesMax = 64;
/** Names of other networks kept from mDNS. Guess: as many as somebody reads. */
export const mdnsNetworksMax = 16;
/** Time in which our farewell must have left. Guess: a socket that takes no packet in that time takes none. */
export const mdnsFarewellMsMax: Millis = 200;
/** Addresses, strangers and failures remembered from mDNS, each. Source: decided for the product. */
export const mdnsTableMax = 1_024;
/** Time before an address heard again is reported again. Guess: half of the longest query interval. */
export const mdnsRepeatMs: Millis = 30_000;

/** From the end of a stream until its whole connection has ended, if that was the reason. Guess: some turns of a busy thread. */
export const connectionEndMsMax: Millis = 250;
