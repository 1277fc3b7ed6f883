/** Who is not let in at all, in the words that the peer is told. */
import type { PeerId } from "../../base/brand.ts";
import type { PeerRule } from "../../ports/peer-rule.ts";
import { retryAfterSecondsMax } from "../peers/limits.ts";
import type { Parts, Step } from "./parts.ts";

/** Why a link is not wanted, and after how long it may be tried again. */
export interface Refused {
  readonly reason: string;
  readonly retryAfterSeconds: number;
}

/** Why this peer is not let in, if it is not. */
export function refusedAtDoor(peer: PeerId, address: string, { standing }: Parts, step: Step): Refused | undefined {
  const ban = standing.ban(peer, address, step.now.wall);
  return ban === undefined ? undefined : refusedBy(ban, step);
}

export function refusedBy({ reason, until }: PeerRule, { now }: Step): Refused {
  const leftSeconds = until === undefined ? Infinity : Math.ceil(Math.max(0, until - now.wall) / 1_000);
  const howLong = until === undefined ? "for good" : `for ${leftSeconds} s`;
  return { reason: `banned ${howLong}: ${reason}`, retryAfterSeconds: Math.min(leftSeconds, retryAfterSecondsMax) };
}
