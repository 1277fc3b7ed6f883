/**
 * The total order of versions of one key: stamp, then author, then batch id. The largest wins on
 * every replica, whatever the order of arrival.
 */
import type { Author, BatchId, Stamp } from "../../base/brand.ts";
import type { Replaces } from "../../codec/op.ts";

export interface Version {
  readonly stamp: Stamp;
  readonly author: Author;
  readonly batch: BatchId;
}

export function compareVersions(a: Version, b: Version): -1 | 0 | 1 {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp ? -1 : 1;
  if (a.author !== b.author) return a.author < b.author ? -1 : 1;
  return a.batch === b.batch ? 0 : a.batch < b.batch ? -1 : 1;
}

/** The name of a version towards callers: letters, digits and one hyphen, fit for a header. */
export function etagOf({ stamp, batch }: Pick<Version, "stamp" | "batch">): string {
  return `${stamp.toString(36)}-${batch.slice(0, 16)}`;
}

/**
 * True when the writer that replaced `replaces` had seen `loser`, or something that had beaten it
 * already. Otherwise the two writes happened apart: a conflict.
 */
export function hadSeen(replaces: Replaces | undefined, loser: Version): boolean {
  if (replaces === undefined) return false;
  return replaces.stamp > loser.stamp || (replaces.stamp === loser.stamp && replaces.batch === loser.batch);
}
