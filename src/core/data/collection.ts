/**
 * What is collected when, and how old an entry may be that comes anew: the two sides of one rule.
 *
 * A tombstone, or a value that has expired, is forgotten once it is older than the horizon. From
 * then on nothing tells that its key was ever deleted, so an entry that old is not taken any more
 * for a key that is not held: an old put that somebody replays cannot bring the key back. Both go
 * by the same floor, which moves in steps, so that members with nearly equal clocks forget the same
 * things at nearly the same moment.
 */
import type { Instant, Millis, Stamp } from "../../base/brand.ts";
import type { Op } from "../../codec/op.ts";
import { floorStepsPerHorizon } from "./limits.ts";
import { microsPerMilli } from "./stamp.ts";

/** How long tombstones are kept, in ms. */
export function horizonMsOf(horizonDays: number): Millis {
  return horizonDays * 86_400_000;
}

/** The oldest stamp taken for a key that is not held; what is due below it is collected. */
export function floorAt(now: Instant, horizonDays: number): Stamp {
  const horizonMs = horizonMsOf(horizonDays);
  const stepMs = horizonMs / floorStepsPerHorizon;
  const floorMs = Math.floor(now / stepMs) * stepMs - horizonMs;
  return (Math.max(0, Math.floor(floorMs)) * microsPerMilli) as Stamp;
}

/** When the floor moves next. */
export function nextFloorAt(now: Instant, horizonDays: number): Instant {
  const stepMs = horizonMsOf(horizonDays) / floorStepsPerHorizon;
  return Math.ceil((Math.floor(now / stepMs) + 1) * stepMs) as Instant;
}

/** The stamp from which an entry's age counts for collection: of a tombstone its own, of a value the end of its time to live. */
export function dueOf({ content, ttlSeconds }: Op, stamp: Stamp): Stamp | undefined {
  if (content.type === "tombstone") return stamp;
  return ttlSeconds === undefined ? undefined : ((stamp + ttlSeconds * 1_000_000) as Stamp);
}
