/**
 * Promises 3 and 13: what is older than the horizon does not come in on a key that has nothing, or a
 * replayed put would revive what was deleted and forgotten; and what is stamped ahead waits for its
 * time, or a wrong clock would win over everybody's writes.
 */
import type { LivingFact } from "./facts.ts";
import type { Horizon } from "./horizon.ts";
import { seen } from "./versions.ts";
import { Violation } from "./violation.ts";

/** Source: the data model: stamps ahead by more than this wait. */
const aheadMsMax = 30_000;

export interface Moment {
  readonly node: number;
  readonly author: string;
  /** True wall time in ms. */
  readonly now: number;
  /** How far the furthest clock of an honest node is ahead, or undefined where liars may have told of others. */
  readonly aheadMs: (() => number) | undefined;
  readonly horizon: Horizon;
  /** Whether this node may take old entries: it is new, or was away. */
  readonly oldMayCome: boolean;
}

/** An operation became living on a disk. */
export function checkAge(before: LivingFact | undefined, after: LivingFact, moment: Moment): void {
  const { stamp, author } = seen(after);
  const facts = { node: moment.node, key: after.key, stamp, now: moment.now };
  if (before === undefined && !moment.oldMayCome && moment.horizon.mustBeBelow(stamp, moment.now))
    throw new Violation("3 deleted keys stay deleted", "an entry from before the horizon came in", facts);
  if (moment.aheadMs === undefined || author === moment.author) return;
  if (stamp <= (moment.now + aheadMsMax) * 1_000) return;
  if (stamp > (moment.now + aheadMsMax + Math.max(0, moment.aheadMs()) + 1_000) * 1_000)
    throw new Violation("13 what is stamped ahead waits", "an entry came in before its time", facts);
}
