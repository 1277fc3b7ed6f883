/**
 * From checked batches to the living set: merging what is good, holding back what is early,
 * acknowledging, and answering where a load came from.
 */
import type { PeerId } from "../../base/brand.ts";
import { isWhole } from "../../codec/parcel.ts";
import { peerIdOf } from "../../codec/peer-id.ts";
import type { Verdict } from "../../ports/network.ts";
import type { Arrival, Via } from "../../ports/store.ts";
import type { CheckedParcel } from "../data/batch.ts";
import type { Merge } from "../data/merge.ts";
import { aheadMs } from "../data/held-back.ts";
import type { EffectSink } from "../effects.ts";
import type { CheckedLoad, KnownBatches } from "../sync/intake/machine.ts";
import type { PullFact } from "../sync/pull/machine.ts";
import { expelSender, passOnWalkFacts } from "./links.ts";
import type { FloorRule, MergeTerms } from "./holdings.ts";
import { type Parts, type Step, holdingsSeen, judgedTime, tell } from "./parts.ts";

/** Settles a load. Returns what the pull machine concluded from it. */
export function settle(load: CheckedLoad, parts: Parts, step: Step): readonly PullFact[] {
  const { source } = load;
  const isGossip = source.type === "gossip" || source.type === "fresh";
  const rule = isGossip ? "enforced" : ruleFor(load.from, parts, step);
  const via = isGossip ? "gossip" : "pull";
  const arrival: Arrival = { at: step.now.wall, via: { type: via, peer: load.from } };
  let entries = 0;
  let batches = 0;
  let news = 0;
  let heldBack = false;
  for (const parcel of load.parcels) {
    if (aheadMs(parcel, judgedTime(parts, step)) > 0) {
      holdBack(parcel, arrival, parts, step);
      heldBack = true;
      continue;
    }
    if (source.type !== "walk" && parts.holdings.knows(parcel, step.view)) continue; // it came another way meanwhile
    // A pull sends all that lives of a batch; of a fragment in a walk nobody says what became of the rest.
    const countsAsHeld = source.type === "pull" || isWhole(parcel);
    const merged = mergeChecked(parcel, { rule, judged: judgedTime(parts, step), arrival, countsAsHeld }, parts, step);
    if (source.type === "pull" && merged.isOld) parts.freshness.tookOnTrust(step.now.mono);
    if (source.type === "walk" && merged.living === 0) continue; // it came another way while the walk was under way
    entries += merged.living;
    batches += 1;
    if (merged.isNew) news += 1;
  }
  if (batches > 0) {
    const delayMs = isGossip ? step.now.mono - source.receivedAt : 0;
    tell({ type: "batchesMerged", via: source.type, batches, entries, delayMs }, step);
  }
  if (source.type !== "walk") {
    const what = { type: "brought", news: news > 0 } as const;
    parts.connections.step({ type: "observed", peer: load.from, what }, step.now, step.out);
  }
  if (source.type === "walk") {
    const done = { type: "parcelsDone", session: source.session, bad: load.bad, news: entries } as const;
    passOnWalkFacts(parts.walkAsk.step(done, holdingsSeen(parts), step.now, step.out), parts, step);
    return [];
  }
  if (source.type === "pull") {
    const done = { type: "parcelsDone", session: source.session, bad: load.bad, heldBack } as const;
    return parts.pull.step(done, holdingsSeen(parts), step.now, step.out);
  }
  const isWorthPassing = news > 0 && !load.incomplete && !load.bad;
  if (source.type === "gossip")
    judge(source.message, load.bad ? "reject" : isWorthPassing ? "accept" : "ignore", step.out);
  if (load.bad) expelSender(load.from, "it gossiped batches that are provably bad", parts, step);
  if (isWorthPassing) goOn(load, source, parts, step);
  return [];
}

/** The message goes on whole: by gossip, and to those who are away when they are back. */
function goOn(
  { from, parcels }: CheckedLoad,
  { type, payload, batches }: Extract<CheckedLoad["source"], { type: "gossip" | "fresh" }>,
  { admission, outbox }: Parts,
  step: Step,
): void {
  const by = new Set([from, ...parcels.map(({ header }) => peerIdOf(header.author))]);
  outbox.step({ type: "published", payload, worth: "passedOn", by }, step.now, step.out);
  if (admission.admitted().length < 2) return;
  if (type === "fresh") step.out.push({ type: "network", order: { type: "publish", payload } });
  tell({ type: "batchesForwarded", batches }, step);
}

