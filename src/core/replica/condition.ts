/**
 * Conditional writes: whether what a caller expects of a key holds on this node at this moment.
 *
 * The check is part of the turn that writes, so of two callers on one node who expect the same
 * version exactly one writes. It says nothing of other nodes: they may hold a later version that
 * has not come here yet, and the usual order of versions decides between the two.
 */
import type { Time } from "../../base/brand.ts";
import type { StoreView } from "../../ports/store.ts";
import { expiryOf } from "../data/stamp.ts";
import { etagOf } from "../data/version.ts";
import type { Outcome } from "../effects.ts";
import type { Condition, WrittenOp } from "./inputs.ts";

/** The first operation whose condition does not hold, told with what is there instead. */
export function failedCondition(
  ops: readonly WrittenOp[],
  view: StoreView,
  now: Time,
): Extract<Outcome, { type: "preconditionFailed" }> | undefined {
  for (const { key, condition } of ops) {
    if (condition === undefined) continue;
    const etag = currentEtag(key, view, now);
    if (!holds(condition, etag)) return { type: "preconditionFailed", key, etag };
  }
  return undefined;
}

function holds(condition: Condition, etag: string | undefined): boolean {
  switch (condition.type) {
    case "absent":
      return etag === undefined;
    case "present":
      return etag !== undefined;
    case "version":
      return etag !== undefined && condition.etags.includes(etag);
    case "otherVersion":
      return etag === undefined || !condition.etags.includes(etag);
  }
}

/** Undefined where a reader would find no value: never written, deleted, or expired by our clock. */
function currentEtag(key: string, view: StoreView, now: Time): string | undefined {
  const living = view.living(key);
  if (living === undefined) return undefined;
  const { op, version } = view.entry(living.id);
  const { content, ttlSeconds } = op.op;
  if (content.type === "tombstone") return undefined;
  if (ttlSeconds !== undefined && expiryOf(version.stamp, ttlSeconds) <= now.wall) return undefined;
  return etagOf(version);
}
