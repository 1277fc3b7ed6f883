/**
 * `npm run sim:calibrate`: the same graph and the same puts on real processes and in the simulator,
 * and the counts of both side by side. Fails where messages or bytes differ by more than allowed.
 *
 *   --seed N --nodes N --graph mesh|sparse --puts-per-second N --seconds T
 *   --per-node      the table of each node, too
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
import { type Counts, countNames, sum } from "./counts.ts";
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
      seconds: { type: "string", default: "30" },
      keep: { type: "string" },
      "per-node": { type: "boolean", default: false },
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
    if (!(await calibrate(graph, request, values["per-node"], values.keep))) process.exitCode = 1;
}

async function calibrate(graph: Graph, request: PlanRequest, isPerNode: boolean, keep?: string): Promise<boolean> {
  await using fleet = new Fleet(undefined);
  const plan = drawPlan(graph, request);
  const real = await runReal(plan, fleet);
  const simulated = runSimulated(plan, real);
  if (keep !== undefined) writeFileSync(`${keep}-${graph}.json`, JSON.stringify(real));
  const puts = plan.puts.reduce((total, each) => total + each.length, 0);
  console.log(`\n${graph}: ${plan.nodes} nodes, ${plan.edges.length} links, ${puts} puts, seed ${plan.seed}`);
  printTable(sum(real.counts), sum(simulated.counts));
  console.log(`load of the machine ${load()}`);
  console.log(`a merge took ${real.mergeMs.toFixed(0)} ms on the real nodes`);
  printMesh(real, simulated);
  if (isPerNode)
    for (let node = 0; node < plan.nodes; node++) {
      console.log(`\nnode ${node}`);
      printTable(real.counts[node] as Counts, simulated.counts[node] as Counts);
    }
  const apart = differences(sum(real.counts), sum(simulated.counts));
  for (const name of apart) console.log(`${graph}: ${name} differ by more than ${100 * differenceMax} %`);
  return apart.length === 0;
}

function printTable(real: Counts, simulated: Counts): void {
  console.log(`${"".padEnd(20)}${"real".padStart(12)}${"simulated".padStart(12)}${"ratio".padStart(8)}`);
  for (const name of countNames) {
    const share = real[name] === 0 ? "" : (simulated[name] / real[name]).toFixed(2);
    const line = [String(real[name]).padStart(12), String(simulated[name]).padStart(12), share.padStart(8)];
    console.log(name.padEnd(20) + line.join(""));
  }
}

function printMesh(real: Outcome, simulated: Outcome): void {
  const mean = (all: readonly number[]): string => (all.reduce((a, b) => a + b, 0) / all.length).toFixed(1);
  const range = ({ meshPeers }: Outcome): string =>
    `${mean(meshPeers)} (${Math.min(...meshPeers)} to ${Math.max(...meshPeers)})`;
  console.log(`mesh links of a node: real ${range(real)}, simulated ${range(simulated)}`);
}

await main();
