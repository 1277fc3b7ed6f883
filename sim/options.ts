/**
 * What a seed means: every rate and shape of a world, drawn from it and printed when it fails.
 * A scenario fixes some of them; `chaos` leaves all to the seed.
 */
import type { Millis } from "../src/base/brand.ts";
import { Prng } from "../src/base/prng.ts";

export const scenarios = [
  "chaos",
  "partition",
  "crashes",
  "clocks",
  "hostile",
  "old-batches",
  "diamond",
  "late-joiner",
  "bulk",
] as const;
export type Scenario = (typeof scenarios)[number];

export type Edge = readonly [number, number];

export interface WorldOptions {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly nodes: number;
  /** Who knows whose address; the first of each pair dials, in some seeds both do. */
  readonly edges: readonly Edge[];
  readonly bothDial: boolean;
  /** Whether addresses are announced again and again, which ends a long backoff. */
  readonly mdns: boolean;
  readonly realSignatures: boolean;
  readonly chaosMs: Millis;
  readonly quietMsMax: Millis;
  readonly pullEveryMs: Millis;
  readonly delayMsMax: Millis;
  /** Shares of gossip messages. */
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  /** Whether the streams of one link overtake each other. */
  readonly streamsApart: boolean;
  readonly skewMsMax: Millis;
  /** Mean time between two of a kind in the whole world, or 0 for never. */
  readonly every: Readonly<Record<FaultKind, Millis>>;
  /** Share of turns in which the process dies or its disk fails. */
  readonly turnCrash: number;
  readonly commitFailure: number;
  readonly hostiles: number;
  /** Whether hostile peers serve batches from before the horizon to those that pull. */
  readonly servesOld: boolean;
  readonly lateNodes: number;
  readonly keys: number;
  readonly valueBytesMin: number;
  readonly valueBytesMax: number;
  readonly batchOpsMax: number;
  readonly writeEveryMs: Millis;
}

export const faultKinds = [
  "crash",
  "stop",
  "partition",
  "oneWay",
  "linkBreak",
  "pause",
  "clockJump",
  "clockWrong",
] as const;
export type FaultKind = (typeof faultKinds)[number];

const never: Record<FaultKind, Millis> = {
  crash: 0,
  stop: 0,
  partition: 0,
  oneWay: 0,
  linkBreak: 0,
  pause: 0,
  clockJump: 0,
  clockWrong: 0,
};

export function drawOptions(seed: number, scenario: Scenario): WorldOptions {
  const prng = new Prng(seed * 2 + 1);
  const base = drawChaos(seed, prng);
  return { ...base, ...changes[scenario](base, prng), scenario };
}

function drawChaos(seed: number, prng: Prng): WorldOptions {
  const nodes = 3 + prng.below(5);
  const hostiles = prng.chance(0.3) ? 1 : 0;
  const mdns = prng.chance(0.7);
  const every = { ...never };
  for (const kind of faultKinds) if (prng.chance(0.5)) every[kind] = 3_000 + prng.below(20_000);
  const isLong = hostiles > 0 || !mdns || every.clockWrong > 0 || every.clockJump > 0;
  return {
    seed,
    scenario: "chaos",
    nodes,
    edges: drawEdges(nodes, prng),
    bothDial: prng.chance(0.4),
    mdns,
    realSignatures: prng.chance(0.1),
    chaosMs: 10_000 + prng.below(50_000),
    quietMsMax: (isLong ? 80 : 5) * 60_000,
    pullEveryMs: prng.chance(0.5) ? 30_000 : 1_000 + prng.below(20_000),
    delayMsMax: prng.pick([2, 50, 300, 1_000]),
    loss: prng.pick([0, 0.02, 0.1, 0.3]),
    duplication: prng.pick([0, 0.1, 0.5]),
    reordering: prng.pick([0, 0.1, 0.5]),
    streamsApart: prng.chance(0.3),
    skewMsMax: prng.pick([0, 1_000, 10_000, 20_000]),
    every,
    turnCrash: prng.pick([0, 0, 0.001, 0.01]),
    commitFailure: prng.pick([0, 0, 0.001, 0.005]),
    hostiles,
    servesOld: false,
    lateNodes: prng.chance(0.3) ? 1 : 0,
    keys: prng.pick([3, 8, 40]),
    valueBytesMin: 4,
    valueBytesMax: prng.pick([8, 200, 2_000]),
    batchOpsMax: prng.pick([2, 8, 60]),
    writeEveryMs: prng.pick([100, 400, 1_500]),
  };
}

/** Everybody with everybody, a ring, a line, or a random connected net. */
function drawEdges(nodes: number, prng: Prng): readonly Edge[] {
  const shape = prng.pick(["mesh", "ring", "line", "random"] as const);
  const edges: Edge[] = [];
  for (let b = 1; b < nodes; b++) {
    if (shape === "mesh") for (let a = 0; a < b; a++) edges.push([a, b]);
    else edges.push([shape === "random" ? prng.below(b) : b - 1, b]);
  }
  if (shape === "ring" && nodes > 2) edges.push([nodes - 1, 0]);
  if (shape === "random" && prng.chance(0.5)) edges.push([nodes - 1, 0]);
  return edges.filter(
    ([a, b], index) => edges.findIndex(([c, d]) => (a === c && b === d) || (a === d && b === c)) === index,
  );
}

const calm: Partial<WorldOptions> = {
  every: never,
  turnCrash: 0,
  commitFailure: 0,
  hostiles: 0,
  skewMsMax: 0,
  lateNodes: 0,
};
/** Whoever cannot be delayed by a long backoff or a wrong stamp converges within minutes. */
const soon: Partial<WorldOptions> = { ...calm, quietMsMax: 5 * 60_000, mdns: true };
const late: Partial<WorldOptions> = { ...calm, quietMsMax: 80 * 60_000 };

const changes: Readonly<Record<Scenario, (base: WorldOptions, prng: Prng) => Partial<WorldOptions>>> = {
  chaos: () => ({}),
  partition: () => ({ ...soon, every: { ...never, partition: 8_000, oneWay: 12_000, linkBreak: 10_000 } }),
  crashes: () => ({ ...soon, every: { ...never, crash: 3_000, stop: 15_000 }, turnCrash: 0.01, commitFailure: 0.003 }),
  clocks: (base, prng) => {
    const nodes = Math.max(4, base.nodes);
    const every = { ...never, clockJump: 8_000, clockWrong: 20_000 };
    return { ...late, nodes, edges: drawEdges(nodes, prng), skewMsMax: 20_000, every };
  },
  hostile: (_base, prng) => ({ ...late, hostiles: 1 + prng.below(2), every: { ...never, linkBreak: 20_000 } }),
  "old-batches": () => ({ ...late, hostiles: 1, servesOld: true, keys: 40 }),
  /** A-{B,C}-D: everything reaches D over both ways. */
  diamond: () => ({
    ...soon,
    nodes: 4,
    edges: [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
    ],
    loss: 0,
    duplication: 0,
  }),
  "late-joiner": () => ({ ...soon, lateNodes: 1 }),
  /** The largest values and batches there may be, and a node that has to fetch them all. */
  bulk: () => ({
    ...soon,
    ...bulkLoad,
    nodes: 3,
    edges: [
      [0, 1],
      [1, 2],
    ],
    lateNodes: 1,
    chaosMs: 6_000,
  }),
};

const bulkLoad: Partial<WorldOptions> = {
  keys: 400,
  valueBytesMin: 64 * 1024 - 16,
  valueBytesMax: 64 * 1024,
  batchOpsMax: 14,
  writeEveryMs: 150,
};
