/** Promise 6: what is due is forgotten at the next step of the floor, and not kept for ever. */
import type { DiskFact } from "./facts.ts";
import type { Horizon } from "./horizon.ts";
import { nameOf, seen } from "./versions.ts";
import { Violation } from "./violation.ts";

/** The node of this disk has run for a while; `now` is the true wall time in ms. */
export function checkForgotten({ node, living }: DiskFact, horizon: Horizon, now: number): void {
  const kept = living.find((fact) => horizon.mustBeForgotten(fact, now));
  if (kept === undefined) return;
  const facts = { node, key: kept.key, version: nameOf(seen(kept)), now };
  throw new Violation("6 nothing grows without bound", "an entry is kept that was due long ago", facts);
}
