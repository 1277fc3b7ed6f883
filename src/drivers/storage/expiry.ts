/** When a stored value is hidden from readers: the millisecond its `due` lies in has come. */
import type { Instant } from "../../base/brand.ts";

export const microsPerMs = 1_000;

/** Values due before this, in microseconds, have expired. */
export function expiredBefore(now: Instant): number {
  return (now + 1) * microsPerMs;
}
