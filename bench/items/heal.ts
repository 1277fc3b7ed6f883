/**
 * How long a network that fell in two takes to be one again. Two linked nodes with the same
 * entries are cut off from each other over their test ports: links end at once, dials fail, and
 * nobody tells them when it is over. Each is given new entries meanwhile, as single puts. The clock
 * runs from the end of the cut at both until both count all entries as durable; then roots are compared.
 */
import type { Bench, Item } from "../figure.ts";
import { repeated } from "../figure.ts";
import { nowMs, pause } from "../clock.ts";
import type { BenchNode } from "../fleet.ts";

/** The link is an old and good one before it is cut, as in a network that runs. Source: `steadyLinkMs`, and some. */
const steadyMs = 11_000;

/** Time from the end of a cut to equal roots. Source: decided for the product, up to 10^5 entries and up to 10^6. */
const targets = [
  { entriesMax: 100_000, ms: 10_000 },
  { entriesMax: 1_000_000, ms: 60_000 },
];

export const heal: Item = {
  name: "heal",
  async run(bench) {
    const { healEntries, healNews, cutMs } = bench.sizes;
    const what = `${healEntries} entries, ${healNews} new on each side, cut for ${cutMs / 1_000} s`;
    const found = await repeated(bench, what, (label) => healOnce(bench, label));
    const target = targets.find(({ entriesMax }) => healEntries <= entriesMax)?.ms;
    return [
      { name: `${what}: end of the cut → equal roots`, unit: "ms", better: "lower", samples: found.equal, target },
      { name: "of these, until they are linked again", unit: "ms", better: "lower", samples: found.linked },
    ];
  },
};

async function healOnce(bench: Bench, label: string): Promise<{ readonly equal: number; readonly linked: number }> {
  const { healEntries, healNews, cutMs } = bench.sizes;
  await using fleet = bench.newFleet(true);
  bench.progress.begin(label);
  const [left, right] = (await fleet.linked(2)) as [BenchNode, BenchNode];
  const linkedAt = nowMs();
  await left.ask("prepare", { set: "common", count: healEntries });
  await left.ask("write", { batch: 1_000, inFlight: 4 });
  await right.ask("awaitEntries", { count: healEntries }, (done, total) => bench.progress.at(done, total, "entries"));
  await pause(Math.max(0, linkedAt + steadyMs - nowMs()));
  await Promise.all([left.ask("cut", { peers: [right.peer] }), right.ask("cut", { peers: [left.peer] })]);
  const cutAt = nowMs();
  await Promise.all([writeNews(left, "left", healNews), writeNews(right, "right", healNews)]);
  const entries = await Promise.all([left, right].map((node) => node.ask("wrong", { samples: 1 })));
  if (entries.some((each) => each.entries !== healEntries + healNews)) throw new Error("the cut let something through");
  await pause(Math.max(0, cutAt + cutMs - nowMs()));
  const healedAt = nowMs();
  await Promise.all([left, right].map((node) => node.ask("cut", { peers: [] })));
  const linking = Promise.all([left, right].map((node) => node.ask("awaitPeers", { peers: 1 }))).then(nowMs);
  const count = healEntries + 2 * healNews;
  const ends = await Promise.all([left, right].map((node) => node.ask("awaitEntries", { count })));
  const roots = await Promise.all([left, right].map((node) => node.ask("root", undefined)));
  if (roots[0]?.root !== roots[1]?.root) throw new Error("both have all entries and the roots differ");
  const linked = (await linking) - healedAt;
  await Promise.all([left, right].map((node) => node.stop()));
  return { equal: Math.max(...ends.map(({ at }) => at)) - healedAt, linked };
}

/** Signed one by one, as people write. */
async function writeNews(node: BenchNode, set: string, count: number): Promise<void> {
  await node.ask("prepare", { set, count });
  await node.ask("write", { batch: 1, inFlight: 64 });
}
