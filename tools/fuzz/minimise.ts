/** Makes inputs smaller without losing what they are kept for. */
import type { Bytes } from "../../src/base/bytes.ts";
import { concat } from "../../src/base/bytes.ts";
import { type Counters, Reached } from "./coverage.ts";
import { examine } from "./examine.ts";
import type { Target } from "./target.ts";

/** Spent on one input, in ms. Guess: enough for a message of a few KiB. */
const patienceMs = 5_000;

/** A smaller input that breaks the target, too: parts are cut out as long as it does, large ones first. */
export async function smallest(target: Target, input: Bytes): Promise<Bytes> {
  let best = input;
  const began = performance.now();
  for (let size = Math.ceil(input.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length && performance.now() - began < patienceMs;) {
      const shorter = concat([best.subarray(0, at), best.subarray(at + size)]);
      if ((await examine(target, shorter)).fault === undefined) at += size;
      else best = shorter;
    }
  }
  return best;
}

/** Of these inputs some that reach the same code, small ones preferred. */
export async function fewest(target: Target, inputs: readonly Bytes[], counters: Counters): Promise<readonly Bytes[]> {
  const reached = new Reached();
  const kept: Bytes[] = [];
  counters.look();
  for (const input of [...inputs].sort((a, b) => a.length - b.length)) {
    await examine(target, input);
    const sighting = counters.look();
    if (!reached.isNews(sighting)) continue;
    reached.add(sighting);
    kept.push(input);
  }
  return kept;
}
