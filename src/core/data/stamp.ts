/**
 * Stamps: microseconds of a writer's wall clock, pushed forward just as far as needed.
 *
 * 1. A writer's stamps grow strictly.
 * 2. A write is stamped after the version it replaces, even where that came from a clock ahead.
 * 3. A stamp seen on one key never moves another key's stamps: the push in 2 is per operation
 *    (it follows from `replaces`), so one fast member cannot drag everybody forward.
 *
 * Hence a batch has one stamp from its writer's clock, and each operation the later of that and
 * one microsecond after what it replaces. Source of the idea: Kulkarni et al., Logical Physical Clocks (2014).
 */
import type { Instant, Stamp } from "../../base/brand.ts";
import type { Replaces } from "../../codec/op.ts";

export const microsPerMilli = 1_000;

export function stampOf(now: Instant): Stamp {
  return (now * microsPerMilli) as Stamp;
}

export function instantOf(stamp: Stamp): Instant {
  return Math.floor(stamp / microsPerMilli) as Instant;
}

/** When a value written with a time to live is hidden from readers. */
export function expiryOf(stamp: Stamp, ttlSeconds: number): Instant {
  return (instantOf(stamp) + ttlSeconds * 1_000) as Instant;
}

/** The stamp of a writer's next batch. */
export function nextBatchStamp(now: Instant, last: Stamp): Stamp {
  return Math.max(stampOf(now), last + 1) as Stamp;
}

export function opStamp(batch: Stamp, replaces: Replaces | undefined): Stamp {
  return (replaces === undefined ? batch : Math.max(batch, replaces.stamp + 1)) as Stamp;
}
