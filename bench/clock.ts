/**
 * One clock for all processes of a benchmark. On Linux `process.hrtime` reads CLOCK_MONOTONIC,
 * which counts from the same moment in every process of a machine, so that an instant taken in one
 * node may be compared with an instant taken in another.
 */

/** Milliseconds of the machine's monotonic clock, with fractions. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Timers wake up to this many ms late. Source: their grain of 1 ms, and that of the kernel. */
const timerGrainMs = 1.5;

/**
 * Resolves at an instant of `nowMs`, or at once when it is over. The last moment is spent asking
 * for the time between turns of the event loop, because a timer alone would be late and its delay
 * would count as the node's.
 */
export async function until(atMs: number): Promise<void> {
  const sleepMs = atMs - nowMs() - timerGrainMs;
  if (sleepMs >= 1) await pause(sleepMs);
  while (nowMs() < atMs) await new Promise((resolve) => setImmediate(resolve));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
