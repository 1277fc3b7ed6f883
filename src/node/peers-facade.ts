/** What an operator orders about single peers, and is told of links that ended. The shapes. */
import type { Instant, Millis, PeerId } from "../base/brand.ts";
import type { PeerRule } from "../ports/peer-rule.ts";
import type { LinkResources } from "../ports/link-resources.ts";
import type { CandidateSource, Direction, LinkId } from "../ports/network.ts";

export type { FrameCount, LinkResources } from "../ports/link-resources.ts";
export type { PeerRule } from "../ports/peer-rule.ts";

/** How long a rule is in force, and why it is made. */
export interface RuleOptions {
  /** How long it holds, 1 s to 10 years; for good where it is left out. */
  readonly forMs?: Millis;
  /** Told to the peer, and kept; at most 200 characters. */
  readonly reason?: string;
}

/** A link that ended. */
export interface ClosedLink {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly address: string;
  readonly direction: Direction;
  readonly at: Instant;
  /** From the link's opening to its end; undefined where it was never admitted. */
  readonly lastedMs: Millis | undefined;
  /** Who said goodbye; `nobody` where the link broke. */
  readonly by: "us" | "them" | "nobody";
  /** The code of the goodbye, or `closed`. */
  readonly code: string;
  readonly reason: string;
  /** Why the other side saw it end, where it told so when it was back. */
  readonly seenThere: string | undefined;
}

/** What waits for a member that was lost, and is sent when it is back. */
export interface WaitingMessages {
  readonly peer: PeerId;
  readonly messages: number;
  readonly bytes: number;
  /** Age of the oldest; undefined where nothing waits. */
  readonly oldestMs: Millis | undefined;
}

/** An address this node dials, and what came of it. */
export interface KnownAddress {
  readonly address: string;
  /** Such as `tcp/ip4`. */
  readonly transport: string;
  /** Who lives there, as far as it is known. */
  readonly peer: PeerId | undefined;
  readonly source: CandidateSource;
  /** When it was last dialed, and when a dial last led to a link; undefined where none did since this node started. */
  readonly lastTryAt: Instant | undefined;
  readonly lastSuccessAt: Instant | undefined;
  /** Of the last dial, where it failed. */
  readonly lastFailure: { readonly code: string; readonly reason: string } | undefined;
  /** Failed dials in a row. */
  readonly failures: number;
  /** A dial is under way. */
  readonly dialing: boolean;
  /** Not dialed before; while its peer is linked, not at all. */
  readonly notBefore: Instant;
}

/** Targets are a peer's id or an unambiguous beginning of one, an IP address, or a range such as `10.0.0.0/8`. */
export interface PeersFacade {
  /** Bans and exemptions in force, the latest first. */
  rules(): Promise<readonly PeerRule[]>;
  /** Neither dialed nor let in; links that stand are closed. Throws `invalid_argument` or `overloaded`. */
  ban(target: string, options?: RuleOptions): Promise<{ readonly target: string }>;
  /** Let in whatever wider rules say, and never banned by the node itself. Throws `invalid_argument` or `overloaded`. */
  allow(target: string, options?: RuleOptions): Promise<{ readonly target: string }>;
  /** Takes a ban or an exemption back. Throws `not_found`. */
  lift(target: string): Promise<{ readonly target: string }>;
  /** Closes the links of a peer and asks it to stay away for a minute. Throws `peer_not_connected`. */
  disconnect(peer: string): Promise<{ readonly peer: PeerId }>;
  /** Does not dial a peer, or an address, any more. Throws `not_found`. */
  forget(target: string): Promise<{ readonly target: string }>;
  /** Every address this node may dial. */
  addresses(): Promise<readonly KnownAddress[]>;
  /** What each link costs now, those on their way in or out included. */
  links(): readonly LinkResources[];
  /** What waits for members that were lost, those lost longest ago first. */
  waiting(): Promise<readonly WaitingMessages[]>;
  /** The last 256 links that ended, the latest first. */
  closed(): readonly ClosedLink[];
}
