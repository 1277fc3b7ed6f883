/** The wall clock, for the time stamps of facts; durations are measured with `performance.now`. */
import type { Instant } from "../../base/brand.ts";

export function now(): Instant {
  return Date.now() as Instant;
}
