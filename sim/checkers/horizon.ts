/**
 * How old an entry may become, written a second time from the design: a tombstone, or a value whose
 * time to live has ended, is forgotten a horizon later, at the next of 720 steps; and what is older
 * than the horizon is not taken on a key that has nothing.
 *
 * Each node judges by its own clock, so near the floor either is right; `slackMs` says how near.
 */
import type { LivingFact } from "./facts.ts";
import { seen } from "./versions.ts";

const stepsPerHorizon = 720;

export class Horizon {
  readonly horizonMs: number;
  /** By how much any honest clock is off the true time, with the longest time a node takes for a turn. */
  readonly slackMs: number;

  constructor(horizonMs: number, slackMs: number) {
    this.horizonMs = horizonMs;
    this.slackMs = slackMs;
  }

  /** Whether some honest node may forget it by now; `now` is the true wall time in ms. */
  mayBeForgotten(fact: LivingFact, now: number): boolean {
    return (dueOf(fact) ?? Infinity) < this.#micros(now + this.slackMs);
  }

  /** Whether every honest node that runs has forgotten it by now. */
  mustBeForgotten(fact: LivingFact, now: number): boolean {
    return (dueOf(fact) ?? Infinity) < this.#micros(now - this.#lateMs);
  }

  /** Whether some honest node may refuse it by now on a key on which it has nothing. */
  mayBeRefused(fact: LivingFact, now: number): boolean {
    return this.mayBeBelow(seen(fact).stamp, now);
  }

  mayBeBelow(stamp: number, now: number): boolean {
    return stamp < this.#micros(now + this.slackMs);
  }

  /** Whether every honest node refuses such a stamp by now, on a key on which it has nothing. */
  mustBeBelow(stamp: number, now: number): boolean {
    return stamp < this.#micros(now - this.#lateMs);
  }

  /** How long the floor stands still. */
  get stepMs(): number {
    return this.horizonMs / stepsPerHorizon;
  }

  get #lateMs(): number {
    return this.slackMs + this.stepMs;
  }

  #micros(now: number): number {
    return (now - this.horizonMs) * 1_000;
  }
}

/** The stamp from which its age counts: of a tombstone its own, of a value the end of its time to live, if it has one. */
function dueOf(fact: LivingFact): number | undefined {
  const { op, stamp } = seen(fact);
  if (op.content.type === "tombstone") return stamp;
  return op.ttlSeconds === undefined ? undefined : stamp + op.ttlSeconds * 1_000_000;
}
