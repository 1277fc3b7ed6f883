/** One partition as a value: what it was, and what follows from one more fact about it. */
import type { Author, Instant, PeerId, Stamp } from "../../../base/brand.ts";
import { peerIdOf } from "../../../codec/peer-id.ts";
import type { CutMember, PartitionConflict, PartitionRecord } from "../../../ports/partition.ts";
import { instantOf } from "../../data/stamp.ts";
import type { Version } from "../../data/version.ts";
import { partitionConflictsListedMax, unnoticedMsMax } from "./limits.ts";

/** `open`: nobody has returned. `healing`: what a returned member had is still coming. */
export type PartitionPhase = "open" | "healing" | "ended";

export function phaseOf({ endedAt, there }: PartitionRecord): PartitionPhase {
  if (endedAt === undefined) return "open";
  return there.some(isSettling) ? "healing" : "ended";
}

/** Returned, but what it had is not all here. */
export function isSettling({ returnedAt, settledAt }: CutMember): boolean {
  return returnedAt !== undefined && settledAt === undefined;
}

export function cutMember(peer: PeerId, lostAt: Instant): CutMember {
  return { peer, lostAt, returnedAt: undefined, settledAt: undefined, heardThrough: undefined };
}

/** With one member changed, if it is among those that were cut off. */
export function withMember(record: PartitionRecord, peer: PeerId, change: Partial<CutMember>): PartitionRecord {
  return { ...record, there: record.there.map((member) => (member.peer === peer ? { ...member, ...change } : member)) };
}

/** A batch as it was merged here for the first time. */
export interface MergedBatch {
  readonly author: Author;
  readonly stamp: Stamp;
  readonly batch: Version["batch"];
  readonly via: { readonly type: "own" } | { readonly type: "gossip" | "pull"; readonly peer: PeerId | undefined };
  readonly conflicts: readonly { readonly key: string; readonly winner: Version; readonly loser: Version }[];
}

/** While nobody has returned: a write of this side, or one of the other that found a way round the cut. */
export function countedOpen(record: PartitionRecord, merged: MergedBatch): PartitionRecord {
  const { author, stamp, via } = merged;
  if (via.type === "own") return { ...record, ownWrites: record.ownWrites + 1 };
  const writer = memberBy(record, author);
  const isPassedOn = via.peer !== undefined && !record.there.some(({ peer }) => peer === via.peer);
  if (writer !== undefined && isPassedOn && instantOf(stamp) > writer.lostAt)
    return withMember(record, writer.peer, { heardThrough: writer.heardThrough ?? via.peer });
  return { ...record, receivedWrites: record.receivedWrites + 1 };
}

/** While what returned members had is coming: counts it where it was written on the other side meanwhile. */
export function countedHealing(record: PartitionRecord, merged: MergedBatch): PartitionRecord {
  if (!isFromThere(record, merged)) return record;
  const straddling = merged.conflicts.flatMap((conflict) => straddlingOf(record, merged, conflict));
  return {
    ...record,
    arrivedWrites: record.arrivedWrites + 1,
    conflicts: record.conflicts + straddling.length,
    lost: [...record.lost, ...straddling].slice(0, partitionConflictsListedMax),
  };
}

/**
 * Of the other side is what its members signed before their return, and what a returned one brought
 * that nobody of this side signed. Mostly pulls bring it; gossip offers again what is a few seconds
 * old. A cut may be older than its notice, so the time in which writes count begins before.
 */
function isFromThere(record: PartitionRecord, { author, stamp, via }: MergedBatch): boolean {
  if (via.type === "own") return false;
  const writer = memberBy(record, author);
  const sender = record.there.find(({ peer }) => peer === via.peer);
  const back = (isBack(writer) ? writer : sender)?.returnedAt;
  if (back === undefined || !isDuring(record, stamp, back)) return false;
  return writer !== undefined || !record.here.includes(peerIdOf(author));
}

function isBack(member: CutMember | undefined): boolean {
  return member?.returnedAt !== undefined;
}

function isDuring({ since }: PartitionRecord, stamp: Stamp, back: Instant): boolean {
  const at = instantOf(stamp);
  return at > since - unnoticedMsMax && at <= back;
}

/** A conflict between what came and a write made on this side in the same time. */
function straddlingOf(
  record: PartitionRecord,
  { batch }: MergedBatch,
  { key, winner, loser }: MergedBatch["conflicts"][number],
): readonly PartitionConflict[] {
  const [came, ours] = winner.batch === batch ? [winner, loser] : [loser, winner];
  const isOurs = memberBy(record, ours.author) === undefined && instantOf(ours.stamp) > record.since - unnoticedMsMax;
  if (!isOurs) return [];
  const short = ({ author, stamp }: Version): PartitionConflict["winner"] => ({ author, stamp });
  return [{ key, winner: short(winner), loser: short(loser), lostOn: came === loser ? "there" : "here" }];
}

function memberBy({ there }: PartitionRecord, author: Author): CutMember | undefined {
  const writer = peerIdOf(author);
  return there.find(({ peer }) => peer === writer);
}
