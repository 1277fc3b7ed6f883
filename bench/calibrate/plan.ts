/** What both sides of a calibration run: a graph and a workload, drawn from one seed. */
import { Prng } from "../../src/base/prng.ts";
import { type Edge, drawSparseNet } from "../../sim/options.ts";
import type { TimedPut } from "../commands.ts";

export const graphs = ["mesh", "sparse"] as const;
export type Graph = (typeof graphs)[number];

export interface Plan {
  readonly seed: number;
  readonly graph: Graph;
  readonly nodes: number;
  /** The second of each pair dials the first, which has started before it. */
  readonly edges: readonly Edge[];
  readonly putsMs: number;
  /** The puts of each node, in the order of time. */
  readonly puts: readonly (readonly TimedPut[])[];
}

const valueBytesMin = 100;
const valueBytesMax = 500;
/** Asked of the drawing of a sparse net; twins are left out, so that about 6 to 7 links per node remain. */
const sparseDegree = 8;

export interface PlanRequest {
  readonly seed: number;
  readonly nodes: number;
  /** On all nodes together. */
  readonly putsPerSecond: number;
  readonly putsMs: number;
}

export function drawPlan(graph: Graph, { seed, nodes, putsPerSecond, putsMs }: PlanRequest): Plan {
  const prng = new Prng(seed);
  const edges = graph === "mesh" ? everyPair(nodes) : drawSparseNet(nodes, sparseDegree, prng);
  const puts = Array.from({ length: nodes }, (): TimedPut[] => []);
  for (let put = 0; put < (putsMs / 1000) * putsPerSecond; put++) {
    prng.pick(puts).push({
      afterMs: prng.unit() * putsMs,
      key: `calibrate/${put}`,
      valueBytes: valueBytesMin + prng.below(valueBytesMax - valueBytesMin + 1),
    });
  }
  for (const each of puts) each.sort((a, b) => a.afterMs - b.afterMs);
  return { seed, graph, nodes, edges, putsMs, puts };
}

export function degrees({ nodes, edges }: Plan): readonly number[] {
  return Array.from({ length: nodes }, (_, node) => edges.filter((edge) => edge.includes(node)).length);
}

function everyPair(nodes: number): readonly Edge[] {
  return Array.from({ length: nodes }, (_, b) => b).flatMap((b) =>
    Array.from({ length: b }, (_each, a): Edge => [a, b]),
  );
}
