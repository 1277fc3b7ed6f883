/** Living entries on their way out of the set. */
import type { Instant } from "../../base/brand.ts";
import type { AsideEntry, Collectable, LivingEntry } from "../../ports/store.ts";

export function collectableOf({ id, op: { op } }: LivingEntry): Collectable {
  return { id, key: op.key, tombstone: op.content.type === "tombstone" };
}

/** What is kept of them beside the set: values, for a tombstone has nothing to come back to. */
export function asideOf(entries: readonly LivingEntry[], at: Instant): readonly AsideEntry[] {
  return entries.flatMap(({ op: { op }, version: { stamp, author } }) => {
    if (op.content.type === "tombstone") return [];
    const value = op.content.type === "value" ? op.content.value : undefined;
    return [{ key: op.key, value, stamp, author, at }];
  });
}
