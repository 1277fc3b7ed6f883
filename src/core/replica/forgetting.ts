/** Living entries on their way out of the set. */
import type { Instant, Stamp } from "../../base/brand.ts";
import type { Op } from "../../codec/op.ts";
import { dueOf, floorAt } from "../data/collection.ts";
import { stampOf } from "../data/stamp.ts";
import type { AsideEntry, Collectable, LivingEntry } from "../../ports/store.ts";

export function collectableOf({ id, op: { op } }: LivingEntry): Collectable {
  return { id, key: op.key, tombstone: op.content.type === "tombstone" };
}

/**
 * Whether an entry was older than the floor already when it came, since this replica was last whole:
 * then it was taken on trust, and nothing of ours is lost with it.
 */
export function isOnTrust({ version, arrival }: LivingEntry, reconciledAt: Instant | undefined, days: number): boolean {
  if (arrival === undefined || arrival.via.type === "own" || arrival.at <= (reconciledAt ?? 0)) return false;
  return version.stamp < floorAt(arrival.at, days);
}

/** What is kept of them beside the set: values that have not expired, for nothing else has anything to come back to. */
export function asideOf(entries: readonly LivingEntry[], at: Instant): readonly AsideEntry[] {
  return entries.flatMap(({ op: { op }, version: { stamp, author } }) => {
    if (op.content.type === "tombstone" || isOver(op, stamp, at)) return [];
    const value = op.content.type === "value" ? op.content.value : undefined;
    return [{ key: op.key, value, stamp, author, at }];
  });
}

function isOver(op: Op, stamp: Stamp, at: Instant): boolean {
  const due = dueOf(op, stamp);
  return due !== undefined && due < stampOf(at);
}
