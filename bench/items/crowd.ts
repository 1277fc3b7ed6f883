/**
 * Many dials at one moment: pairs that dial each other at once, and twelve nodes of which each is told of all others
 * when all are ready. What failed on the way is counted from the nodes' own metrics, open files from the system.
 */
import { readdirSync } from "node:fs";
import { nowMs, pause } from "../clock.ts";
import type { Figure, Item } from "../figure.ts";
import type { BenchNode, Fleet } from "../fleet.ts";

const pairsAtOnce = 5;
const crowd = 12;
/** Links settle: of crossed dials one is closed, and streams are opened. */
const settleMs = 1_000;
/** After so long nothing may show a failure any more. Source: decided for the product. */
const aftermathMs = 30_000;

export const crowds: Item = {
  name: "crowd",
  async run({ sizes, progress, newFleet }) {
    progress.begin("mutual dials");
    const wrong: number[] = [];
    const failed: number[] = [];
    const took: number[] = [];
    for (let done = 0; done < sizes.mutualDials; done += pairsAtOnce) {
      await using fleet = newFleet();
      const pairs = await Promise.all(
        Array.from({ length: pairsAtOnce }, () => Promise.all([fleet.node(), fleet.node()])),
      );
      for (const [one, two] of pairs) {
        const [from, { begunAt }] = await Promise.all([
          one.ask("dial", { address: two.address }),
          two.ask("dial", { address: one.address }),
        ]);
        const connected = await Promise.all([
          one.ask("connectedAt", { peer: two.peer }),
          two.ask("connectedAt", { peer: one.peer }),
        ]);
        took.push(Math.max(...connected.map(({ at }) => at)) - Math.min(from.begunAt, begunAt));
      }
      await pause(settleMs);
      for (const node of pairs.flat()) {
        const counted = await countsOf(node);
        wrong.push(counted.links === 1 ? 0 : 1);
        failed.push(counted.failures);
      }
      progress.at(done + pairsAtOnce, sizes.mutualDials, "pairs");
    }
    return [
      { name: "mutual dials → Connected on both", unit: "ms", better: "lower", samples: took },
      { name: "nodes with other than one link", unit: "", better: "lower", samples: [sum(wrong)], target: 0 },
      { name: "dials that failed, links that broke", unit: "", better: "lower", samples: [sum(failed)], target: 0 },
      ...(await twelveAtOnce(newFleet())),
    ];
  },
};

async function twelveAtOnce(made: Fleet): Promise<readonly Figure[]> {
  await using fleet = made;
  const nodes = await Promise.all(Array.from({ length: crowd }, () => fleet.node()));
  const readyAt = nowMs();
  await Promise.all(
    nodes.flatMap((node) =>
      nodes.filter((other) => other !== node).map(({ address }) => node.ask("dial", { address })),
    ),
  );
  const connected: number[] = [];
  for (const node of nodes)
    for (const other of nodes)
      if (other !== node) connected.push((await node.ask("connectedAt", { peer: other.peer })).at);
  await pause(settleMs);
  const files = nodes.map(openFiles);
  await pause(aftermathMs);
  const counts = await Promise.all(nodes.map(countsOf));
  return [
    {
      name: "12 nodes at once, all 66 links",
      unit: "ms",
      better: "lower",
      samples: [Math.max(...connected) - readyAt],
      target: 5_000,
    },
    {
      name: "of those, nodes without exactly 11 links 30 s later",
      unit: "",
      better: "lower",
      samples: [counts.filter(({ links }) => links !== crowd - 1).length],
      target: 0,
    },
    {
      name: "open files more than 30 s before, most of a node",
      unit: "",
      better: "lower",
      samples: [Math.max(...nodes.map((node, index) => openFiles(node) - (files[index] ?? 0)))],
      target: 0,
    },
  ];
}

function openFiles({ child }: BenchNode): number {
  return readdirSync(`/proc/${child.pid}/fd`).length;
}

/** Links that stand, and dials or links that ended otherwise than as the surplus one of two. */
async function countsOf(node: BenchNode): Promise<{ readonly links: number; readonly failures: number }> {
  const { text } = await node.ask("metrics", undefined);
  let links = 0;
  let failures = 0;
  for (const line of text.split("\n")) {
    const value = Number(line.slice(line.lastIndexOf(" ") + 1));
    if (line.startsWith("p2p_sync_active_connections ")) links = value;
    const isEnd = line.startsWith("p2p_sync_dials_total{") || line.startsWith("p2p_sync_disconnects_total{");
    if (isEnd && !/"(admitted|duplicate)"/u.test(line)) failures += value;
  }
  return { links, failures };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
