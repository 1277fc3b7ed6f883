/**
 * Fuzzes one target in a thread of its own, so that coverage counts nothing else and a decoder that
 * never ends does not take the watcher with it. What it is about to run lies in shared memory.
 */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../src/base/assert.ts";
import type { Bytes } from "../../src/base/bytes.ts";
import { Prng } from "../../src/base/prng.ts";
import { readCorpus, readRegressions } from "./corpus.ts";
import { Counters } from "./coverage.ts";
import { allocatedBytes } from "./memory.ts";
import { fewest, smallest } from "./minimise.ts";
import { fuzz } from "./run.ts";
import { SharedView } from "./shared-view.ts";
import { type TargetFile, loadTarget } from "./targets/all.ts";

export interface Order {
  readonly file: TargetFile;
  readonly target: string;
  readonly seed: number;
  readonly executionsMax: number;
  readonly secondsMax: number;
  readonly guided: boolean;
  /** Whether the corpus of the next run is wanted. */
  readonly keep: boolean;
  readonly shared: SharedArrayBuffer;
}

export interface Report {
  readonly executions: number;
  readonly seconds: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly failures: readonly { readonly input: Bytes; readonly what: string }[];
  readonly allocatedBytesTop: number;
  readonly stretches: number;
  /** `codec/ack.ts decodeAck` of all that ran. */
  readonly functions: readonly string[];
  readonly seedsCount: number;
  readonly heaviest: readonly { readonly inputBytes: number; readonly bytes: number }[];
  readonly corpus: readonly Bytes[] | undefined;
}

/** A collection of garbage takes some 20 ms. */
const measureEvery = 10_000;
const sourceFolder = new URL("../../src/", import.meta.url).href;

assert(parentPort !== null, "this file is the start of a thread");
parentPort.postMessage(await carryOut(workerData as Order));

async function carryOut(order: Order): Promise<Report> {
  // Before the target is loaded, else its code has no counters.
  const counters = order.guided ? new Counters((url) => url.startsWith(sourceFolder)) : undefined;
  const target = await loadTarget(order.file, order.target);
  const kept = [...readRegressions(target.name), ...readCorpus(target.name)].map(({ input }) => input);
  const { seed, executionsMax, secondsMax } = order;
  const watch = new SharedView(order.shared);
  const options = { seed, executionsMax, secondsMax, measureEvery, corpus: kept, counters, watch };
  const result = await fuzz(target, options);
  watch.rest();
  const functions = result.reached.functions.map((name) =>
    name.slice(sourceFolder.length).split(" ").slice(0, 2).join(" "),
  );
  return {
    executions: result.executions,
    seconds: result.seconds,
    outcomes: result.outcomes,
    failures: await Promise.all(
      result.failures.map(async ({ input, what }) => ({ input: await smallest(target, input), what })),
    ),
    allocatedBytesTop: result.allocatedBytesTop,
    stretches: result.reached.stretches,
    functions,
    seedsCount: result.seeds.length,
    heaviest: target
      .heaviest(new Prng(seed))
      .map((input) => ({ inputBytes: input.length, bytes: allocatedBytes(target.decode, input) })),
    corpus: order.keep && counters !== undefined ? await fewest(target, result.seeds, counters) : undefined,
  };
}
