/**
 * Sets of sequence numbers as ascending, disjoint, non-touching inclusive ranges. All functions
 * return new arrays; a range list is never changed in place.
 */
import type { Range } from "../../codec/ranges-wire.ts";

export type Ranges = readonly Range[];

/** Position of the range that holds `value`, or of the first behind it. */
function position(ranges: Ranges, value: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as Range)[1] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function hasNumber(ranges: Ranges, value: number): boolean {
  const range = ranges[position(ranges, value)];
  return range !== undefined && range[0] <= value;
}

/** The union with one range. */
export function withRange(ranges: Ranges, [from, to]: Range): Ranges {
  const first = position(ranges, from - 1);
  let last = first;
  let low = from;
  let high = to;
  while (last < ranges.length && (ranges[last] as Range)[0] <= to + 1) {
    low = Math.min(low, (ranges[last] as Range)[0]);
    high = Math.max(high, (ranges[last] as Range)[1]);
    last++;
  }
  return [...ranges.slice(0, first), [low, high], ...ranges.slice(last)];
}

export function withNumber(ranges: Ranges, value: number): Ranges {
  return withRange(ranges, [value, value]);
}

/** The union of two lists, in time linear in both. */
export function union(a: Ranges, b: Ranges): Ranges {
  const joined: (readonly [number, number])[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || (i < a.length && (a[i] as Range)[0] <= (b[j] as Range)[0]);
    const [from, to] = (fromA ? a[i++] : b[j++]) as Range;
    const last = joined.at(-1);
    if (last === undefined || from > last[1] + 1) joined.push([from, to]);
    else joined[joined.length - 1] = [last[0], Math.max(last[1], to)];
  }
  return joined;
}

/** What is in `a` and not in `b`. */
export function minus(a: Ranges, b: Ranges): Ranges {
  const rest: Range[] = [];
  let next = 0;
  for (const [from, to] of a) {
    let start = from;
    while (next < b.length && (b[next] as Range)[1] < start) next++;
    for (let i = next; i < b.length && (b[i] as Range)[0] <= to; i++) {
      const [cutFrom, cutTo] = b[i] as Range;
      if (cutFrom > start) rest.push([start, cutFrom - 1]);
      start = Math.max(start, cutTo + 1);
    }
    if (start <= to) rest.push([start, to]);
  }
  return rest;
}

/** How many numbers the ranges hold. */
export function sizeOf(ranges: Ranges): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}
