/**
 * What two sides say to each other until they hold the same, beside the batches themselves, which
 * any method has to send. In process, on the production machines, a round trip at a time: by a walk
 * where the sets are equal, where the asker lacks one entry or a thousand scattered ones; and by
 * frontier where it lacks the newest thousand batches, of one writer or of a thousand.
 *
 * Each run makes other entries differ; the sets stay the same size. The hashes of whole pages are
 * known before, as they are in a node that has told its root; those inside pages never are.
 */
import type { Figure, Item } from "../figure.ts";
import { type PullCost, pullCost } from "../pull-cost.ts";
import { SetSide, entryOf } from "../set-side.ts";
import { type WalkCost, walkCost } from "../walk-cost.ts";

const scattered = 1_000;

interface Case {
  readonly name: string;
  readonly lacking: number;
  readonly bytesMax: number;
  readonly roundTripsMax: number;
  readonly cpuMsMax: number | undefined;
}

const cases: readonly Case[] = [
  { name: "equal sets", lacking: 0, bytesMax: 400, roundTripsMax: 1, cpuMsMax: 20 },
  { name: "1 difference", lacking: 1, bytesMax: 4_000, roundTripsMax: 3, cpuMsMax: undefined },
  { name: "1,000 scattered differences", lacking: scattered, bytesMax: 1_200_000, roundTripsMax: 3, cpuMsMax: 1_000 },
];

export const reconcile: Item = {
  name: "reconcile",
  async run({ sizes: { trieEntries }, runs, progress }) {
    progress.begin(`two sets of ${trieEntries} entries`);
    const [asker, server] = [new SetSide(), new SetSide()];
    for (let number = 1; number <= trieEntries; number++) {
      const entry = entryOf(number);
      for (const side of [asker, server]) side.add(entry);
      if (number % 10_000 === 0) progress.at(number, trieEntries, "entries");
    }
    for (const side of [asker, server]) side.trie.summary();
    let next = trieEntries;
    const figures: Figure[] = [];
    for (const each of cases) {
      const costs: WalkCost[] = [];
      for (let run = 0; run < runs; run++) {
        for (let i = 0; i < each.lacking; i++) server.add(entryOf(++next));
        server.trie.summary();
        costs.push(walkCost(asker, server));
      }
      figures.push(...figuresOf(each, costs));
    }
    return [...figures, ...frontierFigures(runs)];
  },
};

function figuresOf({ name, bytesMax, roundTripsMax, cpuMsMax }: Case, costs: readonly WalkCost[]): readonly Figure[] {
  const figure = (what: string, unit: string, of: (cost: WalkCost) => number, target: number | undefined): Figure => ({
    name: `${name}: ${what}`,
    unit,
    better: "lower",
    samples: costs.map(of),
    target,
  });
  return [
    figure("bytes both ways", "B", ({ bytes }) => bytes, bytesMax),
    figure("round trips that wait for each other", "", ({ roundTrips }) => roundTrips, roundTripsMax),
    figure("processor time of the asker", "ms", ({ askerMs }) => askerMs, cpuMsMax),
    figure("processor time of the server", "ms", ({ serverMs }) => serverMs, cpuMsMax),
  ];
}

const frontierCases = [
  { name: "1,000 newest of one writer, by frontier", writers: 1, newest: scattered },
  { name: "the newest of 1,000 writers, by frontier", writers: scattered, newest: 1 },
];

function frontierFigures(runs: number): readonly Figure[] {
  return frontierCases.flatMap(({ name, writers, newest }) => {
    const costs = Array.from({ length: runs }, () => pullCost(writers, newest));
    const figure = (what: string, unit: string, of: (cost: PullCost) => number, target?: number): Figure => ({
      name: `${name}: ${what}`,
      unit,
      better: "lower",
      samples: costs.map(of),
      target,
    });
    return [
      figure("bytes both ways", "B", ({ bytes }) => bytes, 60_000),
      figure("round trips that wait for each other", "", ({ roundTrips }) => roundTrips, 1),
      figure("processor time of both", "ms", ({ cpuMs }) => cpuMs),
    ];
  });
}
