/**
 * Turns callbacks into an async iteration of bounded length. A reader that falls behind by more
 * than the bound gets a fault instead of a gap.
 */
import { Fault } from "../base/fault.ts";
import type { EventType, NodeEvent } from "../ports/observer.ts";

/** Events waiting for one slow reader; over it the reader is told so instead. Guess: a busy minute. */
export const eventsQueuedMax = 1_000;

/** Passes on events of these types, or all. */
export function onlyOf<Type extends EventType>(
  types: readonly Type[] | undefined,
  listener: (event: NodeEvent<Type>) => void,
): (event: NodeEvent) => void {
  const wanted: ReadonlySet<string> | undefined = types === undefined ? undefined : new Set(types);
  return (event) => {
    if (wanted === undefined || wanted.has(event.type)) listener(event as NodeEvent<Type>);
  };
}

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
