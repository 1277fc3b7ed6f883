/**
 * What each transport costs: two nodes linked over it alone, entries in batches until the other has all of them, and one
 * put after the other until a watcher there was given it. Ratios to TCP are what is meant to be read.
 */
import { type Figure, type Item, repeated } from "../figure.ts";
import { percentile } from "../statistics.ts";

const transports = ["tcp", "ws", "quic"] as const;
const batch = 1_000;
const inFlight = 4;
const warmUpPuts = 100;

export const transport: Item = {
  name: "transports",
  async run(bench) {
    const { entries, puts, putEveryMs } = bench.sizes;
    const figures: Figure[] = [];
    for (const name of transports) {
      const found = await repeated(bench, `two nodes over ${name}`, async (label) => {
        await using fleet = bench.newFleet();
        bench.progress.begin(label);
        const [writer, reader] = await fleet.linked(2, name);
        if (writer === undefined || reader === undefined) throw new Error("a benchmark has a writer and a reader");
        await reader.ask("watchKeys", undefined);
        await writer.ask("prepare", { set: "warm-up", count: warmUpPuts });
        await writer.ask("putPaced", { everyMs: putEveryMs });
        await reader.ask("seen", { count: warmUpPuts });
        await writer.ask("prepare", { set: "latency", count: puts });
        const sent = await writer.ask("putPaced", { everyMs: putEveryMs });
        const readableAt = new Map((await reader.ask("seen", { count: puts })).map(({ key, at }) => [key, at]));
        const delays = sent.map(({ key, dueAt }) => (readableAt.get(key) ?? Infinity) - dueAt);
        await writer.ask("prepare", { set: "bulk", count: entries });
        const cpuBefore = (await writer.ask("cpu", undefined)).ms + (await reader.ask("cpu", undefined)).ms;
        const count = warmUpPuts + puts + entries;
        const reading = reader.ask("awaitEntries", { count }, (done, total) =>
          bench.progress.at(done, total, "entries"),
        );
        const { begunAt } = await writer.ask("write", { batch, inFlight });
        const { at } = await reading;
        const cpu = (await writer.ask("cpu", undefined)).ms + (await reader.ask("cpu", undefined)).ms - cpuBefore;
        await Promise.all([writer.stop(), reader.stop()]);
        return { rate: (entries / (at - begunAt)) * 1_000, cpu: cpu / entries, p50: percentile(delays, 0.5) };
      });
      figures.push(
        { name: `entries to the other of 2 nodes, over ${name}`, unit: "/s", better: "higher", samples: found.rate },
        { name: `processor time of both per entry, over ${name}`, unit: "ms", better: "lower", samples: found.cpu },
        { name: `put → readable on the other, over ${name}, p50`, unit: "ms", better: "lower", samples: found.p50 },
      );
    }
    return figures;
  },
};
