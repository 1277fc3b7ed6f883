/** What a benchmark finds: named figures, most of them with a target. */
import type { Fleet } from "./fleet.ts";
import type { Progress } from "./progress.ts";

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** One per run; what is shown is their median. */
  readonly samples: readonly number[];
  /** Undefined for figures that are only told. */
  readonly target?: number | undefined;
}

/** How much is measured. */
export interface Sizes {
  readonly entries: number;
  /** Paced puts, and ms between two of them. */
  readonly puts: number;
  readonly putEveryMs: number;
  readonly manyNodes: number;
  readonly manyPuts: number;
  readonly manyPutEveryMs: number;
  readonly crowdPuts: number;
  readonly crowdPutEveryMs: number;
  readonly starts: number;
  readonly dials: number;
  /** Pairs that dial each other. */
  readonly mutualDials: number;
  readonly idleMs: number;
  readonly reads: number;
  readonly httpRequests: number;
  /** Entries of the sets that are compared, and of the trie. */
  readonly trieEntries: number;
  /** Entries of a set that is read after a restart, and of how many point reads. */
  readonly millionEntries: number;
  readonly millionReads: number;
  readonly millionHttpReads: number;
  /** Entries that all have before a cut, new ones on each side meanwhile, and how long it lasts. */
  readonly healEntries: number;
  readonly healNews: number;
  readonly cutMs: number;
}

export const sizes: Readonly<Record<"small" | "full", Sizes>> = {
  small: {
    entries: 5_000,
    puts: 100,
    putEveryMs: 10,
    manyNodes: 4,
    manyPuts: 50,
    manyPutEveryMs: 40,
    crowdPuts: 10,
    crowdPutEveryMs: 1_000,
    starts: 2,
    dials: 3,
    mutualDials: 5,
    idleMs: 2_000,
    reads: 5_000,
    httpRequests: 500,
    trieEntries: 20_000,
    millionEntries: 20_000,
    millionReads: 20_000,
    millionHttpReads: 2_000,
    healEntries: 5_000,
    healNews: 100,
    cutMs: 2_000,
  },
  full: {
    entries: 100_000,
    puts: 600,
    putEveryMs: 10,
    manyNodes: 10,
    manyPuts: 200,
    manyPutEveryMs: 40,
    crowdPuts: 60,
    crowdPutEveryMs: 1_000,
    starts: 5,
    dials: 9,
    mutualDials: 100,
    idleMs: 10_000,
    reads: 100_000,
    httpRequests: 5_000,
    trieEntries: 1_000_000,
    millionEntries: 1_000_000,
    millionReads: 300_000,
    millionHttpReads: 20_000,
    healEntries: 100_000,
    healNews: 1_000,
    cutMs: 10_000,
  },
};

/** What an item is given to measure with. */
export interface Bench {
  readonly sizes: Sizes;
  readonly runs: number;
  readonly progress: Progress;
  /** With `faultPort`, its nodes can be cut off from each other. */
  newFleet(faultPort?: boolean): Fleet;
}

export interface Item {
  /** As in `--only`. */
  readonly name: string;
  run(bench: Bench): Promise<readonly Figure[]>;
}

/** Runs something several times and gathers what each run found under each name. */
export async function repeated<Name extends string>(
  bench: Bench,
  what: string,
  once: (label: string, run: number) => Promise<Readonly<Record<Name, number>>>,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const samples: Partial<Record<Name, number[]>> = {};
  for (let run = 1; run <= bench.runs; run++) {
    const found = await once(`${what} (run ${run} of ${bench.runs})`, run);
    for (const [name, value] of Object.entries(found) as [Name, number][]) (samples[name] ??= []).push(value);
  }
  return samples as Record<Name, readonly number[]>;
}
