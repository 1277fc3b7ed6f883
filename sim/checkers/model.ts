/**
 * Promises 2 and 9: an independent merge of everything any honest node ever took in. After the
 * network healed, every node must hold exactly this; and at any moment two nodes have equal
 * summaries exactly when they hold equal sets.
 */
import type { DiskFact, KeyChange, LivingFact } from "./facts.ts";
import type { Horizon } from "./horizon.ts";
import { nameOf, order, seen } from "./versions.ts";
import { Violation } from "./violation.ts";

interface Held {
  readonly entries: ReadonlyMap<string, LivingFact>;
}

/** What may differ all the same. */
export interface Leniency {
  isCloseCall(fact: LivingFact): boolean;
  keepsOld(node: number): boolean;
}

interface Taken {
  readonly fact: LivingFact;
  /** Who took it in, and when: true wall time in ms. */
  readonly nodes: Map<number, number>;
}

export class Model {
  /** By key, then by version. */
  readonly #taken = new Map<string, Map<string, Taken>>();
  readonly #horizon: Horizon;

  constructor(horizon: Horizon) {
    this.#horizon = horizon;
  }

  /** `now` is the true wall time in ms. */
  changed(node: number, { key, before, after }: KeyChange, isRepair: boolean, now: number): void {
    const versions = this.#taken.get(key) ?? new Map<string, Taken>();
    this.#taken.set(key, versions);
    if (after !== undefined) this.#add(node, versions, after, now);
    if (isRepair && before !== undefined && after !== undefined) takeBack(versions, node, after);
  }

  /** Whether some node has taken in this version, and not lost it. */
  isHeld(fact: LivingFact): boolean {
    return this.#taken.get(fact.key)?.has(seen(fact).place) === true;
  }

  /** A node that was new or away gave up what it had taken of a key for living, on the word of those who know better. */
  gaveUp(node: number, key: string): void {
    const versions = this.#taken.get(key);
    for (const [name, { nodes }] of versions ?? []) {
      nodes.delete(node);
      if (nodes.size === 0) versions?.delete(name);
    }
  }

  /** A node's disk lost what was durable on it: of each key all that is newer than what it has now. */
  lost(node: number, leftOnDisk: ReadonlyMap<string, LivingFact>, now: number): void {
    for (const [key, versions] of this.#taken) {
      const left = leftOnDisk.get(key);
      for (const [name, { fact, nodes }] of versions) {
        if (left !== undefined && order(seen(fact), seen(left)) <= 0) continue;
        nodes.delete(node);
        if (nodes.size === 0) versions.delete(name);
      }
      if (left !== undefined) this.#add(node, versions, left, now);
    }
  }

  /** The newest version of each key that any of these nodes, or of all where none are named, took in and has not lost. */
  expected(among?: ReadonlySet<number>): ReadonlyMap<string, LivingFact> {
    const newest = new Map<string, LivingFact>();
    for (const [key, versions] of this.#taken) {
      for (const { fact, nodes } of versions.values()) {
        if (among !== undefined && ![...nodes.keys()].some((node) => among.has(node))) continue;
        const best = newest.get(key);
        if (best === undefined || order(seen(fact), seen(best)) > 0) newest.set(key, fact);
      }
    }
    return newest;
  }

