/**
 * One node alone, and a newcomer: how fast it writes, reads and opens, what an entry takes on
 * disk, and how fast an empty node that dials it has everything. Entries that came in batches and
 * entries that were signed one by one are told apart, since a newcomer checks every signature.
 */
import { type Bench, type Figure, type Item, repeated } from "../figure.ts";
import { bytesIn } from "../bytes-in.ts";
import { nowMs } from "../clock.ts";
import type { BenchNode, Fleet } from "../fleet.ts";

interface Way {
  readonly name: string;
  readonly batch: number;
  readonly inFlight: number;
  /** Entries a second that a newcomer is to take in. */
  readonly joinTarget: number;
}

const ways: readonly Way[] = [
  { name: "in batches of 1,000", batch: 1_000, inFlight: 4, joinTarget: 30_000 },
  { name: "singly", batch: 1, inFlight: 256, joinTarget: 10_000 },
];
/** Puts one after the other are few: each waits for the disk. */
const sequentialShare = 0.02;

export const local: Item = {
  name: "local",
  async run(bench) {
    const figures: Figure[] = [];
    for (const way of ways) figures.push(...(await measure(bench, way)));
    return figures;
  },
};

async function measure(bench: Bench, way: Way): Promise<readonly Figure[]> {
  const { entries } = bench.sizes;
  const found = await repeated(bench, `one node, written ${way.name}`, async (label) => {
    await using fleet = bench.newFleet();
    bench.progress.begin(label);
    const folder = fleet.newFolder();
    const writer = await fleet.node([], folder);
    await writer.ask("prepare", { set: "local", count: entries });
    const { begunAt, endedAt } = await writer.ask("write", way, (done, total) =>
      bench.progress.at(done, total, "entries"),
    );
    const joined = await joinMs(bench, fleet, writer);
    const reads = await readRates(bench, writer);
    const sequential = await sequentialRate(bench, writer);
    await writer.stop();
    const bytes = bytesIn(folder);
    const reopened = nowMs();
    const again = await fleet.node([], folder);
    const openMs = nowMs() - reopened;
    await again.stop();
    return {
      write: perSecond(entries, endedAt - begunAt),
      join: perSecond(entries, joined),
      ...reads,
      sequential,
      bytes: bytes / (entries + Math.round(entries * sequentialShare)),
      openMs,
    };
  });
  return figuresOf(way, found);
}

function figuresOf(
  { name, batch, joinTarget }: Way,
  found: Record<"write" | "join" | "get" | "scan" | "prefix" | "sequential" | "bytes" | "openMs", readonly number[]>,
): readonly Figure[] {
  const both: readonly Figure[] = [
    {
      name: `late joiner, entries written ${name}`,
      unit: "/s",
      better: "higher",
      samples: found.join,
      target: joinTarget,
    },
    { name: `puts at one node ${name}`, unit: "/s", better: "higher", samples: found.write },
    {
      name: `bytes on disk per entry, written ${name}`,
      unit: "B",
      better: "lower",
      samples: found.bytes,
      target: 2.5 * (32 + 128 + 200),
    },
    { name: `process start with this store, written ${name}`, unit: "ms", better: "lower", samples: found.openMs },
  ];
  if (batch > 1) return both;
  return [
    ...both,
    { name: "puts at one node, one after the other", unit: "/s", better: "higher", samples: found.sequential },
    { name: "point reads in process", unit: "/s", better: "higher", samples: found.get },
    { name: "entries listed in process", unit: "/s", better: "higher", samples: found.scan },
    { name: "entries listed in process, prefixes of 1 in 256", unit: "/s", better: "higher", samples: found.prefix },
  ];
}

/** From the dial until the newcomer counts every entry as durable. */
async function joinMs(bench: Bench, fleet: Fleet, writer: BenchNode): Promise<number> {
  const { entries } = bench.sizes;
  const joiner = await fleet.node();
  await joiner.ask("prepare", { set: "local", count: entries });
  const { begunAt } = await joiner.ask("dial", { address: writer.address });
  const { at } = await joiner.ask("awaitEntries", { count: entries }, (done, total) =>
    bench.progress.at(done, total, "entries joined"),
  );
  const { wrong } = await joiner.ask("wrong", { samples: 1_000 });
  if (wrong > 0) throw new Error(`${wrong} of 1,000 entries are wrong at the newcomer`);
  await joiner.stop();
  return at - begunAt;
}

async function readRates({ sizes }: Bench, node: BenchNode): Promise<Record<"get" | "scan" | "prefix", number>> {
  const get = await node.ask("get", { count: sizes.reads });
  const scan = await node.ask("scan", { prefix: "", entries: sizes.reads });
  const prefix = await node.ask("scan", { prefix: "a5", entries: sizes.reads / 10 });
  return { get: get.perSecond, scan: scan.perSecond, prefix: prefix.perSecond };
}

async function sequentialRate({ sizes }: Bench, node: BenchNode): Promise<number> {
  const count = Math.round(sizes.entries * sequentialShare);
  await node.ask("prepare", { set: "sequential", count });
  const { begunAt, endedAt } = await node.ask("write", { batch: 1, inFlight: 1 });
  return perSecond(count, endedAt - begunAt);
}

function perSecond(count: number, ms: number): number {
  return (count / ms) * 1000;
}
