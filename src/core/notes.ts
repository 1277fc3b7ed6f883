/**
 * Facts worth telling. Machines emit them; the border maps each kind once to a log line, a metric
 * and an event (`drivers/observe`). Fields are plain data of low cardinality where they can be.
 */
import type { Author, Instant, PeerId, Stamp } from "../base/brand.ts";
import type { DiskLevel } from "./disk-level.ts";
import type { GoodbyeCode } from "../codec/admit.ts";
import type { DialFailure, Direction, LinkId, LinkProtocol } from "../ports/network.ts";

/** `held`: this node has no room now for what would come. */
export type PullEnd = "complete" | "timeout" | "linkLost" | "busy" | "misbehaved" | "held";

export type WalkEnd = PullEnd;

export type Note =
  | {
      readonly type: "linkAdmitted";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly direction: Direction;
      readonly clockOffsetMs: number;
      readonly agent: string;
    }
  /** Either side said goodbye; `by` tells which. */
  | {
      readonly type: "goodbye";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly by: "us" | "them";
      readonly code: GoodbyeCode;
      readonly reason: string;
    }
  /** A link that stood for one side of this node only, and does no more: `gone` for the network, or `unknown` to the replica. */
  /** How a linked peer is thought of, after its admission and each measured round trip. */
  | { readonly type: "peerJudged"; readonly peer: PeerId; readonly class: string; readonly score: number }
  /** A peer told where others may be dialed. */
  /** A peer that the user wants was looked for by its id; so many were asked. */
  | {
      readonly type: "lookupEnded";
      readonly peer: PeerId;
      readonly found: boolean;
      readonly asked: number;
      readonly ms: number;
    }
  | { readonly type: "addressesTold"; readonly peer: PeerId; readonly addresses: number }
  | { readonly type: "linkMismatch"; readonly link: LinkId; readonly kind: "gone" | "unknown" }
  /** `target` is a peer, an address or a range; `forMs` undefined for good. */
  | {
      readonly type: "peerBanned";
      readonly target: string;
      readonly source: "operator" | "automatic";
      readonly reason: string;
      readonly forMs: number | undefined;
    }
  /** `by` and `code` are those of the first goodbye; `nobody` and `closed` where the link broke. */
  | {
      readonly type: "linkGone";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly address: string;
      readonly direction: Direction;
      readonly by: "us" | "them" | "nobody";
      readonly code: GoodbyeCode | "closed";
      readonly reason: string;
      /** Since it was admitted; undefined where it never was. */
      readonly lastedMs: number | undefined;
    }
  | {
      readonly type: "dialFailed";
      readonly address: string;
      readonly failure: DialFailure;
      readonly detail: string;
      readonly attempts: number;
      readonly nextInMs: number;
    }
  /** Whether others can dial this node, as far as so many peers tell. */
  | {
      readonly type: "reachFound";
      readonly verdict: "reachable" | "unreachable" | "unknown";
      readonly peers: number;
    }
  /** A relay was asked for a place; `refused` says why there is none. */
  | { readonly type: "relayAsked"; readonly relay: PeerId; readonly refused: string | undefined }
  | { readonly type: "dialPlanned"; readonly peer: PeerId | undefined; readonly address: string; readonly inMs: number }
  | {
      readonly type: "candidateFound";
      readonly address: string;
      readonly peer: PeerId | undefined;
      readonly source: string;
    }
  | { readonly type: "candidateRefused"; readonly reason: "tableFull" | "invalidAddress"; readonly address: string }
  /** Told by the driver: floods, and input that is broken below our own protocols. */
  | { readonly type: "peerMisbehaved"; readonly peer: PeerId; readonly reason: string }
  | { readonly type: "frameMalformed"; readonly peer: PeerId; readonly protocol: LinkProtocol; readonly code: string }
  | {
      readonly type: "frameRefused";
      readonly peer: PeerId;
      readonly protocol: LinkProtocol;
      readonly lengthBytes: number;
      readonly lengthBytesMax: number;
    }
  | {
      readonly type: "parcelRefused";
      readonly author: Author | undefined;
      readonly from: PeerId;
      readonly reason: ParcelNote;
    }
  | {
      readonly type: "batchesMerged";
      readonly via: "local" | "gossip" | "fresh" | "pull" | "walk";
      readonly batches: number;
      readonly entries: number;
      readonly delayMs: number;
    }
  | { readonly type: "batchesForwarded"; readonly batches: number }
  | { readonly type: "batchHeldBack"; readonly author: Author; readonly aheadMs: number; readonly heldBack: number }
  | { readonly type: "heldBackDropped"; readonly author: Author; readonly reason: "authorLimit" | "bytesLimit" }
  | { readonly type: "heldBackReleased"; readonly author: Author }
  | { readonly type: "entriesBelowFloor"; readonly author: Author; readonly entries: number }
  | { readonly type: "collected"; readonly entries: number; readonly floor: Stamp }
  /** Old entries of ours that a current member does not have are no part of the set any more. */
  | { readonly type: "setAside"; readonly peer: PeerId; readonly entries: number }
  /** Old entries of ours that a peer neither has nor takes: the two were apart for longer than the horizon. */
  | { readonly type: "heldApart"; readonly peer: PeerId; readonly entries: number }
  | {
      readonly type: "conflict";
      readonly key: string;
      readonly winner: Author;
      readonly loser: Author;
      readonly stamp: Stamp;
    }
  | { readonly type: "equivocation"; readonly author: Author; readonly sequence: number }
  /** What had waited for a member while it was away was sent at its return. */
  | { readonly type: "outboxSent"; readonly peer: PeerId; readonly messages: number; readonly bytes: number }
  /** What waited for a member will not be sent; a pull brings it. `reason` is the policy's name. */
  | {
      readonly type: "outboxDropped";
      readonly peer: PeerId;
      readonly priority: "control" | "urgent" | "normal" | "bulk";
      readonly reason: "expired" | "oldestOfLowestPriority" | "tooLarge" | "memberForgotten";
      readonly messages: number;
    }
  /** A peer that is back tells why the link before ended, as it saw it, `agoMs` before. */
  | { readonly type: "partingExplained"; readonly peer: PeerId; readonly reason: string; readonly agoMs: number }
  | { readonly type: "pullStarted"; readonly peer: PeerId }
  | {
      readonly type: "pullEnded";
      readonly peer: PeerId;
      readonly how: PullEnd;
      readonly parcels: number;
      readonly durationMs: number;
      readonly equal: boolean;
    }
  | { readonly type: "walkStarted"; readonly peer: PeerId }
  | {
      readonly type: "walkEnded";
      readonly peer: PeerId;
      readonly how: WalkEnd;
      /** Paths that were compared. */
      readonly nodes: number;
      readonly parcels: number;
      /** Entries that live now and did not before. */
      readonly entries: number;
      readonly durationMs: number;
      readonly equal: boolean;
    }
  | { readonly type: "walkServed"; readonly peer: PeerId; readonly parcels: number }
  | { readonly type: "serveStarted"; readonly peer: PeerId; readonly parcels: number }
  | { readonly type: "serveEnded"; readonly peer: PeerId; readonly parcels: number }
  | { readonly type: "clockDoubted"; readonly offsetMs: number; readonly peers: number }
  | { readonly type: "clockTrusted"; readonly offsetMs: number }
  | { readonly type: "clockRepaired"; readonly reissued: number }
  /** The first member of a partition counts as cut off; `linked` are those still linked here. */
  | {
      readonly type: "partitionBegan";
      readonly partition: number;
      readonly since: Instant;
      readonly peer: PeerId;
      readonly linked: number;
    }
  /** What the returned members had is here, told again when further ones return; or nobody returned in time. */
  | {
      readonly type: "partitionEnded";
      readonly partition: number;
      readonly durationMs: number;
      readonly returned: number;
      readonly missing: number;
      readonly ownWrites: number;
      readonly receivedWrites: number;
      readonly arrivedWrites: number;
      readonly conflicts: number;
    }
  /** It gives no sign of life, and none of `asked` others reaches it. */
  | {
      readonly type: "suspected";
      readonly peer: PeerId;
      readonly link: LinkId;
      readonly asked: number;
      readonly silentMs: number;
    }
  /** It gives us no sign of life, but another member reaches it: alive, and only our link is silent. */
  | {
      readonly type: "unreachableDirectly";
      readonly peer: PeerId;
      readonly link: LinkId;
      readonly by: PeerId | undefined;
      readonly silentMs: number;
    }
  /** It was heard again, or its link is gone. */
  | {
      readonly type: "suspicionEnded";
      readonly peer: PeerId;
      readonly link: LinkId;
      readonly kind: "suspected" | "unreachableDirectly";
      readonly how: "heard" | "closed";
      readonly lastedMs: number;
    }
  /** Nobody at all answers us: more likely we are cut off, or stalled, than all of them. */
  | { readonly type: "selfDoubted"; readonly links: number; readonly silentMs: number }
  | { readonly type: "selfTrusted"; readonly doubtedMs: number }
  /** The machine, or this program, did not run for so long. */
  | { readonly type: "resumed"; readonly sleptMs: number }
  /** The addresses of this machine are others now. */
  | {
      readonly type: "addressesChanged";
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  /** The room on disk has come to another level; `because` says in words which limit presses. */
  | {
      readonly type: "diskRoomChanged";
      readonly state: DiskLevel;
      readonly usedBytes: number;
      readonly freeBytes: number;
      readonly because: string;
    }
  | { readonly type: "overloaded"; readonly what: "verification" | "waiting" | "origins" };

export type ParcelNote =
  | "wrongNetwork"
  | "rootMismatch"
  | "badSignature"
  | "malformed"
  | "tooLarge"
  | "versionUnknown"
  | "tooManyRanges"
  | "overloaded";
