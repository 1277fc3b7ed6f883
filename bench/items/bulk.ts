/**
 * Many entries written on one of three linked, empty nodes, until all three can read all of them:
 * as an import (signed once per 1,000) and as single signed puts with many under way at a time.
 * The clock stops when the last store counts every entry as durable; then values are compared.
 */
import { type Item, repeated } from "../figure.ts";

const nodes = 3;

interface Way {
  readonly name: string;
  readonly batch: number;
  readonly inFlight: number;
  readonly target: number;
}

const ways: readonly Way[] = [
  { name: "in batches of 1,000", batch: 1_000, inFlight: 4, target: 20_000 },
  { name: "as single puts", batch: 1, inFlight: 256, target: 2_000 },
];

export const bulk: Item = {
  name: "bulk",
  async run(bench) {
    const { entries } = bench.sizes;
    const figures = [];
    for (const { name, batch, inFlight, target } of ways) {
      const found = await repeated(bench, `${entries} entries to 3 nodes ${name}`, async (label) => {
        await using fleet = bench.newFleet();
        bench.progress.begin(label);
        const all = await fleet.linked(nodes);
        await Promise.all(all.map((node) => node.ask("prepare", { set: "bulk", count: entries })));
        const [writer, ...readers] = all;
        if (writer === undefined) throw new Error("a benchmark has a writer");
        const writing = writer.ask("write", { batch, inFlight });
        const reading = readers.map((reader) =>
          reader.ask("awaitEntries", { count: entries }, (done, total) => bench.progress.at(done, total, "entries")),
        );
        const { begunAt, endedAt } = await writing;
        const ends = await Promise.all(reading);
        const lastAt = Math.max(endedAt, ...ends.map(({ at }) => at));
        for (const node of all) {
          const { wrong, entries: counted } = await node.ask("wrong", { samples: 1_000 });
          if (wrong > 0 || counted !== entries)
            throw new Error(`a node has ${counted} entries, and ${wrong} of 1,000 are wrong`);
        }
        await Promise.all(all.map((node) => node.stop()));
        return { everywhere: rate(entries, lastAt - begunAt), writer: rate(entries, endedAt - begunAt) };
      });
      figures.push(
        {
          name: `entries to 3 nodes ${name}`,
          unit: "/s",
          better: "higher",
          samples: found.everywhere,
          target,
        } as const,
        {
          name: `the same, acknowledged at the writer, ${name}`,
          unit: "/s",
          better: "higher",
          samples: found.writer,
        } as const,
      );
    }
    return figures;
  },
};

function rate(count: number, ms: number): number {
  return (count / ms) * 1000;
}