function ruleFor(peer: PeerId, parts: Parts, step: Step): FloorRule {
  const { freshness, holdings } = parts;
  return freshness.takesOldFrom(peer, holdings.state, judgedTime(parts, step)) ? "waived" : "enforced";
}

/**
 * Merges one batch whose signature is good. It is news, and worth passing on, if something of it
 * lives now, or if its number is new and it is not merely too old: so no replay travels. Only a
 * whole batch is acknowledged: what superseded the rest of a fragment may not be here yet.
 */
function mergeChecked(
  parcel: CheckedParcel,
  terms: MergeTerms,
  parts: Parts,
  step: Step,
): { readonly living: number; readonly isNew: boolean; readonly isOld: boolean } {
  const { author, incarnation, sequence } = parcel.header;
  const numberIsNew = !parts.holdings.holds(author, incarnation, sequence);
  const merge = parts.holdings.merge(parcel, terms, step.now, step.view, step.out);
  parts.disk.spent(parcel.ops.reduce((sum, { bytes }) => sum + bytes.length, parcel.signedHeader.length));
  if (numberIsNew) noteMerged(parcel, terms.arrival.via, merge, parts, step);
  if (merge.belowFloor > 0) tell({ type: "entriesBelowFloor", author, entries: merge.belowFloor }, step);
  const link = parts.admission.linkOf(peerIdOf(author));
  if (link !== undefined && isWhole(parcel) && merge.belowFloor === 0) {
    parts.acknowledgement.step({ type: "merged", link, incarnation, sequence }, step.now, step.out);
  }
  const living = merge.ops.reduce((sum, op) => sum + (op.living ? 1 : 0), 0);
  const isOld = terms.rule === "waived" && parts.freshness.isOld(merge, terms.judged);
  return { living, isOld, isNew: living > 0 || (numberIsNew && merge.belowFloor < merge.ops.length) };
}

/** For the log of partitions: a batch whose number is new here. */
export function noteMerged(
  { id, header: { author, stamp } }: CheckedParcel,
  via: Via,
  { conflicts }: Merge,
  { partitions }: Parts,
  { now, out }: Step,
): void {
  partitions.step({ type: "merged", merged: { author, stamp, batch: id, via, conflicts } }, now, out);
}

/** Merges what was held back and whose time has come. */
export function releaseHeldBack(parts: Parts, step: Step): void {
  for (const { parcel, arrival } of parts.heldBack.release(judgedTime(parts, step))) {
    const terms = {
      rule: "enforced",
      judged: judgedTime(parts, step),
      arrival,
      countsAsHeld: isWhole(parcel),
    } as const;
    mergeChecked(parcel, terms, parts, step);
    tell({ type: "heldBackReleased", author: parcel.header.author }, step);
  }
}

export function judge(message: number, verdict: Verdict, out: EffectSink): void {
  out.push({ type: "network", order: { type: "judge", message, verdict } });
}

export function knownBatches({ holdings }: Parts, { view }: Step): KnownBatches {
  return {
    knows: (parcel) => holdings.knows(parcel, view),
    hasRoomFor: (parcel) => {
      const { author, incarnation, sequence } = parcel.header;
      return holdings.hasRoomFor(author, incarnation, sequence) && !holdings.isCrowded(parcel, view);
    },
  };
}

function holdBack(parcel: CheckedParcel, arrival: Arrival, parts: Parts, step: Step): void {
  const { author } = parcel.header;
  const outcome = parts.heldBack.hold(parcel, arrival);
  if (outcome === "known") return;
  if (outcome === "heldBack") {
    const ahead = aheadMs(parcel, judgedTime(parts, step));
    tell({ type: "batchHeldBack", author, aheadMs: ahead, heldBack: parts.heldBack.count }, step);
  } else tell({ type: "heldBackDropped", author, reason: outcome }, step);
}
