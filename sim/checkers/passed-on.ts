/**
 * Promise 15: what is forgotten does not travel. A gossip message is passed on only where something of it is
 * new; one that holds nothing but what is older than the horizon, on keys that have nothing, is nobody's news.
 */
import { decodeGossip } from "../../src/codec/gossip.ts";
import type { LivingFact } from "./facts.ts";
import type { Horizon } from "./horizon.ts";
import { stampOfOp } from "./versions.ts";
import { Violation } from "./violation.ts";

/** A node passes this message on; `living` is what lives on its disk, `now` the true wall time in ms. */
export function checkPassedOn(
  node: number,
  payload: Uint8Array,
  living: ReadonlyMap<string, LivingFact>,
  horizon: Horizon,
  now: number,
): void {
  const decoded = decodeGossip(payload);
  if (!decoded.ok) return;
  for (const { header, ops } of decoded.value)
    for (const { op } of ops) {
      const stamp = stampOfOp(header.stamp, op);
      if (!horizon.mustBeBelow(stamp, now)) return;
      if (living.has(op.key)) return; // it was compared with what is held there
    }
  throw new Violation("15 what is forgotten does not travel", "a message of nothing but old batches is passed on", {
    node,
    batches: decoded.value.length,
  });
}
