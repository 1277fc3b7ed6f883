/**
 * Partitions: which members were cut off when, what was written on each side meanwhile, and which
 * writes lost when the sides met again. Level-triggered: inputs edit the records, one `evaluate`
 * finds what is due.
 *
 * Like a ship's log: it cannot see over the horizon. Who vanishes without a word may have crashed
 * or be cut off; who it was with is not known; what it wrote is known when it is back.
 *
 * 1. A member whose last link ended without a goodbye, and who is away longer than the limit, is
 *    cut off. Members lost within 5 s of each other belong to one partition.
 * 2. A partition ends with the first return, or when all were away too long to be members.
 * 3. After a member's return, what comes of the other side is counted until a pull from that member
 *    is complete, or until 10 minutes are over.
 * 4. A change of who and when is persisted in its turn; counts alone every 10 s. So after a crash
 *    nothing is forgotten but counts of the last seconds.
 * 5. The last 32 are kept. A restart of this node goes on with what is stored.
 */
import type { Instant, PeerId, Time } from "../../../base/brand.ts";
import type { CutMember, PartitionRecord } from "../../../ports/partition.ts";
import type { EffectSink } from "../../effects.ts";
import type { Note } from "../../notes.ts";
import { countsSavedEveryMs, missedMsMax, missingMax, oneCutMsMax, partitionsKeptMax, settleMsMax } from "./limits.ts";
import { wallWaitMsMin } from "../limits.ts";
import { type MergedBatch, countedHealing, countedOpen, cutMember, isSettling, phaseOf, withMember } from "./record.ts";

export type PartitionsInput =
  | { readonly type: "admitted"; readonly peer: PeerId }
  /** Its last link is gone; `left` when one side had said goodbye. */
  | { readonly type: "departed"; readonly peer: PeerId; readonly left: boolean }
  /** A batch was merged whose number is new here. */
  | { readonly type: "merged"; readonly merged: MergedBatch }
  /** A pull from this member was answered whole. */
  | { readonly type: "pulled"; readonly peer: PeerId }
  | { readonly type: "timePassed" };

/** A member that was lost and is still waited for. */
interface Missing {
  readonly at: Instant;
  readonly mono: number;
  /** What had been counted when it was lost. */
  readonly own: number;
  readonly received: number;
}

export class Partitions {
  readonly #cutOffMs: () => number;
  readonly #linked = new Set<PeerId>();
  readonly #missing = new Map<PeerId, Missing>();
  /** Oldest first. */
  readonly #records = new Map<number, PartitionRecord>();
  /** Those that are not over. */
  readonly #active = new Set<number>();
  /** Records whose counts are not saved yet, and when that is due. */
  readonly #unsaved = new Set<number>();
  #saveAt = Infinity;
  #own = 0;
  #received = 0;

  constructor(cutOffMs: () => number, stored: readonly PartitionRecord[]) {
    this.#cutOffMs = cutOffMs;
    for (const record of stored) this.#put(record);
  }

  step(input: PartitionsInput, now: Time, out: EffectSink): void {
    switch (input.type) {
      case "admitted":
        this.#linked.add(input.peer);
        this.#missing.delete(input.peer);
        this.#returned(input.peer, now, out);
        break;
      case "departed":
        this.#departed(input.peer, input.left, now, out);
        break;
      case "merged":
        this.#merged(input.merged, now);
        break;
      case "pulled":
        this.#settle(now, out, ({ peer }) => peer === input.peer);
        break;
      case "timePassed":
        break;
    }
    this.#evaluate(now, out);
  }

  nextDeadline(now: Time): number | undefined {
    let next = this.#saveAt;
    for (const { mono } of this.#missing.values()) next = Math.min(next, mono + this.#cutOffMs());
    for (const record of this.#underWay()) {
      const inMs = dueInMs(record, now.wall);
      next = Math.min(next, now.mono + (inMs > 0 ? Math.max(wallWaitMsMin, inMs) : 0));
    }
    return next === Infinity ? undefined : next;
  }

  /** All that are kept, oldest first, with what is counted so far. */
  records(): readonly PartitionRecord[] {
    return [...this.#records.values()];
  }

  #departed(peer: PeerId, left: boolean, now: Time, out: EffectSink): void {
    this.#linked.delete(peer);
    this.#settle(now, out, (member) => member.peer === peer);
    if (left) return;
    const [oldest] = this.#missing.keys();
    if (this.#missing.size >= missingMax && oldest !== undefined) this.#missing.delete(oldest);
    this.#missing.set(peer, { at: now.wall, mono: now.mono, own: this.#own, received: this.#received });
  }

  #merged(merged: MergedBatch, now: Time): void {
    if (merged.via.type === "own") this.#own += 1;
    else this.#received += 1;
    for (const record of this.#underWay()) {
      const counted = phaseOf(record) === "open" ? countedOpen(record, merged) : countedHealing(record, merged);
      if (counted === record) continue;
      this.#records.set(record.id, counted);
      this.#unsaved.add(record.id);
      this.#saveAt = Math.min(this.#saveAt, now.mono + countsSavedEveryMs);
    }
  }

  #returned(peer: PeerId, now: Time, out: EffectSink): void {
    for (const record of this.#records.values()) {
      if (!record.there.some((member) => member.peer === peer && member.returnedAt === undefined)) continue;
      const endedAt = record.endedAt ?? now.wall;
      this.#save({ ...withMember(record, peer, { returnedAt: now.wall }), endedAt }, out);
    }
  }

