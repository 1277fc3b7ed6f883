/** A pull as the frames that ask for it. */
import type { Beacon } from "../../../codec/beacon.ts";
import { type OriginRanges, encodePull } from "../../../codec/frontier.ts";
import { frontierFrameBytesMax, frontierOriginsMax, frontierRangesMax } from "../../../codec/limits.ts";
import { servedRangesMax } from "../limits.ts";

/** As many messages as the sizes ask for; of an origin with many gaps only the first ranges. */
export function pullFrames(id: number, beacon: Beacon, origins: readonly OriginRanges[]): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  let chunk: OriginRanges[] = [];
  let bytes = 0;
  let named = 0;
  for (const { author, incarnation, ranges } of origins) {
    const clipped = ranges.slice(0, frontierRangesMax);
    named += clipped.length + 1;
    if (named > servedRangesMax) break; // what is not named is sent again, which costs but is right
    const size = 41 + 16 * clipped.length;
    if (chunk.length >= frontierOriginsMax || bytes + size > frontierFrameBytesMax - 128) {
      frames.push(encodePull(id, beacon, false, chunk));
      chunk = [];
      bytes = 0;
    }
    chunk.push({ author, incarnation, ranges: clipped });
    bytes += size;
  }
  return [...frames, encodePull(id, beacon, true, chunk)];
}
