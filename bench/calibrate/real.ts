/** A plan on real nodes: processes on loopback, counted by their own metrics. */
import { nowMs, pause, until } from "../clock.ts";
import type { BenchNode, Fleet } from "../fleet.ts";
import { type Counts, between, meshPeersIn, readCounts, sampleIn } from "./counts.ts";
import { type Plan, degrees } from "./plan.ts";

/** From the last link to the first put: hellos, first pulls and the gossip mesh settle. Guess: three heartbeats of 1 s. */
const settleMs = 5_000;
/** From the last put to the end of counting: forwards, advertisements and acknowledgements leave. */
const afterMs = 5_000;

export interface Outcome {
  readonly counts: readonly Counts[];
  /** Peers that each forwards to, at the end. */
  readonly meshPeers: readonly number[];
}

export interface RealOutcome extends Outcome {
  /** When each node was started and when the first put was due, in ms from the first start. */
  readonly startedAt: readonly number[];
  readonly beginAt: number;
  readonly countedFrom: number;
  readonly countedTo: number;
  /** Mean time from a gossip message's arrival to its merging: how busy the machine was. */
  readonly mergeMs: number;
}

export async function runReal(plan: Plan, fleet: Fleet): Promise<RealOutcome> {
  const nodes: BenchNode[] = [];
  const startedAt: number[] = [];
  for (let index = 0; index < plan.nodes; index++) {
    const dialed = plan.edges.filter(([, dialer]) => dialer === index).map(([target]) => nodes[target]?.address ?? "");
    nodes.push(await fleet.node(dialed));
    startedAt.push(nowMs());
  }
  const peersOf = degrees(plan);
  await Promise.all(nodes.map((node, index) => node.ask("awaitPeers", { peers: peersOf[index] ?? 0 })));
  await pause(settleMs);
  const before = await scrape(nodes);
  const countedFrom = nowMs();
  const beginAt = nowMs() + 500;
  await Promise.all(nodes.map((node, index) => node.ask("putTimed", { beginAt, puts: plan.puts[index] ?? [] })));
  await until(beginAt + plan.putsMs + afterMs);
  const after = await scrape(nodes);
  const countedTo = nowMs();
  await Promise.all(nodes.map((node) => node.stop()));
  const from = startedAt[0] ?? 0;
  return {
    counts: after.map((text, index) => between(readCounts(before[index] ?? ""), readCounts(text))),
    meshPeers: after.map(meshPeersIn),
    startedAt: startedAt.map((at) => at - from),
    beginAt: beginAt - from,
    countedFrom: countedFrom - from,
    countedTo: countedTo - from,
    mergeMs: meanMergeMs(after),
  };
}

function meanMergeMs(scrapes: readonly string[]): number {
  const total = (sample: string): number => scrapes.reduce((sum, text) => sum + sampleIn(text, sample), 0);
  return (1000 * total("gossip_merge_seconds_sum")) / Math.max(1, total("gossip_merge_seconds_count"));
}

async function scrape(nodes: readonly BenchNode[]): Promise<readonly string[]> {
  const scraped = await Promise.all(nodes.map((node) => node.ask("metrics", undefined)));
  return scraped.map(({ text }) => text);
}
