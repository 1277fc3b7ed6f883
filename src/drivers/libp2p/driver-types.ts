/**
 * How the libp2p driver is made and what it reports beside the events of `ports/network.ts`.
 */
import type { MdnsHealth } from "./mdns-health.ts";
import type { AddressFamily } from "../../base/address-family.ts";
import type { Instant, Millis, PeerId } from "../../base/brand.ts";
import type { LinkResources } from "../../ports/link-resources.ts";
import type { RelayFact } from "./relay/server.ts";
import type {
  Counters,
  DialFailure,
  Direction,
  LinkId,
  LinkProtocol,
  NetworkEvent,
  NetworkOrder,
  Verdict,
} from "../../ports/network.ts";

import type { PeerRates } from "./rates/peer-meter.ts";

export type TransportName = "tcp" | "quic" | "ws";

/** What may change while it runs. */
export interface LiveDriverOptions {
  /** Read, and written, over all links in a second; undefined for no limit. */
  readonly bandwidthMax: number | undefined;
  readonly peerRates: PeerRates;
  /** Links that the core admits; libp2p takes as many more as may wait to be admitted or be told goodbye. */
  readonly linksMax: number;
  /** Time between two pings of a link, at most. */
  readonly pingEveryMs: Millis;
  /** How long a link may leave pings unanswered before it is closed as stale. */
  readonly staleAfterMs: Millis;
  /** Whether nodes are looked for on the local network. */
  readonly mdns: boolean;
}

export interface NetworkDriverOptions extends LiveDriverOptions {
  /** 32-byte Ed25519 seed of the node's identity. */
  readonly identitySeed: Uint8Array;
  /** First segment of the protocol names behind admission: `/p2p-sync/<protocolScope>/ack/1`. */
  readonly protocolScope: string;
  readonly gossipTopic: string;
  /** Addresses to listen on, as multiaddrs without a peer id. */
  readonly listen: readonly string[];
  /** Addresses to announce beside those found, as multiaddrs. */
  readonly announce: readonly string[];
  readonly family: AddressFamily;
  /** Transports to use, those that are not there on this machine left out; at least one must be. */
  readonly transports: readonly TransportName[];
  /** Encrypters offered over TCP, in order of preference; QUIC has its own. */
  readonly encrypters: readonly ("noise" | "tls")[];
  /** How long one dial may take until the link stands. */
  readonly dialMs: Millis;
  /** Whether others may be relayed by this node. */
  readonly relays: boolean;
  /** Bytes of one frame on a link, where that is less than its protocol allows. */
  readonly frameBytesMax: number;
  /** Bytes of received, not yet understood or judged input over all links and gossip. */
  readonly inputBytesMax: number;
  /** Bytes waiting in the gossip streams of all peers together. */
  readonly gossipBytesMax: number;
  /** By which mDNS tells networks apart. */
  readonly network: { readonly name: string; readonly id: string };
  /** For tests: links to drop gossip on, so that only reconciliation repairs. */
  readonly dropGossip: boolean;
  readonly version: string;
  /** Every event of the port, in order. Called synchronously; must not throw. */
  readonly onEvent: (event: NetworkEvent) => void;
  /** Facts about how far links and dials have come. Called synchronously; must not throw. */
  readonly onFact: (fact: LinkFact) => void;
}

/**
 * What was truly observed about one attempt or link, so that the state machine of a peer can be
 * shown. `attempt` names an outbound dial until it has a link; `connection` counts raw sockets
 * (both directions) and is what ties the early facts of an inbound link together.
 */
