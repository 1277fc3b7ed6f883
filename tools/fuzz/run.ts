/**
 * Runs one target until a number of executions or some seconds have passed.
 *
 * Inputs come in batches: fresh valid ones, noise, and for the most part mutations of seeds. After
 * each batch one look at the coverage tells whether it reached new code; if so, halves of it run
 * again until the inputs that did are found, and become seeds. Everything is drawn from the run's
 * seed, so that a run by executions is repeatable as far as the target and V8's counters are.
 */
import type { Bytes } from "../../src/base/bytes.ts";
import { Prng } from "../../src/base/prng.ts";
import { type Counters, Reached } from "./coverage.ts";
import { dictionaryOf } from "./dictionary.ts";
import { examine } from "./examine.ts";
import { allocatedBytes, allocationBytesMax } from "./memory.ts";
import { type Surroundings, mutated } from "./mutate.ts";
import { Seeds } from "./seeds.ts";
import { Sweep } from "./sweep.ts";
import type { Target } from "./target.ts";

export interface Failure {
  readonly input: Bytes;
  readonly what: string;
}

export interface FuzzResult {
  readonly executions: number;
  readonly seconds: number;
  /** How often each outcome came. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
  /** Most memory taken by one of the executions measured. */
  readonly allocatedBytesTop: number;
  /** Those that the run began with and those that reached new code, in this order. */
  readonly seeds: readonly Bytes[];
  readonly reached: Reached;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly executionsMax: number;
  readonly secondsMax: number;
  /** Memory is measured at each so manieth execution; a measurement costs a garbage collection. */
  readonly measureEvery: number;
  /** Inputs to begin with, beside fresh valid ones. */
  readonly corpus: readonly Bytes[];
  /** Undefined: blind, nothing is learnt from what runs. */
  readonly counters: Counters | undefined;
  /** Hears of every input before it runs, for whoever watches for one that never ends. */
  readonly watch: Watch;
}

export interface Watch {
  before(input: Bytes): void;
  progress(progress: Progress): void;
}

export interface Progress {
  readonly executions: number;
  readonly seeds: number;
  readonly stretches: number;
}

export const noWatch: Watch = { before: () => undefined, progress: () => undefined };

/** A run ends after so many inputs that broke the target; of those that broke it alike only the first is told. */
const brokenMax = 50;
/** Guess: after 100 batches without news a batch is seven times as large; never larger than 16 times. */
const patienceGrowth = 1.02;
const patienceMax = 16;
const validSeeds = 32;
/** Longer seeds are not mutated: most of a decoder's code is reached by short inputs, a thousand times as fast. */
const seedBytesMax = 4 * 1024;

export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  return await new Run(target, options).run();
}

interface Planned {
  readonly input: Bytes;
  /** Index of the seed that it was made from, −1 for a fresh one. */
  readonly parent: number;
}

class Run {
  readonly #target: Target;
  readonly #options: FuzzOptions;
  readonly #prng: Prng;
  readonly #seeds = new Seeds();
  readonly #sweep = new Sweep();
  readonly #reached = new Reached();
  readonly #outcomes = new Map<string, number>();
  readonly #failures = new Map<string, Failure>();
  #broken = 0;
  readonly #began = performance.now();
  #dictionary: readonly Bytes[] = [];
  #executions = 0;
  /** Batches grow while nothing is news: looking is what takes the time then. */
  #patience = 1;
  #allocatedBytesTop = 0;

  constructor(target: Target, options: FuzzOptions) {
    this.#target = target;
    this.#options = options;
    this.#prng = new Prng(options.seed);
  }

