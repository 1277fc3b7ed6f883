/** What a puller remembers: when each peer is asked next, and of the pull that is under way. */
import type { PeerId } from "../../../base/brand.ts";
import type { FrontierMessage, OriginRanges } from "../../../codec/frontier.ts";
import type { LinkId } from "../../../ports/network.ts";

export interface Schedule {
  readonly link: LinkId;
  readonly peer: PeerId;
  dueAt: number;
  /** The next pull is one that a user ordered. */
  ordered: boolean;
  /** A user ordered one while another was under way. */
  again: boolean;
  /** Pulls in a row that moved nothing while the sets differed. */
  unexplained: number;
  /** Whether a pull on this link was ever answered whole. */
  wasComplete: boolean;
}

export interface Session {
  readonly id: number;
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly ordered: boolean;
  readonly startedAt: number;
  readonly changesAtStart: number;
  progressAt: number;
  parcels: number;
  /** Batches the peer said it would send, superseded ones among them; 0 before it said so. */
  expected: number;
  /** Frames of parcels that are not merged yet. */
  merging: number;
  /** Numbers said to be superseded that are not proven to exist yet. */
  claims: OriginRanges[];
  claimRanges: number;
  /** What was believed of them. */
  believed: OriginRanges[];
  /** Something of this pull waits for its time: it may be what superseded the rest. */
  heldBack: boolean;
  done: Extract<FrontierMessage, { type: "done" }> | undefined;
}
