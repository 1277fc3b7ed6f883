/**
 * What one checked and verified parcel does to a store: which of its operations live from now on,
 * which living ones they supersede, and which writes met without having seen each other.
 *
 * A pure reading of the view: merging the same parcels in any order, any number of times, ends in
 * the same living set, because each key keeps the largest version (`version.ts`).
 */
import type { Stamp } from "../../base/brand.ts";
import type { Op } from "../../codec/op.ts";
import type { Arrival, LivingEntry, LivingOp, OpId, ParcelRow, StoreView, StoredOp } from "../../ports/store.ts";
import type { CheckedParcel } from "./batch.ts";
import { dueOf } from "./collection.ts";
import { opStamp } from "./stamp.ts";
import { type Version, compareVersions, hadSeen } from "./version.ts";

export interface Conflict {
  readonly key: string;
  readonly winner: Version;
  readonly loser: Version;
  readonly loserOp: Op;
}

export interface Replaced {
  readonly id: OpId;
  readonly key: string;
  readonly version: Version;
  readonly tombstone: boolean;
}

export interface Merge {
  readonly ops: readonly StoredOp[];
  readonly replaced: readonly Replaced[];
  readonly conflicts: readonly Conflict[];
  /** Operations refused because of the floor. */
  readonly belowFloor: number;
}

/** What the store keeps of a merged parcel. */
export function rowOf({ header, id, signedHeader, proof }: CheckedParcel, { ops }: Merge, arrival: Arrival): ParcelRow {
  const { author, incarnation, sequence, opsCount } = header;
  return { author, incarnation, sequence, batch: id, signedHeader, opsCount, proof, arrival, ops };
}

/** `floor` is the oldest stamp that a key without an entry still takes; what is due below it is not taken at all. */
export function mergeParcel(parcel: CheckedParcel, view: StoreView, floor: Stamp): Merge {
  const replaced: Replaced[] = [];
  const conflicts: Conflict[] = [];
  let belowFloor = 0;
  const ops = parcel.ops.map((placed): StoredOp => {
    const version: Version = {
      stamp: opStamp(parcel.header.stamp, placed.op.replaces),
      author: parcel.header.author,
      batch: parcel.id,
    };
    const due = dueOf(placed.op, version.stamp);
    const place = (living: boolean): StoredOp => ({ ...placed, stamp: version.stamp, due, living });
    const current = view.living(placed.op.key);
    // What is due already would be forgotten at once, and its key be missing where others, who never heard of it, keep it.
    const age = current === undefined ? version.stamp : (due ?? Infinity);
    if (age < floor) {
      belowFloor += 1;
      return place(false);
    }
    if (current === undefined) return place(true);
    const held = heldVersion(view, current, version);
    const order = compareVersions(version, held.version);
    if (order === 0) return place(false);
    const entry = held.entry ?? view.entry(current.id);
    if (order < 0) {
      if (!hadSeen(entry.op.op.replaces, version))
        conflicts.push({ key: placed.op.key, winner: entry.version, loser: version, loserOp: placed.op });
      return place(false);
    }
    if (!hadSeen(placed.op.replaces, entry.version))
      conflicts.push({ key: placed.op.key, winner: version, loser: entry.version, loserOp: entry.op.op });
    replaced.push({
      id: current.id,
      key: placed.op.key,
      version: entry.version,
      tombstone: entry.op.op.content.type === "tombstone",
    });
    return place(true);
  });
  return { ops, replaced, conflicts, belowFloor };
}

/** Author and batch are only looked up where the stamps are equal. */
function heldVersion(
  view: StoreView,
  current: LivingOp,
  other: Version,
): { readonly version: Version; readonly entry: LivingEntry | undefined } {
  if (current.stamp !== other.stamp)
    return { version: { stamp: current.stamp, author: other.author, batch: other.batch }, entry: undefined };
  const entry = view.entry(current.id);
  return { version: entry.version, entry };
}
