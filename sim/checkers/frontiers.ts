/**
 * Promise 12: a frontier tells the truth. A node counts a number as held only where it has what the
 * batch of that number wrote, or something newer, or where something newer exists in the world, or
 * where it is so old that it may be refused or forgotten.
 * Otherwise it would never ask for that batch again.
 */
import type { Range } from "../../src/codec/ranges-wire.ts";
import type { LivingFact, Seen } from "./facts.ts";
import type { Horizon } from "./horizon.ts";
import { type VersionName, nameOf, order, seen } from "./versions.ts";
import { Violation } from "./violation.ts";

export class Frontiers {
  /** What was written under each number of each origin. */
  readonly #written = new Map<string, LivingFact[]>();
  /** The newest version of each key that any node ever took in. */
  readonly #newest = new Map<string, Seen>();

  readonly #excused = new Set<string>();
  readonly #horizon: Horizon;

  constructor(horizon: Horizon) {
    this.#horizon = horizon;
  }

  /** The writer's disk lost what was durable on it, so it may give numbers of these twice. */
  lost(origins: readonly string[]): void {
    for (const origin of origins) this.#excused.add(origin);
  }

  /** Somebody wrote this batch. */
  wrote(origin: string, sequence: number, ops: readonly LivingFact[]): void {
    const name = `${origin}/${sequence}`;
    const known = this.#written.get(name);
    if (known === undefined) this.#written.set(name, [...ops]);
    else known.push(...ops);
  }

  /** An honest node took it in. */
  taken(fact: LivingFact): void {
    const best = this.#newest.get(fact.key);
    if (best === undefined || order(seen(fact), best) > 0) this.#newest.set(fact.key, seen(fact));
  }

  /** A node counts these numbers as held from now on, and has these living operations; `now` is true wall time in ms. */
  held(
    node: number,
    origin: string,
    news: readonly Range[],
    living: ReadonlyMap<string, LivingFact>,
    now: number,
  ): void {
    if (this.#excused.has(origin)) return;
    for (const [from, to] of news) {
      for (let sequence = from; sequence <= to; sequence++) {
        for (const fact of this.#written.get(`${origin}/${sequence}`) ?? []) this.#check(node, fact, living, now);
      }
    }
  }

  #check(node: number, fact: LivingFact, living: ReadonlyMap<string, LivingFact>, now: number): void {
    const version = seen(fact);
    const here = living.get(fact.key);
    if (here !== undefined && order(seen(here), version) >= 0) return;
    const newest = this.#newest.get(fact.key);
    if (newest !== undefined && order(newest, version) > 0) return;
    if (this.#horizon.mayBeRefused(fact, now)) return;
    const facts = { node, key: fact.key, version: nameOf(version), held: named(here && seen(here)) };
    throw new Violation("12 a frontier tells the truth", "a number counts as held whose batch never came", facts);
  }
}

function named(version: VersionName | undefined): string {
  return version === undefined ? "none" : nameOf(version);
}
