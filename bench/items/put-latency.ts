/**
 * How long one durable put takes until it is acknowledged at its writer and readable on every
 * other node. The puts are due at fixed times (open loop): a put that is late because the one
 * before was slow counts from when it was due. "Readable" is when a watcher on the other node was
 * given the value. Processor time of all nodes together is told beside it: it hardly depends on what
 * else the machine does.
 */
import { type Bench, type Figure, type Item, repeated } from "../figure.ts";
import type { BenchNode, Fleet } from "../fleet.ts";
import { percentile } from "../statistics.ts";

interface Rhythm {
  readonly nodes: number;
  readonly puts: number;
  readonly everyMs: number;
  /** Puts before those that count. */
  readonly warmUpPuts: number;
  /** How the nodes are linked; else each with each. */
  readonly link?: (fleet: Fleet, nodes: number) => Promise<readonly BenchNode[]>;
}

/** So that it is a node that has run for a second. */
const warmUpPuts = 100;
/** Of a crowd they come a second apart. */
const crowdWarmUpPuts = 15;
/** Nodes that a new one of a large crowd dials; gossip needs six. */
const crowdDials = 8;

export const putLatency: Item = {
  name: "put-latency",
  async run(bench) {
    const { puts, putEveryMs } = bench.sizes;
    const { p50, p99, ackP50, ackP99, cpu } = await measure(bench, {
      nodes: 3,
      puts,
      everyMs: putEveryMs,
      warmUpPuts,
    });
    return [
      figure("put → readable on 3 of 3 nodes, p50", p50, 4),
      figure("put → readable on 3 of 3 nodes, p99", p99, 20),
      figure("put → acknowledged, among 3 nodes, p50", ackP50),
      figure("put → acknowledged, among 3 nodes, p99", ackP99),
      figure("processor time of 3 nodes for one put", cpu),
    ];
  },
};

export const putLatencyMany: Item = {
  name: "put-latency-many",
  async run(bench) {
    const { manyNodes, manyPuts, manyPutEveryMs } = bench.sizes;
    const { p50, p99, cpu } = await measure(bench, {
      nodes: manyNodes,
      puts: manyPuts,
      everyMs: manyPutEveryMs,
      warmUpPuts,
    });
    return [
      figure(`put → readable on ${manyNodes} of ${manyNodes} nodes, p50`, p50, 30),
      figure(`put → readable on ${manyNodes} of ${manyNodes} nodes, p99`, p99),
      figure(`processor time of ${manyNodes} nodes for one put`, cpu),
    ];
  },
};

/** One put at a time among 20 nodes, each linked with each. */
export const putLatency20: Item = crowd(20, 50);

/** The same among 50, of which each dials the eight before it. */
export const putLatency50: Item = crowd(50, 200, (fleet, nodes) => fleet.sparse(nodes, crowdDials));

function crowd(nodes: number, targetMs: number, link?: Rhythm["link"]): Item {
  return {
    name: `put-latency-${nodes}`,
    async run(bench) {
      const { crowdPuts: puts, crowdPutEveryMs: everyMs } = bench.sizes;
      const rhythm = { nodes, puts, everyMs, warmUpPuts: crowdWarmUpPuts };
      const { p50, cpu } = await measure(bench, link === undefined ? rhythm : { ...rhythm, link });
      return [
        figure(`put → readable on ${nodes} of ${nodes} nodes, p50`, p50, targetMs),
        figure(`processor time of ${nodes} nodes for one put`, cpu),
      ];
    },
  };
}

function figure(name: string, samples: readonly number[], target?: number): Figure {
  return { name, unit: "ms", better: "lower", samples, target };
}

function measure(
  bench: Bench,
  { nodes, puts, everyMs, warmUpPuts: before, link }: Rhythm,
): Promise<Record<"p50" | "p99" | "ackP50" | "ackP99" | "cpu", readonly number[]>> {
  return repeated(bench, `paced puts, ${nodes} nodes`, async (label) => {
    await using fleet = bench.newFleet();
    bench.progress.begin(label);
    const [writer, ...readers] = await (link?.(fleet, nodes) ?? fleet.linked(nodes));
    if (writer === undefined) throw new Error("a benchmark has a writer");
    await Promise.all(readers.map((reader) => reader.ask("watchKeys", undefined)));
    await writer.ask("prepare", { set: "warm-up", count: before });
    await writer.ask("putPaced", { everyMs });
    await Promise.all(readers.map((reader) => reader.ask("seen", { count: before })));
    await writer.ask("prepare", { set: "latency", count: puts });
    const cpuBefore = await cpuMs([writer, ...readers]);
    const sent = await writer.ask("putPaced", { everyMs }, (done, total) => bench.progress.at(done, total, "puts"));
    const seen = await Promise.all(readers.map((reader) => reader.ask("seen", { count: puts })));
    const cpu = (await cpuMs([writer, ...readers])) - cpuBefore;
    const readableAt = new Map<string, number>();
    for (const { key, at } of seen.flat()) readableAt.set(key, Math.max(at, readableAt.get(key) ?? 0));
    const everywhere = sent.map(
      ({ key, dueAt, acknowledgedAt }) => Math.max(acknowledgedAt, readableAt.get(key) ?? Infinity) - dueAt,
    );
    const acknowledged = sent.map(({ dueAt, acknowledgedAt }) => acknowledgedAt - dueAt);
    await Promise.all([writer, ...readers].map((node) => node.stop()));
    return {
      p50: percentile(everywhere, 0.5),
      p99: percentile(everywhere, 0.99),
      ackP50: percentile(acknowledged, 0.5),
      ackP99: percentile(acknowledged, 0.99),
      cpu: cpu / puts,
    };
  });
}

async function cpuMs(nodes: readonly BenchNode[]): Promise<number> {
  const used = await Promise.all(nodes.map((node) => node.ask("cpu", undefined)));
  return used.reduce((sum, { ms }) => sum + ms, 0);
}
