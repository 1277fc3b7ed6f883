/**
 * Is our own clock right? Each admitted peer tells its clock with its hello and with every pull;
 * the median of at least three is believed. While our clock is more than 30 s off it, this node
 * accepts no writes and measures the age and future of stamps by the median instead.
 */
import type { Instant, PeerId } from "../../base/brand.ts";
import { clockWitnessesMin, ownSkewMsMax } from "./limits.ts";

export class ClockWatch {
  readonly #offsets = new Map<PeerId, number>();
  /** Asked for in every step; undefined with fewer than three peers. */
  #median: number | undefined;

  heard(peer: PeerId, offsetMs: number): void {
    this.#offsets.set(peer, offsetMs);
    this.#median = medianOf(this.#offsets);
  }

  departed(peer: PeerId): void {
    this.#offsets.delete(peer);
    this.#median = medianOf(this.#offsets);
  }

  offsetOf(peer: PeerId): number | undefined {
    return this.#offsets.get(peer);
  }

  get witnesses(): number {
    return this.#offsets.size;
  }

  /** Their median clock minus ours, in ms, or undefined with fewer than three peers. */
  medianOffsetMs(): number | undefined {
    return this.#median;
  }

  doubted(): boolean {
    return Math.abs(this.medianOffsetMs() ?? 0) > ownSkewMsMax;
  }

  /** The time to judge others' stamps by. */
  judged(wall: Instant): Instant {
    return (this.doubted() ? wall + (this.medianOffsetMs() ?? 0) : wall) as Instant;
  }
}

function medianOf(offsets: ReadonlyMap<PeerId, number>): number | undefined {
  if (offsets.size < clockWitnessesMin) return undefined;
  const sorted = [...offsets.values()].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : Math.round(((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2);
}
