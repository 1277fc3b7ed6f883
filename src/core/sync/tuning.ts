/**
 * What a link's quality asks of whoever serves a pull over it. The asker allows four frames at a time, whatever
 * their size, so the way to keep a long line busy is larger frames: four of them are what it carries in a round trip.
 * What a narrow or lossy line bears is seen below, where every delay shows (`send-window.ts`).
 */
import type { Millis } from "../../base/brand.ts";
import { parcelFrameBytes, parcelFrameBytesMax, pullBytesPerSecond, pullWindowFrames } from "./limits.ts";

export interface LinkQuality {
  /** Undefined where nothing has been measured yet. */
  readonly rttMs: Millis | undefined;
}

export interface Tuning {
  /** Bytes of parcels after which a frame is full. */
  readonly frameBytes: number;
}

export function tuningOf({ rttMs = 0 }: LinkQuality): Tuning {
  const perRoundTrip = (pullBytesPerSecond * rttMs) / 1_000;
  const frameBytes = Math.round(perRoundTrip / pullWindowFrames);
  return { frameBytes: Math.min(parcelFrameBytesMax, Math.max(parcelFrameBytes, frameBytes)) };
}

/** The mean of round trips, the latest of which counts an eighth. Source: RFC 6298, section 2. */
export function meanRtt(before: Millis | undefined, rttMs: Millis): Millis {
  return before === undefined ? rttMs : before + (rttMs - before) / 8;
}
