/** One fuzzing thread and its watcher: hears its report, or finds the input that it does not come back from. */
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { Bytes } from "../../src/base/bytes.ts";
import type { Order, Report } from "./fuzz-worker.ts";
import type { Progress } from "./run.ts";
import { SharedView } from "./shared-view.ts";

export type End =
  | { readonly type: "done"; readonly report: Report }
  /** The thread was ended in the middle of this input, or ended itself; before the first input there is none. */
  | { readonly type: "stuck" | "crashed"; readonly input: Bytes | undefined; readonly why: string };

/** An input that runs so long does not end. Guess: a hundred times what is allowed, against a busy machine. */
const stuckMs = 10_000;
const lookMs = 1_000;

// A nursery large enough that no collection falls into a measurement; see `memory.ts`. For threads started from here on.
setFlagsFromString("--min-semi-space-size=64");

export function fuzzInThread(order: Omit<Order, "shared">, onProgress: (progress: Progress) => void): Promise<End> {
  const shared = SharedView.allocate();
  const view = new SharedView(shared);
  const worker = new Worker(new URL("fuzz-worker.ts", import.meta.url), { workerData: { ...order, shared } });
  const { promise, resolve } = Promise.withResolvers<End>();
  let [tick, since] = [view.tick, performance.now()];
  const timer = setInterval(() => {
    onProgress(view.seen);
    const now = performance.now();
    if (view.tick === undefined || view.tick !== tick) [tick, since] = [view.tick, now];
    else if (now - since > stuckMs) {
      resolve({ type: "stuck", input: view.input, why: `does not end within ${stuckMs / 1_000} s` });
      void worker.terminate();
    }
  }, lookMs);
  worker.once("message", (report: Report) => resolve({ type: "done", report }));
  const crash = (why: string): void =>
    resolve({ type: "crashed", input: view.tick === undefined ? undefined : view.input, why });
  worker.once("error", (error) => crash(String(error)));
  worker.once("exit", (code) => crash(`the thread ended with ${code}`));
  return promise.finally(() => clearInterval(timer));
}