export type LinkFact =
  | ({ readonly at: Instant } & RelayFact)
  | { readonly type: "dialStarted"; readonly at: Instant; readonly attempt: number; readonly address: string }
  /** The TCP connection stands (outbound) or was accepted (inbound). */
  | {
      readonly type: "transportOpened";
      readonly at: Instant;
      readonly connection: number;
      readonly attempt: number | undefined;
      readonly direction: Direction;
      readonly address: string;
    }
  /** Noise or TLS begins its exchange of keys. */
  | { readonly type: "handshakeStarted"; readonly at: Instant; readonly connection: number; readonly protocol: string }
  /** The channel is encrypted and the other side has proven its peer id. */
  | { readonly type: "authenticated"; readonly at: Instant; readonly connection: number; readonly peer: PeerId }
  /** The muxer is chosen and running. */
  | { readonly type: "negotiated"; readonly at: Instant; readonly connection: number; readonly muxer: string }
  /** libp2p has made it a connection; from here on `link` names it. */
  | {
      readonly type: "linked";
      readonly at: Instant;
      readonly connection: number;
      readonly link: LinkId;
      readonly peer: PeerId;
    }
  | {
      readonly type: "identified";
      readonly at: Instant;
      readonly link: LinkId;
      readonly agent: string;
      readonly protocols: readonly string[];
    }
  /** The peer's subscription to our gossip topic was seen (only after admission). */
  | { readonly type: "subscribed"; readonly at: Instant; readonly peer: PeerId }
  | { readonly type: "rttMeasured"; readonly at: Instant; readonly link: LinkId; readonly rttMs: number }
  /** The socket closed before it became a link. */
  | { readonly type: "upgradeFailed"; readonly at: Instant; readonly connection: number; readonly reason: string }
  | {
      readonly type: "dialFailed";
      readonly at: Instant;
      readonly attempt: number;
      readonly failure: DialFailure;
      readonly reason: string;
    }
  | { readonly type: "linkClosed"; readonly at: Instant; readonly link: LinkId; readonly reason: string }
  /** mDNS heard a node of another network. */
  | { readonly type: "strangerHeard"; readonly at: Instant; readonly peer: PeerId; readonly networkName: string }
  /** mDNS cannot send or hear on an interface; other interfaces and everything else go on. Once per interface and cause. */
  | { readonly type: "mdnsFailed"; readonly at: Instant; readonly networkInterface: string; readonly reason: string }
  /** A transport that was asked for is not there; others are used. */
  | {
      readonly type: "transportMissing";
      readonly at: Instant;
      readonly transport: TransportName;
      readonly reason: string;
    }
  /** A publish did not leave this node at all; reconciliation will repair it. */
  | { readonly type: "gossipFailed"; readonly at: Instant; readonly reason: string }
  /** Messages not sent to a peer since the last such fact because it reads too slowly, or not passed on because too many wait for a verdict. */
  | {
      readonly type: "gossipDropped";
      readonly at: Instant;
      readonly peer: PeerId;
      readonly cause: "slowPeer" | "unjudged";
      readonly messages: number;
    };

/** Copies of gossip messages, and RPCs with their length prefixes, those without a message included. */
export interface GossipTraffic {
  readonly sent: Readonly<Record<"publish" | "forward" | "answer", number>>;
  readonly received: Readonly<Record<Verdict | "duplicate", number>>;
  readonly rpcs: FrameTraffic;
}

/** Handed to streams; bytes with length prefixes, before encryption. */
export interface FrameTraffic {
  readonly frames: number;
  readonly bytes: number;
}

/** What was sent since start, by protocol, and what became of gossip. */
export interface Traffic {
  readonly frames: Readonly<Record<LinkProtocol | "gossip", FrameTraffic>>;
  readonly gossip: GossipTraffic;
}

/** Bytes in the last second, and whether something had to wait lately. */
export interface BandwidthUse {
  readonly bytesPerSecond: number;
  /** In force; undefined for no limit. */
  readonly max: number | undefined;
  readonly isSlowing: boolean;
}

export interface NetworkDriver {
  /** What mDNS sent and heard, and where it fails. */
  mdnsHealth(): MdnsHealth;
  readonly peerId: PeerId;
  /**
   * Starts in the order host, listeners, mDNS, subscription. Throws a `Fault` `port_in_use` that
   * names the owner where it can be found, or `invalid_address`.
   */
  start(): Promise<void>;
  /** Multiaddrs we can be reached at, with our peer id. */
  addresses(): readonly string[];
  carryOut(order: NetworkOrder): void;
  /** Every frame handed out must be reported here once it is dealt with: a link that is far behind is not read. */
  taken(link: LinkId, bytes: number): void;
  /** Time that a peer cost the core lately, in ms: who costs much is read more slowly. */
  spent(peer: PeerId, ms: Millis): void;
  /** The network's six counters; the two of propagation are the replica's. */
  counters(): Omit<Counters, "blocks_propagated" | "transactions_propagated">;
  traffic(): Traffic;
  /** From the next dial, and the next byte, on. */
  adjust(options: LiveDriverOptions): void;
  bandwidth(): { readonly read: BandwidthUse; readonly written: BandwidthUse };
  /** While memory is short: reads no more than so many bytes in a second from all links, and lets nobody in; undefined ends it. */
  pace(bytesPerSecond: number | undefined): void;
  /** An address at which others reach this node as well, through a router, or no more. */
  setOuterAddress(address: string | undefined): void;
  /** How many members this node relays, and how many pairs at the moment. */
  relaying(): { readonly guests: number; readonly circuits: number };
  /** What each link costs, those on their way in or out included. */
  links(): readonly LinkResources[];
  /** Peers in our gossip mesh and those whose subscription was seen, for tests and status. */
  gossipPeers(): { readonly mesh: readonly PeerId[]; readonly subscribed: readonly PeerId[] };
  /** Closes every link and socket. Goodbyes were sent before by orders. Idempotent. */
  stop(): Promise<void>;
}
