/**
 * Waiting for a fact of a running system: asked again and again until it holds, or until the
 * deadline, after which the error says what was waited for and what was seen last.
 */
import { setTimeout as wait } from "node:timers/promises";

export interface Patience {
  /** Default 10,000 ms. */
  readonly deadlineMs?: number;
  /** Pause between two looks, default 15 ms. */
  readonly everyMs?: number;
  /** What was seen last, for the error. */
  readonly seen?: () => unknown;
}

/** Resolves with the first answer of `look` that is neither undefined nor false. What `look` throws ends the wait. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  patience: Patience = {},
): Promise<T> {
  const { deadlineMs = 10_000, everyMs = 15, seen } = patience;
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() >= deadline) {
      const last = seen === undefined ? "" : `; last seen: ${JSON.stringify(seen())}`;
      throw new Error(`after ${deadlineMs} ms it still did not hold: ${what}${last}`);
    }
    await wait(everyMs);
  }
}
