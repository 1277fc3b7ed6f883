/**
 * What the node asks of the network and hears from it. The production driver is libp2p on the
 * main thread; the simulator has its own. Everything is one-way: an order never answers, its
 * outcome is a later event.
 */
import type { PeerId } from "../base/brand.ts";
import type { LinkProtocol } from "../codec/link-protocols.ts";

export type { LinkProtocol } from "../codec/link-protocols.ts";

/** One physical connection, numbered by the driver from 1 up; a number is never used again. */
export type LinkId = number;

export type Direction = "inbound" | "outbound";

/** Where an address came from: `told` of the address book, `lookup` of others that were asked for a peer. */
export type CandidateSource = "static" | "mdns" | "user" | "told" | "lookup";

/** What a validator decided about a gossip message: pass on, drop silently, or drop and blame the sender. */
export type Verdict = "accept" | "ignore" | "reject";

/**
 * Family of a failed dial, for tables and metrics; `detail` has the system's own words.
 * `addressInvalid` never reached the network at all.
 */
export type DialFailure =
  | "addressInvalid"
  | "nameUnknown"
  | "refused"
  | "unreachable"
  | "timeout"
  | "encryption"
  | "protocol"
  | "wrongPeer"
  /** The relay by way of which it was to be reached gave no circuit. */
  | "relayRefused"
  | "self"
  | "cancelled"
  | "other";

export type NetworkOrder =
  /** Fails where nothing at all is heard from there within `answerMsMax`, if it is given, or else within the time for a dial. */
  | {
      readonly type: "dial";
      readonly address: string;
      readonly attempt: number;
      readonly answerMsMax?: number;
    }
  | { readonly type: "send"; readonly link: LinkId; readonly protocol: LinkProtocol; readonly frame: Uint8Array }
  /** Opens the gate for the peer's streams: sent just before our welcome, for the peer may open them when it has that. */
  | { readonly type: "acceptLink"; readonly link: LinkId }
  /** Both sides have welcomed each other: our own streams and gossip may start. */
  | { readonly type: "admitLink"; readonly link: LinkId }
  /** Closes after everything sent before it has left, or after 1 s. */
  | { readonly type: "closeLink"; readonly link: LinkId; readonly code: string; readonly reason: string }
  | { readonly type: "publish"; readonly payload: Uint8Array }
  /** Looks whether the named peer answers at the address, and leaves it at once. */
  | { readonly type: "probe"; readonly address: string; readonly number: number }
  /** Asks the peer at the other end for a place at its relay, or for one more time. */
  | { readonly type: "reserve"; readonly link: LinkId }
  /** The place at that relay is not wanted any more. */
  | { readonly type: "release"; readonly link: LinkId }
  | { readonly type: "judge"; readonly message: number; readonly verdict: Verdict };

/** Why a link is given up, as the goodbye says it: `noHello` of a peer that does not know how to say one. */
export type FailingCode = "stale" | "failed" | "noHello";

export type NetworkEvent =
  | {
      readonly type: "linkOpened";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly direction: Direction;
      readonly address: string;
      /** The dial order\'s own number for an outbound link. */
      readonly attempt: number | undefined;
    }
  | { readonly type: "linkClosed"; readonly link: LinkId; readonly reason: string }
  /** All links that stand, told now and then: those that were told opened and not yet told closed. */
  | { readonly type: "linksStanding"; readonly links: readonly LinkId[] }
  | {
      readonly type: "frameReceived";
      readonly link: LinkId;
      readonly protocol: LinkProtocol;
      readonly frame: Uint8Array;
    }
  /** The write buffer of that protocol's stream on that link has room again. */
  | { readonly type: "drained"; readonly link: LinkId; readonly protocol: LinkProtocol }
  /** A frame was refused from its length prefix alone; the link is about to close. Where only this node's own setting is narrower it breaks no protocol. */
  | {
      readonly type: "frameRefused";
      readonly link: LinkId;
      readonly protocol: LinkProtocol;
      readonly lengthBytes: number;
      readonly lengthBytesMax: number;
      readonly breaksProtocol: boolean;
    }
  /** The peer did what no correct node does, seen below the protocols the core reads; the link is about to close. */
  | { readonly type: "peerMisbehaved"; readonly link: LinkId; readonly reason: string }
  /** A link that does not work any more; it is about to close, with a goodbye where one still gets through. */
  | { readonly type: "linkFailing"; readonly link: LinkId; readonly code: FailingCode; readonly reason: string }
  | { readonly type: "gossipReceived"; readonly message: number; readonly from: PeerId; readonly payload: Uint8Array }
  | {
      readonly type: "dialFailed";
      readonly address: string;
      readonly attempt: number;
      readonly failure: DialFailure;
      readonly detail: string;
    }
  /** The addresses at which this node can be dialed, told when they are known and when they change. */
  | { readonly type: "listening"; readonly addresses: readonly string[] }
  | { readonly type: "rttMeasured"; readonly link: LinkId; readonly rttMs: number }
  /** The machine, or this program, did not run for so long. */
  | { readonly type: "resumed"; readonly sleptMs: number }
  /** The addresses of this machine are others now. */
  | { readonly type: "addressesChanged"; readonly added: readonly string[]; readonly removed: readonly string[] }
  | {
      readonly type: "candidateFound";
      readonly address: string;
      readonly peer: PeerId | undefined;
      readonly source: CandidateSource;
    }
  /** What came of `probe`; `failure` undefined where the peer answered. */
  | { readonly type: "probed"; readonly number: number; readonly failure: DialFailure | undefined }
  /** What came of `reserve`; `refused` says why there is no place, undefined where there is one. */
  | { readonly type: "reserved"; readonly link: LinkId; readonly refused: string | undefined }
  /** The members that have a place at this node's own relay. */
  | { readonly type: "guestsChanged"; readonly guests: readonly PeerId[] };

/** The eight counters operators know from chain nodes; all true counts since start. */
export interface Counters {
  readonly total_connections: number;
  readonly active_connections: number;
  readonly messages_sent: number;
  readonly messages_received: number;
  readonly bytes_sent: number;
  readonly bytes_received: number;
  readonly blocks_propagated: number;
  readonly transactions_propagated: number;
}
