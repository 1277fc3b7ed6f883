/** Promise 6: what is due is forgotten at the next step of the floor, and not kept for ever. */
import type { DiskFact, LivingFact } from "./facts.ts";
import type { Horizon } from "./horizon.ts";
import { nameOf, seen } from "./versions.ts";
import { Violation } from "./violation.ts";

/** So long after a step of the floor a prompt node has turned. */
const turnMsMax = 5_000;

export class Forgotten {
  readonly #horizon: Horizon;
  /** When each was first found to be due: a version may be due when it comes, where it beats an older one. */
  readonly #dueAt = new WeakMap<LivingFact, number>();

  constructor(horizon: Horizon) {
    this.#horizon = horizon;
  }

  /** The node of this disk has run for a while; `now` is the true wall time in ms. */
  check({ node, living }: DiskFact, now: number): void {
    for (const fact of living) {
      if (!this.#horizon.mustBeForgotten(fact, now)) continue;
      const dueAt = this.#dueAt.get(fact) ?? now;
      this.#dueAt.set(fact, dueAt);
      if (now - dueAt <= this.#horizon.stepMs + turnMsMax) continue;
      const facts = { node, key: fact.key, version: nameOf(seen(fact)), now };
      throw new Violation("6 nothing grows without bound", "an entry is kept that was due long ago", facts);
    }
  }
}
