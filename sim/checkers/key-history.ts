/**
 * Promises 1 and 3, per node and key: what is durable only ever gives way to something newer. So an
 * acknowledged write stays until it is superseded, and no older version returns behind a tombstone.
 *
 * There are three exceptions. A clock repair takes a node's own future entries back and must put the
 * same content, or something newer, in their place within the same turn. What is due is forgotten, and
 * nothing as old ever lives on that key again. And a node that is new or was away gives up what is old.
 */
import { equalBytes } from "../../src/base/bytes.ts";
import type { OpContent } from "../../src/codec/op.ts";
import type { KeyChange, LivingFact } from "./facts.ts";
import type { Horizon } from "./horizon.ts";
import { type VersionName, nameOf, order, seen } from "./versions.ts";
import { Violation } from "./violation.ts";

interface Acknowledged {
  readonly ticket: number;
  readonly version: VersionName;
}

/** When and how a turn became durable. */
export interface Turn {
  readonly isRepair: boolean;
  /** True wall time in ms. */
  readonly now: number;
  /** Whether this node is new, or was away for so long that it does not know what the others have forgotten. */
  readonly wasAway: boolean;
}

export class KeyHistory {
  readonly node: number;
  /** What lives on the node's disk now. */
  readonly living: Map<string, LivingFact> = new Map();
  readonly #acknowledged = new Map<string, Acknowledged>();
  /** For each key the version up to which this node's own ones were taken back by a repair, and what came instead. */
  readonly #repaired = new Map<string, { readonly upTo: VersionName; readonly by: VersionName }>();

  /** The newest version of each key that was forgotten because it was due. */
  readonly #forgotten = new Map<string, VersionName>();
  readonly #horizon: Horizon;

  constructor(node: number, horizon: Horizon) {
    this.node = node;
    this.#horizon = horizon;
  }

  /** The disk lost what was durable on it, by a fault that nothing was promised against; this is left. */
  lost(left: ReadonlyMap<string, LivingFact>): void {
    this.living.clear();
    for (const [key, fact] of left) this.living.set(key, fact);
    this.#acknowledged.clear();
    this.#repaired.clear();
    for (const key of [...this.#forgotten.keys()]) if (left.size === 0 || left.has(key)) this.#forgotten.delete(key);
  }

  /** A turn became durable. */
  changed({ key, before: stored, after }: KeyChange, turn: Turn): void {
    const before = this.living.get(key);
    if (!isSame(before, stored)) this.#broken("1 acknowledged writes survive", "the disk changed outside a turn", key);
    if (isSame(before, after)) return;
    if (after === undefined) return before === undefined ? undefined : this.#gone(key, before, turn);
    if (before !== undefined && order(seen(after), seen(before)) < 0) this.#olderNow(key, before, after, turn.isRepair);
    if (before === undefined) this.#checkForgotten(key, after, turn);
    this.living.set(key, after);
    return undefined;
  }

  /** The user was told that this is durable. */
  acknowledged(ticket: number, key: string, version: VersionName): void {
    const known = this.#acknowledged.get(key);
    const repaired = this.#repaired.get(key);
    const isTakenBack =
      repaired !== undefined && repaired.upTo.author === version.author && order(version, repaired.upTo) <= 0;
    const standing = isTakenBack && order(version, repaired.by) > 0 ? repaired.by : version;
    if (known === undefined || order(standing, known.version) > 0)
      this.#acknowledged.set(key, { ticket, version: standing });
    const forgotten = this.#forgotten.get(key);
    if (forgotten !== undefined && order(forgotten, standing) >= 0) this.#acknowledged.delete(key);
    this.#checkAcknowledged(key);
  }

  /** Everything the user was ever told still holds, on the disk as a new process finds it. */
  check(disk: (key: string) => LivingFact | undefined, keys: Iterable<string>): void {
    for (const key of this.#acknowledged.keys()) this.#checkAcknowledged(key);
    for (const key of new Set([...keys, ...this.living.keys()])) {
      if (isSame(disk(key), this.living.get(key))) continue;
      this.#broken(
        "1 acknowledged writes survive",
        "the disk is not what its turns made it",
        key,
        this.living.get(key),
      );
    }
  }

  #checkAcknowledged(key: string): void {
    const promised = this.#acknowledged.get(key);
    const held = this.living.get(key);
    if (promised === undefined || (held !== undefined && order(seen(held), promised.version) >= 0)) return;
    this.#broken("1 acknowledged writes survive", `write ${promised.ticket} was acknowledged and is gone`, key, held);
  }

  /** Nothing lives on the key any more: the entry was due, or old and set aside by a node that was away. */
  #gone(key: string, before: LivingFact, { now, wasAway }: Turn): void {
    if (this.#horizon.mayBeForgotten(before, now)) this.#forgotten.set(key, seen(before));
    else if (!wasAway || !this.#horizon.mayBeRefused(before, now))
      this.#broken("1 acknowledged writes survive", "an entry is gone without a successor", key, before);
    const promised = this.#acknowledged.get(key);
    if (promised !== undefined && order(seen(before), promised.version) >= 0) this.#acknowledged.delete(key);
    this.living.delete(key);
  }

  #checkForgotten(key: string, after: LivingFact, { wasAway }: Turn): void {
    const forgotten = this.#forgotten.get(key);
    if (forgotten === undefined || wasAway || order(seen(after), forgotten) >= 0) return;
    const version = nameOf(seen(after));
    this.#broken(
      "3 deleted keys stay deleted",
      `${version} lives on a key whose later version ${nameOf(forgotten)} was forgotten`,
      key,
    );
  }

  #olderNow(key: string, before: LivingFact, after: LivingFact, isRepair: boolean): void {
    const [old, fresh] = [seen(before), seen(after)];
    if (isRepair && old.author === fresh.author && isSameContent(old.op.content, fresh.op.content)) {
      const earlier = this.#repaired.get(key)?.upTo; // a second repair takes back less than the first
      const isHigher = earlier === undefined || earlier.author !== old.author || order(earlier, old) < 0;
      this.#repaired.set(key, { upTo: isHigher ? old : earlier, by: fresh });
      const promised = this.#acknowledged.get(key);
      if (promised !== undefined && order(promised.version, fresh) > 0) {
        this.#acknowledged.set(key, { ticket: promised.ticket, version: fresh });
      }
      return;
    }
    const deleted = old.op.content.type === "tombstone";
    this.#broken(
      deleted ? "3 deleted keys stay deleted" : "1 acknowledged writes survive",
      `an older version (${nameOf(fresh)}) took the place of a newer one`,
      key,
      before,
    );
  }

  #broken(promise: Violation["promise"], message: string, key: string, held?: LivingFact): never {
    const version = held === undefined ? "none" : nameOf(seen(held));
    throw new Violation(promise, message, { node: this.node, key, held: version, acknowledged: this.#told(key) });
  }

  #told(key: string): string {
    const promised = this.#acknowledged.get(key);
    return promised === undefined ? "nothing" : `${nameOf(promised.version)} by write ${promised.ticket}`;
  }
}

export function isSame(a: LivingFact | undefined, b: LivingFact | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.batch === b.batch && a.index === b.index);
}

function isSameContent(a: OpContent, b: OpContent): boolean {
  return a.type === b.type && (a.type !== "value" || b.type !== "value" || equalBytes(a.value, b.value));
}