  /** What these members had is here, or is waited for no longer. */
  #settle(now: Time, out: EffectSink, isSettled: (member: CutMember) => boolean): void {
    for (const record of this.#underWay()) {
      const settled = record.there.filter((member) => isSettling(member) && isSettled(member));
      if (settled.length === 0) continue;
      const change = { settledAt: now.wall };
      const after = settled.reduce((changed, { peer }) => withMember(changed, peer, change), record);
      this.#save(after, out);
      if (phaseOf(after) === "ended") note(endedNote(after), now, out);
    }
  }

  #evaluate(now: Time, out: EffectSink): void {
    for (const [peer, missing] of this.#missing) {
      if (now.mono < missing.mono + this.#cutOffMs()) continue;
      this.#missing.delete(peer);
      this.#cutOff(peer, missing, now, out);
    }
    this.#settle(now, out, ({ returnedAt }) => returnedAt !== undefined && now.wall - returnedAt >= settleMsMax);
    for (const record of this.#underWay()) {
      if (phaseOf(record) !== "open" || now.wall - record.since < missedMsMax) continue;
      const lapsed = { ...record, endedAt: now.wall };
      this.#save(lapsed, out);
      note(endedNote(lapsed), now, out);
    }
    if (now.mono >= this.#saveAt) for (const id of this.#unsaved) this.#save(this.#records.get(id), out);
  }

  #cutOff(peer: PeerId, { at, own, received }: Missing, now: Time, out: EffectSink): void {
    const member = cutMember(peer, at);
    const last = [...this.#records.values()].at(-1);
    if (last !== undefined && phaseOf(last) === "open" && Math.abs(at - last.since) <= oneCutMsMax) {
      const here = last.here.filter((each) => each !== peer);
      return this.#save({ ...last, here, there: [...last.there, member] }, out);
    }
    const begun: PartitionRecord = {
      id: (last?.id ?? 0) + 1,
      since: at,
      endedAt: undefined,
      here: [...this.#linked].filter((each) => !this.#missing.has(each)),
      there: [member],
      ownWrites: this.#own - own,
      receivedWrites: this.#received - received,
      arrivedWrites: 0,
      conflicts: 0,
      lost: [],
    };
    this.#save(begun, out);
    const [oldest] = this.#records.keys();
    if (this.#records.size > partitionsKeptMax && oldest !== undefined) this.#forget(oldest);
    note({ type: "partitionBegan", partition: begun.id, since: at, peer, linked: begun.here.length }, now, out);
  }

  #save(record: PartitionRecord | undefined, out: EffectSink): void {
    if (record === undefined) return;
    this.#put(record);
    this.#unsaved.delete(record.id);
    if (this.#unsaved.size === 0) this.#saveAt = Infinity;
    out.push({ type: "persist", write: { type: "savePartition", partition: record } });
  }

  #put(record: PartitionRecord): void {
    this.#records.set(record.id, record);
    if (phaseOf(record) === "ended") this.#active.delete(record.id);
    else this.#active.add(record.id);
  }

  #underWay(): readonly PartitionRecord[] {
    if (this.#active.size === 0) return [];
    return [...this.#records.values()].filter(({ id }) => this.#active.has(id));
  }

  #forget(id: number): void {
    this.#records.delete(id);
    this.#active.delete(id);
    this.#unsaved.delete(id);
    if (this.#unsaved.size === 0) this.#saveAt = Infinity;
  }
}

/** Until a record changes by time alone. */
function dueInMs(record: PartitionRecord, wall: Instant): number {
  if (phaseOf(record) === "open") return Math.max(0, record.since + missedMsMax - wall);
  const returns = record.there.filter(isSettling).map(({ returnedAt }) => returnedAt ?? wall);
  return returns.length === 0 ? Infinity : Math.max(0, Math.min(...returns) + settleMsMax - wall);
}

function endedNote(record: PartitionRecord): Note {
  const { id, since, endedAt, there, ownWrites, receivedWrites, arrivedWrites, conflicts } = record;
  const returned = there.filter(({ returnedAt }) => returnedAt !== undefined).length;
  const durationMs = Math.max(0, (endedAt ?? since) - since);
  const counts = { ownWrites, receivedWrites, arrivedWrites, conflicts };
  return { type: "partitionEnded", partition: id, durationMs, returned, missing: there.length - returned, ...counts };
}

function note(fact: Note, now: Time, out: EffectSink): void {
  out.push({ type: "note", note: fact, at: now.wall });
}
