/**
 * What one node's store is told, turn by turn, for the checkers: kept while the turn is open, passed
 * on when it is durable, forgotten when it is not.
 */
import type { BatchId } from "../src/base/brand.ts";
import type { OriginRanges } from "../src/codec/frontier.ts";
import { decodeStoredHeader } from "../src/codec/parcel.ts";
import { minus } from "../src/core/data/ranges.ts";
import type { ParcelRow, StoreWrite } from "../src/ports/store.ts";
import { checkAge } from "./checkers/ages.ts";
import type { KeyChange, LivingFact } from "./checkers/facts.ts";
import type { KeyHistory } from "./checkers/key-history.ts";
import { seen } from "./checkers/versions.ts";
import { worldBegan } from "./clock.ts";
import type { Identity } from "./identities.ts";
import type { MemoryDisk } from "./memory-disk.ts";
import type { Setting } from "./setting.ts";

/** What a node knows of the past. */
export interface AgeOfNode {
  /** Away for so long that others may have forgotten what it holds. */
  readonly wasAway: boolean;
  /** New, so that it takes old entries from anybody. */
  readonly isYoung: boolean;
  /** New once more, so that it takes again what it lost. */
  readonly isReborn: boolean;
}

export class TurnWatch {
  /** What this node itself put into its batches. */
  readonly own: Map<BatchId, readonly LivingFact[]> = new Map();
  readonly #setting: Setting;
  readonly #identity: Identity;
  readonly #history: KeyHistory;
  readonly #age: AgeOfNode;
  #ownNow: ParcelRow[] = [];
  #held: { readonly before: OriginRanges | undefined; readonly after: OriginRanges }[] = [];

  constructor(setting: Setting, identity: Identity, history: KeyHistory, age: AgeOfNode) {
    this.#setting = setting;
    this.#identity = identity;
    this.#history = history;
    this.#age = age;
  }

  /** A write is about to be applied to the open turn. */
  write(write: StoreWrite, disk: MemoryDisk): void {
    if (write.type === "setOrigin") {
      const before = disk.origins.get(`${write.origin.author}/${write.origin.incarnation}`);
      this.#held.push({ before, after: write.origin });
    }
    if (write.type !== "merge") return;
    const { parcel } = write;
    if (disk.batches.has(parcel.batch)) this.#setting.recorder.count("store:mergedAgain");
    const isOwn = parcel.author === this.#identity.signer.author && parcel.ops.length === parcel.opsCount;
    if (!isOwn || this.own.has(parcel.batch)) return;
    this.#setting.signed.made(
      parcel.signedHeader,
      parcel.ops.map(({ bytes }) => bytes),
    );
    this.own.set(parcel.batch, factsOf(parcel));
    this.#ownNow.push(parcel);
  }

  /** The open turn is gone. */
  forget(): void {
    for (const { batch } of this.#ownNow) this.own.delete(batch);
    this.#ownNow = [];
    this.#held = [];
  }

  durable(changes: readonly KeyChange[], isRepair: boolean): void {
    const { signed, model, frontiers, writers, horizon } = this.#setting;
    const { node } = this.#history;
    const turn = {
      isRepair,
      now: this.#now(),
      wasAway: this.#age.wasAway || this.#age.isYoung,
    };
    for (const row of this.#ownNow) {
      const { author, incarnation, sequence, batch, signedHeader } = row;
      writers.wrote(node, decodeStoredHeader(signedHeader));
      frontiers.wrote(`${author}/${incarnation}`, sequence, this.own.get(batch) ?? []);
    }
    for (const change of changes) {
      if (change.after !== undefined) this.#taken(change.before, change.after);
      if (change.after !== undefined) signed.check(node, change.after);
      this.#history.changed(change, turn);
      model.changed(node, change, isRepair, turn.now);
      const { key, before, after } = change;
      if (before === undefined || after !== undefined || !turn.wasAway) continue;
      if (horizon.mayBeRefused(before, turn.now) && !horizon.mayBeForgotten(before, turn.now)) model.gaveUp(node, key);
    }
    if (!isRepair) this.#checkHeld();
    this.#ownNow = [];
    this.#held = [];
  }

  #taken(before: LivingFact | undefined, after: LivingFact): void {
    const { writers, frontiers, options, horizon, model } = this.#setting;
    const isKnown = this.#age.isReborn && model.isHeld(after);
    writers.taken(this.#history.node, seen(after).header, after.batch);
    frontiers.taken(after);
    checkAge(before, after, {
      node: this.#history.node,
      author: this.#identity.signer.author,
      now: this.#now(),
      horizon,
      aheadMs: options.hostiles > 0 ? undefined : () => this.#setting.aheadMsMax(),
      oldMayCome: options.servesOld || this.#age.wasAway || this.#age.isYoung || isKnown,
    });
  }

  /** True wall time. */
  #now(): number {
    return worldBegan + this.#setting.queue.now;
  }

  /** Liars may make a node believe that numbers are superseded; only among the honest is every frontier true. */
  #checkHeld(): void {
    const { frontiers, options } = this.#setting;
    if (options.hostiles > 0) return;
    for (const { before, after } of this.#held) {
      const news = minus(after.ranges, before?.ranges ?? []);
      const origin = `${after.author}/${after.incarnation}`;
      frontiers.held(this.#history.node, origin, news, this.#history.living, this.#now());
    }
  }
}

function factsOf({ batch, signedHeader, ops }: ParcelRow): readonly LivingFact[] {
  return ops.map(({ op, index, bytes }) => ({
    key: op.key,
    batch,
    index,
    signedHeader,
    opBytes: bytes,
    seen: undefined,
  }));
}
