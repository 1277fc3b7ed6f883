/**
 * `npm run sim:calibrate`: the same graph and the same puts on real processes and in the simulator,
 * and the counts of both side by side. Fails where messages or bytes differ by more than allowed.
 *
 *   --seed N --nodes N --graph mesh|sparse --puts-per-second N --seconds T
 *   --worlds N      simulated worlds, which differ in chance alone; their mean is compared
 *   --keep PATH     what the real nodes counted, as PATH-GRAPH.json
 *
 * Counts are compared, not times; but processes that get too little of the machine gather several
 * puts into one message, which no simulated node does. Ten puts a second on 20 nodes are too many
 * for two cores.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Fleet } from "../fleet.ts";
import { load, machine } from "../machine.ts";
import { differenceMax, differences } from "./compare.ts";
import { type Counts, countNames, mean, sum } from "./counts.ts";
import { type Graph, type PlanRequest, drawPlan, graphs } from "./plan.ts";
import { type Outcome, runReal } from "./real.ts";
import { runSimulated } from "./simulated.ts";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      nodes: { type: "string", default: "20" },
      graph: { type: "string" },
      "puts-per-second": { type: "string", default: "2" },
      seconds: { type: "string", default: "60" },
      worlds: { type: "string", default: "8" },
      keep: { type: "string" },
    },
  });
  const request: PlanRequest = {
    seed: Number(values.seed),
    nodes: Number(values.nodes),
    putsPerSecond: Number(values["puts-per-second"]),
    putsMs: 1000 * Number(values.seconds),
  };
  const { cpu, cores, system, node, libp2p } = machine();
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cores} cores ${cpu}, ${system}, Node ${node}, libp2p ${libp2p}`,
  );
  const chosen = values.graph === undefined ? graphs : graphs.filter((graph) => graph === values.graph);
  if (chosen.length === 0) throw new Error(`${values.graph} is none of ${graphs.join(", ")}`);
  for (const graph of chosen)
    if (!(await calibrate(graph, request, Number(values.worlds), values.keep))) process.exitCode = 1;
}

async function calibrate(graph: Graph, request: PlanRequest, worlds: number, keep?: string): Promise<boolean> {
  await using fleet = new Fleet(undefined);
  const plan = drawPlan(graph, request);
  const real = await runReal(plan, fleet);
  const simulated = runSimulated(plan, real, worlds);
  const ofWorlds = simulated.map(({ counts }) => sum(counts));
  if (keep !== undefined) writeFileSync(`${keep}-${graph}.json`, JSON.stringify(real));
  const puts = plan.puts.reduce((total, each) => total + each.length, 0);
  console.log(`\n${graph}: ${plan.nodes} nodes, ${plan.edges.length} links, ${puts} puts, seed ${plan.seed}`);
  printTable(sum(real.counts), ofWorlds);
  console.log(`load of the machine ${load()}`);
  console.log(`a merge took ${real.mergeMs.toFixed(0)} ms on the real nodes`);
  printMesh(real, simulated);
  const apart = differences(sum(real.counts), mean(ofWorlds));
  for (const name of apart) console.log(`${graph}: ${name} differ by more than ${100 * differenceMax} %`);
  return apart.length === 0;
}

function printTable(real: Counts, worlds: readonly Counts[]): void {
  const row = (name: string, cells: readonly string[]): void => {
    console.log(name.padEnd(20) + cells.map((cell) => cell.padStart(12)).join(""));
  };
  const simulated = mean(worlds);
  row("", ["real", "simulated", "ratio", "least", "most"]);
  for (const name of countNames) {
    const ratio = real[name] === 0 ? "" : (simulated[name] / real[name]).toFixed(2);
    const each = worlds.map((counts) => counts[name]);
    row(name, [
      String(real[name]),
      String(simulated[name]),
      ratio,
      String(Math.min(...each)),
      String(Math.max(...each)),
    ]);
  }
}

function printMesh(real: Outcome, worlds: readonly Outcome[]): void {
  const average = (all: readonly number[]): string => (all.reduce((a, b) => a + b, 0) / all.length).toFixed(1);
  const range = (meshPeers: readonly number[]): string =>
    `${average(meshPeers)} (${Math.min(...meshPeers)} to ${Math.max(...meshPeers)})`;
  const simulated = worlds.flatMap(({ meshPeers }) => meshPeers);
  console.log(`mesh links of a node: real ${range(real.meshPeers)}, simulated ${range(simulated)}`);
}

await main();
