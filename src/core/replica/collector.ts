/**
 * Collection: every time the floor moves, tombstones and expired values below it are forgotten, a
 * bounded number in a turn. A young replica collects nothing: it does not know yet what the others hold.
 */
import type { Instant, Stamp } from "../../base/brand.ts";
import type { Collectable, StoreView } from "../../ports/store.ts";
import { floorAt, nextFloorAt } from "../data/collection.ts";
import { collectedAtOnce } from "../data/limits.ts";
import type { Age } from "./freshness.ts";

/** What is to be forgotten now, and the floor it lies below. */
export interface Collection {
  readonly found: readonly Collectable[];
  readonly floor: Stamp;
}

export class Collector {
  readonly #horizonDays: number;
  /** Wall time of the next look. */
  #dueAt = 0 as Instant;

  constructor(horizonDays: number) {
    this.#horizonDays = horizonDays;
  }

  /** `now` is the wall time by which stamps are judged. */
  step(age: Age, now: Instant, view: StoreView): Collection | undefined {
    const next = nextFloorAt(now, this.#horizonDays);
    if (now < this.#dueAt && this.#dueAt <= next) return undefined; // a clock that was set back looks again
    this.#dueAt = next;
    if (age === "young") return undefined;
    const floor = floorAt(now, this.#horizonDays);
    const found = view.collectable(floor, collectedAtOnce);
    if (found.length === collectedAtOnce) this.#dueAt = now;
    return found.length === 0 ? undefined : { found, floor };
  }

  /** Wall time at which the next step has something to do. */
  get dueAt(): Instant {
    return this.#dueAt;
  }
}
