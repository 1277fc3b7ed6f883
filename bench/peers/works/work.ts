/** What a piece of work finds out about a system, and what it is given to do so. */
import type { Progress } from "../../progress.ts";
import type { System } from "../contract.ts";

export type WorkName = "converge" | "latency" | "late" | "local" | "store";

/** How much is measured. */
export interface Scale {
  readonly entries: number;
  readonly reads: number;
  /** Runs of which the median is shown; a system that was too slow for one gets no second. */
  readonly runs: number;
  /** After so long a cell is given up; what was reached by then stands in the table as a bound. */
  readonly cellMsMax: number;
}

/** One cell of the table. */
export interface Cell {
  readonly figure: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  readonly kind: "sharing" | "others";
  readonly samples: readonly number[];
  /** Undefined when everything was done in time; else what was, which makes the sample a bound in the system's favour. */
  readonly unfinished: string | undefined;
}

export interface Work {
  readonly name: WorkName;
  run(system: System, scale: Scale, progress: Progress): Promise<readonly Cell[]>;
}

export function perSecond(count: number, ms: number): number {
  return (count / ms) * 1000;
}

/** A batch that was begun is not broken off. Guess: the slowest system syncs 4,000 times for one of 1,000, 50 ms each on a busy disk. */
const slowBatchMsMax = 240_000;

/** How long to wait for what gives up by itself after `msMax`. */
export function patience(msMax: number): number {
  return msMax + slowBatchMsMax;
}