  /**
   * What keeps these disks from being equal to what `source` took in, but for what is due by now, in words;
   * undefined when nothing does. Near the floor an entry may be there or not, but on all alike, except where
   * it is said to be a close call, and what had not reached everybody in time: whoever it reaches later refuses it,
   * and says so. A node that is new forgets nothing yet.
   */
  difference(
    disks: readonly DiskFact[],
    now: number,
    source: readonly number[],
    { isCloseCall, keepsOld }: Leniency,
  ): string | undefined {
    const expected = this.expected(new Set(source));
    const held = disks.map(({ node, living }) => ({ node, entries: new Map(living.map((fact) => [fact.key, fact])) }));
    for (const [key, fact] of expected) {
      if (isCloseCall(fact) || this.#cameLate(fact, now, source)) continue;
      const isGone = this.#horizon.mustBeForgotten(fact, now) || this.#isForgottenByAll(key, fact, held, now);
      for (const { node, entries } of held) {
        const found = entries.get(key);
        if (isGone && found !== undefined && !keepsOld(node))
          return `node ${node} keeps ${key} (${nameOf(seen(found))}), which is due`;
        if (isGone) continue;
        if (found === undefined) return `node ${node} lacks ${key} (${nameOf(seen(fact))})`;
        if (seen(found).place !== seen(fact).place)
          return `node ${node} has ${key} as ${nameOf(seen(found))}, not ${nameOf(seen(fact))}`;
      }
    }
    for (const { node, entries } of held)
      for (const [key, fact] of entries)
        if (!expected.has(key) && !isCloseCall(fact) && !this.#cameLate(fact, now, source))
          return `node ${node} has ${key} (${nameOf(seen(fact))}) alone`;
    return undefined;
  }

  /** Whether the floor reaches it on some clocks only, and it is gone on one of these disks. */
  #isForgottenByAll(key: string, fact: LivingFact, held: readonly Held[], now: number): boolean {
    return this.#horizon.mayBeForgotten(fact, now) && held.some(({ entries }) => !entries.has(key));
  }

  /** Whether it is older than the horizon now, and one of these nodes did not have it before. */
  #cameLate(fact: LivingFact, now: number, source: readonly number[]): boolean {
    if (!this.#horizon.mayBeRefused(fact, now)) return false;
    const nodes = this.#taken.get(fact.key)?.get(seen(fact).place)?.nodes;
    return source.some((node) => this.#horizon.mayBeRefused(fact, nodes?.get(node) ?? now));
  }

  #add(node: number, versions: Map<string, Taken>, fact: LivingFact, now: number): void {
    const version = seen(fact).place;
    const taken = versions.get(version);
    if (taken === undefined) versions.set(version, { fact, nodes: new Map([[node, now]]) });
    else if (!taken.nodes.has(node)) taken.nodes.set(node, now);
  }
}

/** Equal sets, equal summaries; and each disk's counts are true. */
export function checkSummaries(disks: readonly DiskFact[]): void {
  const setOfSummary = new Map<string, string>();
  const summaryOfSet = new Map<string, string>();
  for (const disk of disks) {
    const { name: set, values } = nameOfSet(disk.living);
    const summary = `${disk.count}/${disk.root}`;
    const facts = { node: disk.node, entries: disk.living.length, count: disk.count, values: disk.values };
    const broken = (message: string): never => {
      throw new Violation("2 equal sets have equal roots", message, facts);
    };
    if (disk.count !== disk.living.length) broken("the summary counts other entries than live");
    if (disk.values !== values) broken("the number of values is wrong");
    if ((setOfSummary.get(summary) ?? set) !== set) broken("different sets have one summary");
    if ((summaryOfSet.get(set) ?? summary) !== summary) broken("equal sets have different summaries");
    setOfSummary.set(summary, set);
    summaryOfSet.set(set, summary);
  }
}

/**
 * A name that is equal for equal sets in any order, and for others by a very rare accident only: sums of
 * hashes of the entries' names, which cost a fraction of sorting them. And how many of them are values.
 */
function nameOfSet(living: readonly LivingFact[]): { readonly name: string; readonly values: number } {
  let [first, second, third, values] = [0, 0, 0, 0];
  for (const fact of living) {
    const { op, nameHash, otherNameHash } = seen(fact);
    first = (first + nameHash) >>> 0;
    second = (second + Math.imul(nameHash ^ (nameHash >>> 15), 0x85eb_ca6b)) >>> 0;
    third = (third ^ otherNameHash) >>> 0;
    if (op.content.type !== "tombstone") values += 1;
  }
  return { name: `${living.length}/${first}/${second}/${third}`, values };
}

/** Stored operations stay under twice the living ones plus one per batch (the store's space rule). */
export function checkSpace({ node, living, storedOps, storedBatches }: DiskFact): void {
  if (storedOps <= 2 * living.length && storedBatches <= living.length) return;
  throw new Violation("6 nothing grows without bound", "the store keeps more dead operations than its rule allows", {
    node,
    living: living.length,
    storedOps,
    storedBatches,
  });
}

/** A clock repair forgets what its node had ahead of the new version, as far as nobody else has it. */
function takeBack(versions: Map<string, Taken>, node: number, after: LivingFact): void {
  for (const [key, { fact, nodes }] of versions) {
    if (order(seen(fact), seen(after)) <= 0) continue;
    nodes.delete(node);
    if (nodes.size === 0) versions.delete(key);
  }
}
