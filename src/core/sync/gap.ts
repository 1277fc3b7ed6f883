/**
 * What two frontiers tell of each other: batch numbers that one names and the other does not.
 *
 * A number says that a batch was held once, not that anything of it lives; and a frontier is clipped
 * to its first ranges per writer. So a gap is what may have to be sent, an upper bound.
 */
import type { OriginRanges } from "../../codec/frontier.ts";
import { type Ranges, minus, sizeOf } from "../data/ranges.ts";
import { gapRangesMax } from "./limits.ts";

export interface Gap {
  /** How many numbers. */
  readonly batches: number;
  /** The first of them; at most `gapRangesMax` ranges in all. */
  readonly origins: readonly OriginRanges[];
}

/** Both sides of one peer's frontier, as it named it. */
export interface FrontierGaps {
  readonly theyLack: Gap;
  readonly weLack: Gap;
}

/** `theirs` is by `author/incarnation`. */
export function gapsOf(ours: readonly OriginRanges[], theirs: ReadonlyMap<string, Ranges>): FrontierGaps {
  const [theyLack, weLack] = [new GapSum(), new GapSum()];
  const named = new Set<string>();
  for (const { author, incarnation, ranges } of ours) {
    const key = `${author}/${incarnation}`;
    const asked = theirs.get(key) ?? [];
    named.add(key);
    theyLack.add({ author, incarnation, ranges: minus(ranges, asked) });
    weLack.add({ author, incarnation, ranges: minus(asked, ranges) });
  }
  for (const [key, ranges] of theirs) {
    const [author, incarnation] = key.split("/") as [OriginRanges["author"], OriginRanges["incarnation"]];
    if (!named.has(key)) weLack.add({ author, incarnation, ranges });
  }
  return { theyLack: theyLack.gap(), weLack: weLack.gap() };
}

class GapSum {
  readonly #origins: OriginRanges[] = [];
  #batches = 0;
  #room: number = gapRangesMax;

  add({ author, incarnation, ranges }: OriginRanges): void {
    if (ranges.length === 0) return;
    this.#batches += sizeOf(ranges);
    const kept = ranges.slice(0, this.#room);
    this.#room -= kept.length;
    if (kept.length > 0) this.#origins.push({ author, incarnation, ranges: kept });
  }

  gap(): Gap {
    return { batches: this.#batches, origins: this.#origins };
  }
}
