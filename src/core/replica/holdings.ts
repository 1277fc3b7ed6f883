/**
 * What this replica holds, in summary: which batches of which writers, the Merkle trie of the
 * living set, its own numbering. It turns merges into `persist` effects and keeps the summaries
 * in step with them; at the end of a turn it writes those that changed.
 *
 * 1. A sequence number counts as held once its batch is merged whole, or what a peer says lives of it.
 *    Walks bring entries and say nothing of numbers.
 * 2. The trie has exactly the living entries of the store.
 * 3. Own batches are numbered without gaps, and their stamps grow.
 */
import type { Author, BatchId, Incarnation, Instant, Stamp, Time } from "../../base/brand.ts";
import type { OriginRanges, SetSummary } from "../../codec/frontier.ts";
import type { Op } from "../../codec/op.ts";
import type { Arrival, Collectable, LivingEntry, OpId, StoreState, StoreView } from "../../ports/store.ts";
import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { BoundedMap } from "../../base/bounded-map.ts";
import { batchIdOf } from "../../crypto/batch-digest.ts";
import type { CheckedParcel } from "../data/batch.ts";
import { stampOf } from "../data/stamp.ts";
import {
  batchesPerNumberMax,
  evidenceMax,
  heldRangesMax,
  heldRangesTotalMax,
  numberingsPerAuthorMax,
  originsMax,
  recentBatchesMax,
  stampAheadMsMax,
} from "../data/limits.ts";
import { floorAt } from "../data/collection.ts";
import { type Conflict, type Merge, mergeParcel, rowOf } from "../data/merge.ts";
import { type Ranges, hasNumber, minus, sizeOf, union, withNumber } from "../data/ranges.ts";
import { headerBytes } from "../../codec/parcel.ts";
import type { TrieSnapshot } from "../data/trie/snapshot.ts";
import type { EffectSink } from "../effects.ts";
import { asideOf, collectableOf, isOnTrust } from "./forgetting.ts";
import { recordConflict, recordEquivocation } from "./records.ts";
import { LivingTrie } from "./living-trie.ts";

interface Origin {
  readonly author: Author;
  readonly incarnation: Incarnation;
  held: Ranges;
}

/** What came of a peer's claims that batches are superseded. */
export interface Belief {
  readonly believed: readonly OriginRanges[];
  readonly beyond: readonly OriginRanges[];
}

export interface HoldingsOptions {
  readonly author: Author;
  readonly horizonDays: number;
  /** Random, for a numbering that must begin anew in this run of the process. */
  readonly freshIncarnation: Incarnation;
  /** Operations that a start after a crash may have to set anew in the trie, where an eighth of the entries is fewer. */
  readonly trieReplayOpsMin: number;
  readonly trieCacheBytes?: number | undefined;
}

/** Whether operations older than the floor are refused on keys that are not held (`freshness.ts`). */
export type FloorRule = "enforced" | "waived";

/** Under which terms a parcel is merged. */
export interface MergeTerms {
  readonly rule: FloorRule;
  /** The wall time by which its stamps are judged. */
  readonly judged: Instant;
  readonly arrival: Arrival;
  readonly countsAsHeld: boolean;
}

export class Holdings {
  readonly #options: HoldingsOptions;
  readonly #origins = new Map<string, Origin>();
  /** Signed headers of batches merged lately, living or not, so that the same one by another way is known. */
  readonly #recent = new BoundedMap<BatchId, Bytes>(recentBatchesMax);
  /** How many numberings of each author are known. */
  readonly #numberings = new Map<Author, number>();
  /** Ranges held over all origins. */
  #ranges = 0;
  readonly #dirtyOrigins = new Set<Origin>();
  readonly #trie: LivingTrie;
  #state: StoreState;
  #dirty = false;
  #evidence = 0;
  #changes = 0;
  #isClosing = false;

  constructor(options: HoldingsOptions, view: StoreView, state: StoreState) {
    this.#options = options;
    this.#state = state;
    this.#trie = new LivingTrie(view, options.trieReplayOpsMin, options.trieCacheBytes);
    for (const { author, incarnation, ranges } of view.origins()) {
      this.#remember({ author, incarnation, held: ranges });
      this.#ranges += ranges.length;
    }
  }

