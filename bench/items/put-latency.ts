/**
 * How long one durable put takes until it is acknowledged at its writer and readable on every
 * other node. The puts are due at fixed times (open loop): a put that is late because the one
 * before was slow counts from when it was due. "Readable" is when a watcher on the other node was
 * given the value.
 */
import { type Bench, type Figure, type Item, repeated } from "../figure.ts";
import { percentile } from "../statistics.ts";

interface Rhythm {
  readonly nodes: number;
  readonly puts: number;
  readonly everyMs: number;
}

export const putLatency: Item = {
  name: "put-latency",
  async run(bench) {
    const { puts, putEveryMs, manyNodes, manyPuts, manyPutEveryMs } = bench.sizes;
    const few = await measure(bench, { nodes: 3, puts, everyMs: putEveryMs });
    const many = await measure(bench, { nodes: manyNodes, puts: manyPuts, everyMs: manyPutEveryMs });
    const figure = (name: string, samples: readonly number[], target?: number): Figure => ({
      name,
      unit: "ms",
      better: "lower",
      samples,
      target,
    });
    return [
      figure("put → readable on 3 of 3 nodes, p50", few.p50, 4),
      figure("put → readable on 3 of 3 nodes, p99", few.p99, 20),
      figure("put → acknowledged, among 3 nodes, p50", few.ackP50),
      figure("put → acknowledged, among 3 nodes, p99", few.ackP99),
      figure(`put → readable on ${manyNodes} of ${manyNodes} nodes, p50`, many.p50, 30),
      figure(`put → readable on ${manyNodes} of ${manyNodes} nodes, p99`, many.p99),
    ];
  },
};

function measure(bench: Bench, { nodes, puts, everyMs }: Rhythm): Promise<Record<"p50" | "p99" | "ackP50" | "ackP99", readonly number[]>> {
  return repeated(bench, `paced puts, ${nodes} nodes`, async (label) => {
    await using fleet = bench.newFleet();
    bench.progress.begin(label);
    const [writer, ...readers] = await fleet.linked(nodes);
    if (writer === undefined) throw new Error("a benchmark has a writer");
    await Promise.all(readers.map((reader) => reader.ask("watchKeys", undefined)));
    await writer.ask("prepare", { set: "latency", count: puts });
    const sent = await writer.ask("putPaced", { everyMs }, (done, total) => bench.progress.at(done, total, "puts"));
    const seen = await Promise.all(readers.map((reader) => reader.ask("seen", { count: puts })));
    const readableAt = new Map<string, number>();
    for (const { key, at } of seen.flat()) readableAt.set(key, Math.max(at, readableAt.get(key) ?? 0));
    const everywhere = sent.map(({ key, dueAt, acknowledgedAt }) => Math.max(acknowledgedAt, readableAt.get(key) ?? Infinity) - dueAt);
    const acknowledged = sent.map(({ dueAt, acknowledgedAt }) => acknowledgedAt - dueAt);
    await Promise.all([writer, ...readers].map((node) => node.stop()));
    return {
      p50: percentile(everywhere, 0.5),
      p99: percentile(everywhere, 0.99),
      ackP50: percentile(acknowledged, 0.5),
      ackP99: percentile(acknowledged, 0.99),
    };
  });
}
