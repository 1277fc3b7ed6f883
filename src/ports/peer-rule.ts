/** What was ruled about a peer or a range of addresses; kept on disk. */
import type { Instant } from "../base/brand.ts";

/** A ban or an exemption, with its reason and its end. */
export interface PeerRule {
  /** A peer id, or a range of IP addresses in its one written form; one rule for each. */
  readonly target: string;
  /** `allow`: never banned by the node itself. */
  readonly kind: "ban" | "allow";
  readonly source: "operator" | "automatic";
  readonly reason: string;
  readonly since: Instant;
  /** Undefined where it holds until somebody lifts it. */
  readonly until: Instant | undefined;
  /** Automatic bans of this target so far: each is longer than the one before. */
  readonly offences: number;
}
