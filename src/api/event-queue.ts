/**
 * Turns callbacks into an async iteration of bounded length. A reader that falls behind by more
 * than the bound gets a fault instead of a gap.
 */
import { Fault } from "../base/fault.ts";

export async function* eventQueue<T>(
  subscribe: (listener: (event: T) => void) => () => void,
  queuedMax: number,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const queued: T[] = [];
  let overrun = false;
  let wake: () => void = () => undefined;
  const unsubscribe = subscribe((event) => {
    if (queued.length < queuedMax) queued.push(event);
    else overrun = true;
    wake();
  });
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      yield* queued.splice(0);
      if (queued.length > 0) continue;
      if (overrun) {
        throw new Fault("slow_consumer", `This listener fell behind by more than ${queuedMax} events.`, { queuedMax });
      }
      if (!signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    unsubscribe();
  }
}
