/**
 * Promises 3 and 13: what is older than the horizon does not come in on a key that has nothing, or a
 * replayed put would revive what was deleted and forgotten; and what is stamped ahead waits for its
 * time, or a wrong clock would win over everybody's writes.
 */
import type { LivingFact } from "./facts.ts";
import { seen } from "./versions.ts";
import { Violation } from "./violation.ts";

/** Source: the data model: entries older than the horizon are refused, stamps ahead by more than this wait. */
const horizonMs = 30 * 86_400_000;
const aheadMsMax = 30_000;
/** The floor moves in steps, 720 in a horizon, so that all nodes collect at one moment. */
const floorStepMs: number = horizonMs / 720;
/** Clocks of honest nodes are behind by less. */
const behindMsMax = 90_000;

export interface Moment {
  readonly node: number;
  readonly author: string;
  /** True wall time in ms. */
  readonly now: number;
  /** How far the furthest clock of an honest node is ahead, or undefined where liars may have told of others. */
  readonly aheadMs: (() => number) | undefined;
  /** Whether old batches may come in by pulls. */
  readonly oldMayCome: boolean;
}

/** An operation became living on a disk. */
export function checkAge(before: LivingFact | undefined, after: LivingFact, moment: Moment): void {
  const { stamp, author } = seen(after);
  const facts = { node: moment.node, key: after.key, stamp, now: moment.now };
  if (
    before === undefined &&
    !moment.oldMayCome &&
    stamp < (moment.now - horizonMs - floorStepMs - behindMsMax) * 1_000
  )
    throw new Violation("3 deleted keys stay deleted", "an entry from before the horizon came in", facts);
  if (moment.aheadMs === undefined || author === moment.author) return;
  if (stamp <= (moment.now + aheadMsMax) * 1_000) return;
  if (stamp > (moment.now + aheadMsMax + Math.max(0, moment.aheadMs()) + 1_000) * 1_000)
    throw new Violation("13 what is stamped ahead waits", "an entry came in before its time", facts);
}
