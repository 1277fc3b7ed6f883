/** A plan in the simulator: the same nodes, started at the same moments, and the same puts. */
import type { Millis } from "../../src/base/brand.ts";
import { drawOptions } from "../../sim/scenarios.ts";
import type { WorldOptions } from "../../sim/options.ts";
import { Recorder } from "../../sim/recorder.ts";
import type { NodeTraffic } from "../../sim/traffic.ts";
import { World } from "../../sim/world.ts";
import { type CountName, type Counts, between, countsOf } from "./counts.ts";
import type { Plan } from "./plan.ts";
import type { Outcome, RealOutcome } from "./real.ts";

/**
 * The longest time of a message from process to process, as a share of what a merge takes: both grow with what else the machine
 * does. Source: fitted to how many nodes say in time that they have a large message.
 */
const wayShare = 0.5;
/** What a merge takes in the simulator where no turn is late: two turns and a check of signatures. */
const promptMergeMs = 12;
const turnsToMerge = 2;

/** The same plan in several worlds that differ in chance alone. */
export function runSimulated(plan: Plan, real: RealOutcome, worlds: number): readonly Outcome[] {
  return Array.from({ length: worlds }, (_, world) => runWorld({ ...plan, seed: plan.seed + world }, real));
}

function runWorld(plan: Plan, { startedAt, beginAt, countedFrom, countedTo, mergeMs }: RealOutcome): Outcome {
  const world = new World(optionsOf(plan, wayShare * mergeMs), new Recorder(undefined), undefined);
  const { queue, network, prng } = world.setting;
  const turnLateMs = Math.max(0, (mergeMs - promptMergeMs) / turnsToMerge);
  world.nodes.forEach((node, index) =>
    queue.at(startedAt[index] ?? 0, () => {
      world.start(node);
      node.process?.slowDown(Infinity, turnLateMs);
    }),
  );
  queue.runUntil(countedFrom);
  const before = world.nodes.map(({ index }) => simulatedCounts(network.traffic.of(index)));
  world.nodes.forEach((node, index) => {
    for (const { afterMs: at, key, valueBytes } of plan.puts[index] ?? []) {
      const value = prng.bytes(valueBytes);
      queue.at(beginAt + at, () =>
        node.write([{ type: "put", key, value, ttlSeconds: undefined }], { type: "local" }, true),
      );
    }
  });
  queue.runUntil(countedTo);
  return {
    counts: world.nodes.map(({ index }, at) => {
      const after = simulatedCounts(network.traffic.of(index));
      return between(before[at] ?? after, after);
    }),
    meshPeers: world.nodes.map(({ port }) => port?.gossip.meshSize ?? 0),
  };
}

function optionsOf({ seed, nodes, edges }: Plan, delayMsMax: Millis): WorldOptions {
  return {
    ...drawOptions(seed, "steady"),
    nodes,
    edges,
    mdns: false,
    delayMsMax,
    streamsApart: true,
    forgottenShare: 0,
    pullEveryMs: 30_000,
    eagerWrites: 0,
  };
}

function simulatedCounts({ sent, received, frames }: NodeTraffic): Counts {
  const counts: Readonly<Partial<Record<CountName, number>>> = {
    "gossip published": sent.publish,
    "gossip forwarded": sent.forward,
    "gossip answered": sent.answer,
    "gossip accepted": received.accept,
    "gossip ignored": received.ignore,
    "gossip rejected": received.reject,
    "gossip duplicates": received.duplicate,
  };
  return countsOf((name) => {
    const [protocol, what] = name.split(" ") as [keyof typeof frames, "frames" | "bytes"];
    return counts[name] ?? frames[protocol][what];
  });
}