  async run(): Promise<FuzzResult> {
    await this.#begin();
    while (!this.#isOver()) {
      const { executionsMax } = this.#options;
      const size = Math.min(Math.floor(this.#target.batch * this.#patience), executionsMax - this.#executions);
      this.#seeds.weigh();
      await this.#batch(Array.from({ length: size }, () => this.#plan()));
    }
    return {
      executions: this.#executions,
      seconds: this.#seconds(),
      outcomes: this.#outcomes,
      failures: [...this.#failures.values()],
      allocatedBytesTop: this.#allocatedBytesTop,
      seeds: this.#seeds.inputs,
      reached: this.#reached,
    };
  }

  #seconds(): number {
    return (performance.now() - this.#began) / 1_000;
  }

  #isOver(): boolean {
    const { executionsMax, secondsMax } = this.#options;
    return this.#executions >= executionsMax || this.#seconds() >= secondsMax || this.#broken >= brokenMax;
  }

  async #begin(): Promise<void> {
    const valid = Array.from({ length: validSeeds }, () => this.#target.valid(this.#prng));
    const inputs = [...this.#options.corpus, ...valid].filter(({ length }) => length <= seedBytesMax);
    for (const input of inputs) {
      const { fault } = await this.#execute(input);
      if (fault !== undefined) this.#isBroken(input, fault);
      this.#seeds.add(input, this.#isNews());
    }
    const urls = new Set(this.#reached.functions.map((name) => name.slice(0, name.indexOf(" "))));
    this.#dictionary = dictionaryOf([...urls]);
  }

  #isNews(): boolean {
    const sighting = this.#options.counters?.look();
    if (sighting === undefined || !this.#reached.isNews(sighting)) return false;
    this.#reached.add(sighting);
    return true;
  }

  #plan(): Planned {
    const prng = this.#prng;
    const kind = prng.unit();
    if (kind < 0.02) return { input: this.#target.valid(prng), parent: -1 };
    if (kind < 0.05) return { input: noise(prng), parent: -1 };
    const next = kind < 0.3 ? this.#sweep.next() : undefined;
    if (next !== undefined) return next;
    const { index, input } = this.#seeds.pick(prng);
    const around: Surroundings = {
      other: this.#seeds.pick(prng).input,
      dictionary: this.#dictionary,
      bytesMax: 2 * seedBytesMax,
    };
    return { input: mutated(input, around, prng), parent: index };
  }

  async #batch(batch: readonly Planned[]): Promise<void> {
    for (const { input } of batch) {
      if (this.#broken >= brokenMax) break;
      const examined = this.#execute(input);
      const { outcome, fault } = examined instanceof Promise ? await examined : examined; // a pause costs as much as a small decoder
      if (fault !== undefined) this.#isBroken(input, fault);
      this.#executions += 1;
      if (this.#executions % this.#options.measureEvery === 0) this.#measure(input);
      const count = this.#outcomes.get(outcome) ?? 0;
      this.#outcomes.set(outcome, count + 1);
    }
    if (this.#options.counters !== undefined) await this.#learn(batch, this.#options.counters);
    const { stretches } = this.#reached;
    this.#options.watch.progress({ executions: this.#executions, seeds: this.#seeds.size, stretches });
  }

  async #learn(batch: readonly Planned[], counters: Counters): Promise<void> {
    const sighting = counters.look();
    const isNews = this.#reached.isNews(sighting);
    this.#patience = isNews ? 1 : Math.min(this.#patience * patienceGrowth, patienceMax);
    if (!isNews) return;
    await this.#search(batch, counters);
    this.#reached.add(sighting); // what did not come again, as the first use of something lazy
  }

  /** Finds the inputs of a batch that reach new code when they run again. */
  async #search(batch: readonly Planned[], counters: Counters): Promise<void> {
    for (const { input } of batch) await this.#execute(input);
    const sighting = counters.look();
    if (!this.#reached.isNews(sighting)) return;
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      this.#reached.add(sighting);
      if (only.input.length > seedBytesMax) return;
      this.#seeds.found(only.parent);
      this.#sweep.add(only.input, this.#seeds.size);
      this.#seeds.add(only.input, true);
      return;
    }
    const half = batch.length >>> 1;
    await this.#search(batch.slice(0, half), counters);
    await this.#search(batch.slice(half), counters);
  }

  #measure(input: Bytes): void {
    const bytes = allocatedBytes(this.#target.decode, input);
    this.#allocatedBytesTop = Math.max(this.#allocatedBytesTop, bytes);
    if (bytes > allocationBytesMax(input.length)) this.#isBroken(input, `allocates ${bytes} bytes for ${input.length}`);
  }

  #isBroken(input: Bytes, what: string): void {
    this.#broken += 1;
    const kind = what.split("\n", 1)[0]?.replaceAll(/[0-9]+/g, "0") ?? "";
    if (!this.#failures.has(kind)) this.#failures.set(kind, { input, what });
  }

  #execute(input: Bytes): ReturnType<typeof examine> {
    this.#options.watch.before(input);
    return examine(this.#target, input);
  }
}

function noise(prng: Prng): Bytes {
  const bytes = prng.bytes(prng.below(300));
  if (bytes.length > 0 && prng.chance(0.5)) bytes[0] = prng.below(10); // past the first byte, where most noise ends
  return bytes;
}