  get state(): StoreState {
    return this.#state;
  }

  /** Grows with every change of the living set. */
  get changes(): number {
    return this.#changes;
  }

  /** Count and root of the living set. Costs the hashing of what changed since it was last asked for. */
  summary(): SetSummary {
    return this.#trie.summary();
  }

  /** The living set as it is now, to be walked through while it changes. */
  snapshot(): TrieSnapshot {
    return this.#trie.snapshot();
  }

  origins(): readonly OriginRanges[] {
    return [...this.#origins.values()].map(({ author, incarnation, held }) => ({ author, incarnation, ranges: held }));
  }

  holds(author: Author, incarnation: Incarnation, sequence: number): boolean {
    const origin = this.#origins.get(originKey(author, incarnation));
    return origin !== undefined && hasNumber(origin.held, sequence);
  }

  /**
   * Whether this very batch is held. A number that is held with another batch, or with none stored,
   * is looked at again: two batches under one number are both merged, and merging twice is harmless.
   * So is one whose signature differs, or a bad one would travel on with a good batch's name.
   */
  knows({ id, signedHeader, header: { author, incarnation, sequence } }: CheckedParcel, view: StoreView): boolean {
    if (!this.holds(author, incarnation, sequence)) return false;
    const recent = this.#recent.get(id);
    if (recent !== undefined && equalBytes(recent, signedHeader)) return true;
    return view.headers(author, incarnation, sequence).some((header) => equalBytes(header, signedHeader));
  }

  /** Whether a writer signed this number so often that no further batch of it is looked at. */
  isCrowded({ header: { author, incarnation, sequence } }: CheckedParcel, view: StoreView): boolean {
    if (!this.holds(author, incarnation, sequence)) return false;
    return view.headers(author, incarnation, sequence).length >= batchesPerNumberMax;
  }

  /** Whether one more number of this origin can be remembered. */
  hasRoomFor(author: Author, incarnation: Incarnation, sequence: number): boolean {
    const origin = this.#origins.get(originKey(author, incarnation));
    if (origin === undefined)
      return this.#origins.size < originsMax && (this.#numberings.get(author) ?? 0) < numberingsPerAuthorMax;
    const rangesMax = Math.max(heldRangesMax, origin.held.length);
    return origin.held.length < heldRangesMax || withNumber(origin.held, sequence).length <= rangesMax;
  }

  /** Merges a verified parcel. Conflicts are counted once, when its number is new. */
  merge(parcel: CheckedParcel, terms: MergeTerms, now: Time, view: StoreView, out: EffectSink): Merge {
    const { rule, judged, arrival, countsAsHeld } = terms;
    const { author, incarnation, sequence } = parcel.header;
    this.#noticeRestore(parcel);
    const seenBefore = this.holds(author, incarnation, sequence);
    if (seenBefore) this.#noticeEquivocation(parcel, now, view, out);
    const floor = rule === "waived" ? (0 as Stamp) : floorAt(judged, this.#options.horizonDays);
    const merge = mergeParcel(parcel, view, floor);
    if (merge.ops.some((op) => op.living)) {
      const supersedes = merge.replaced.map(({ id }) => id);
      const firstId = view.nextId();
      out.push({ type: "persist", write: { type: "merge", parcel: rowOf(parcel, merge, arrival), supersedes } });
      this.#trie.merged(parcel, merge, firstId);
      this.#account(merge);
    }
    this.#recent.set(parcel.id, parcel.signedHeader.slice());
    if (!seenBefore) this.#record(merge.conflicts, now, out);
    if (countsAsHeld) this.#hold(author, incarnation, sequence); // also what is too old to be taken: it need not come again
    return merge;
  }

  /** Which of a writer's latest batches live here whole; a number that is held otherwise may only be said to be superseded. */
  latestOf(author: Author, latest: number, view: StoreView): readonly OriginRanges[] {
    const found: OriginRanges[] = [];
    for (const origin of this.#origins.values()) {
      if (origin.author !== author) continue;
      const top = origin.held.at(-1)?.[1] ?? 0;
      const ranges = view.whollyLiving(author, origin.incarnation, Math.max(1, top - latest + 1));
      if (ranges.length > 0) found.push({ author, incarnation: origin.incarnation, ranges });
    }
    return found;
  }

  /**
   * Counts numbers as held of which a peer says that nothing lives. Believed only below the highest
   * number of that origin that a signature has proven, so that no lie reaches into the future;
   * tells what counts as held now that did not before, and what lies beyond.
   */
  markSuperseded(claims: readonly OriginRanges[]): Belief {
    const beyond: OriginRanges[] = [];
    const believed: OriginRanges[] = [];
    for (const { author, incarnation, ranges } of claims) {
      const origin = this.#origins.get(originKey(author, incarnation));
      const top = origin?.held.at(-1)?.[1] ?? 0;
      const rest = top === 0 ? ranges : minus(ranges, [[1, top]]);
      if (rest.length > 0) beyond.push({ author, incarnation, ranges: rest });
      const news = origin === undefined ? [] : minus(minus(ranges, rest), origin.held);
      if (origin === undefined || news.length === 0) continue;
      if (!this.#setHeld(origin, union(origin.held, news))) continue;
      believed.push({ author, incarnation, ranges: news });
    }
    return { believed, beyond };
  }

  /** Takes the next number for a batch of our own. */
  takeNumber(stamp: Stamp): number {
    this.#update({ sequence: this.#state.sequence + 1, lastStamp: stamp });
    return this.#state.sequence;
  }

  reconciled(at: Instant): void {
    this.#update({ reconciledAt: at });
  }

  /**
   * Begins a new numbering: our entries stamped further ahead than others take are forgotten.
   * Returns them as plain operations.
   */
  restartNumbering(
    incarnation: Incarnation,
    now: Instant,
    view: StoreView,
    max: number,
    out: EffectSink,
  ): readonly Op[] {
    const after = stampOf((now + stampAheadMsMax) as Instant);
    const entries = view.livingAfter(this.#options.author, after, max);
    if (entries.length === 0 && this.#state.lastStamp <= after) return [];
    this.collect(entries.map(collectableOf), view, out);
    for (const origin of this.#origins.values()) this.#holdOnlyLiving(origin, view);
    this.#update({ incarnation, sequence: 0, lastStamp: stampOf(now) });
    return entries.map(({ op }) => op.op);
  }

  /** Which of these operations still live and are older than the floor. */
  oldOf(ids: readonly OpId[], now: Instant, view: StoreView): readonly LivingEntry[] {
    const floor = floorAt(now, this.#options.horizonDays);
    return ids.flatMap((id) => view.livingEntry(id) ?? []).filter(({ version }) => version.stamp < floor);
  }

  /** Forgets what is too old to be kept. */
  collect(found: readonly Collectable[], view: StoreView, out: EffectSink): void {
    out.push({ type: "persist", write: { type: "retract", ops: found.map(({ id }) => id) } });
    this.#forget(found, view);
  }

  /** Takes entries out of the set and keeps them beside it. */
  setAside(entries: readonly LivingEntry[], at: Instant, view: StoreView, out: EffectSink): void {
    if (entries.length === 0) return;
    out.push({ type: "persist", write: { type: "setAside", entries: asideOf(entries, at) } });
    this.collect(entries.map(collectableOf), view, out);
  }

  /** Which of these were taken on trust since this replica last had all of another's set. */
  onTrust(entries: readonly LivingEntry[]): readonly LivingEntry[] {
    return entries.filter((entry) => isOnTrust(entry, this.#state.reconciledAt, this.#options.horizonDays));
  }

  /** Takes back what was believed superseded. */
  unmarkSuperseded(believed: readonly OriginRanges[]): void {
    for (const { author, incarnation, ranges } of believed) {
      const origin = this.#origins.get(originKey(author, incarnation));
      if (origin === undefined) continue;
      const held = minus(origin.held, ranges);
      this.#ranges += held.length - origin.held.length;
      origin.held = held;
      this.#dirtyOrigins.add(origin);
    }
  }

  /** The next turn is the last: it leaves nothing that a start would have to make up for. */
  closing(): void {
    this.#isClosing = true;
  }

  /** The summaries that changed in this turn. */
  endTurn(view: StoreView, out: EffectSink): void {
    if (this.#isClosing) this.#trie.close(view, out);
    else this.#trie.endTurn(view, out);
    for (const origin of this.#dirtyOrigins) {
      out.push({
        type: "persist",
        write: {
          type: "setOrigin",
          origin: { author: origin.author, incarnation: origin.incarnation, ranges: origin.held },
        },
      });
    }
    this.#dirtyOrigins.clear();
    if (!this.#dirty) return;
    this.#dirty = false;
    out.push({ type: "persist", write: { type: "setState", state: this.#state } });
  }

  /** Numbers held in all. */
  batchesHeld(): number {
    let sum = 0;
    for (const { held } of this.#origins.values()) sum += sizeOf(held);
    return sum;
  }

  #forget(forgotten: readonly Collectable[], view: StoreView): void {
    for (const { key } of forgotten) this.#trie.forgotten(key, view.nextId());
    const values = forgotten.reduce((sum, { tombstone }) => sum + (tombstone ? 0 : 1), 0);
    this.#changes += 1;
    this.#update({ values: this.#state.values - values });
  }

  #record(conflicts: readonly Conflict[], now: Time, out: EffectSink): void {
    for (const conflict of conflicts) recordConflict(conflict, now, out);
    if (conflicts.length > 0) this.#update({ conflicts: this.#state.conflicts + conflicts.length });
  }

  #account(merge: Merge): void {
    let { values } = this.#state;
    for (const { tombstone } of merge.replaced) if (!tombstone) values -= 1;
    for (const { op, living } of merge.ops) if (living && op.content.type !== "tombstone") values += 1;
    this.#changes += 1;
    this.#update({ values });
  }

  /**
   * A batch of our own with a number we have not given yet: this store is an older copy of itself.
   * A new numbering begins, so that no number is ever used for two batches.
   */
  #noticeRestore({ header: { author, incarnation, sequence } }: CheckedParcel): void {
    if (author !== this.#options.author || incarnation !== this.#state.incarnation || sequence <= this.#state.sequence)
      return;
    this.#update({ incarnation: this.#options.freshIncarnation, sequence: 0 });
  }

  #noticeEquivocation(parcel: CheckedParcel, now: Time, view: StoreView, out: EffectSink): void {
    const { author, incarnation, sequence } = parcel.header;
    if (this.#evidence >= evidenceMax) return;
    const other = view
      .headers(author, incarnation, sequence)
      .find((header) => batchIdOf(header.subarray(0, headerBytes)) !== parcel.id);
    if (other === undefined) return;
    this.#evidence += 1;
    recordEquivocation(parcel, other, now, out);
  }

  #hold(author: Author, incarnation: Incarnation, sequence: number): void {
    const key = originKey(author, incarnation);
    const known = this.#origins.get(key);
    const origin = known ?? { author, incarnation, held: [] };
    if (known === undefined) this.#remember(origin);
    this.#setHeld(origin, withNumber(origin.held, sequence)); // what has no room is left to a later pull, which fills from the front
  }

  #remember(origin: Origin): void {
    this.#origins.set(originKey(origin.author, origin.incarnation), origin);
    this.#numberings.set(origin.author, (this.#numberings.get(origin.author) ?? 0) + 1);
  }

  /** False where more ranges would be remembered than there is room for, of one origin or of all; our own always have room. */
  #setHeld(origin: Origin, held: Ranges): boolean {
    const more = held.length - origin.held.length;
    const isOwn = origin.author === this.#options.author;
    if (more > 0 && !isOwn && (held.length > heldRangesMax || this.#ranges + more > heldRangesTotalMax)) return false;
    this.#ranges += more;
    origin.held = held;
    this.#dirtyOrigins.add(origin);
    return true;
  }

  /** What a forgotten entry had beaten is gone here but lives elsewhere: it is asked for again. */
  #holdOnlyLiving(origin: Origin, view: StoreView): void {
    if (origin.author === this.#options.author) return;
    const held = view.whollyLiving(origin.author, origin.incarnation, 1);
    this.#ranges += held.length - origin.held.length;
    origin.held = held;
    this.#dirtyOrigins.add(origin);
  }

  #update(change: Partial<StoreState>): void {
    this.#state = { ...this.#state, ...change };
    this.#dirty = true;
  }
}

export function originKey(author: Author, incarnation: Incarnation): string {
  return `${author}/${incarnation}`;
}
