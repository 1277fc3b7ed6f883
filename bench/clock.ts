/**
 * One clock for all processes of a benchmark. On Linux `process.hrtime` reads CLOCK_MONOTONIC,
 * which counts from the same moment in every process of a machine, so that an instant taken in one
 * node may be compared with an instant taken in another.
 */

/** Milliseconds of the machine's monotonic clock, with fractions. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Resolves at an instant of `nowMs`, or at once when it is over. */
export function until(atMs: number): Promise<void> {
  return pause(Math.max(0, atMs - nowMs()));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
