/**
 * What a seed means: every rate and shape of a world, drawn from it and printed when it fails.
 * A scenario fixes some of them (`scenarios.ts`); `chaos` leaves all to the seed.
 */
import type { Millis } from "../src/base/brand.ts";
import type { Prng } from "../src/base/prng.ts";

export const scenarios = [
  "chaos",
  "partition",
  "crashes",
  "clocks",
  "hostile",
  "disks",
  "versions",
  "old-batches",
  "ages",
  "away",
  "diamond",
  "late-joiner",
  "bulk",
  "steady",
  "thousand",
  "hubs",
] as const;
export type Scenario = (typeof scenarios)[number];

/** Some members that are away for a large part of the horizon, or for longer. */
export interface Absence {
  readonly nodes: readonly number[];
  /** `sides`: those are cut off together, so that both sides go on as members that know all there is. */
  readonly how: "down" | "cut" | "backup" | "sides";
  readonly fromMs: Millis;
  readonly forMs: Millis;
}

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
  /** Time after convergence in which every question is answered and nothing may move any more. */
  readonly restMs: Millis;
  readonly pullEveryMs: Millis;
  readonly delayMsMax: Millis;
  /** Shares of gossip messages. */
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
  /** Share of known messages that get past the memory of heard ones, as after its two minutes. */
  readonly forgottenShare: number;
  /** Whether the streams of one link overtake each other. */
  readonly streamsApart: boolean;
  readonly skewMsMax: Millis;
  /** Mean time between two of a kind in the whole world, or 0 for never. */
  readonly every: Readonly<Record<FaultKind, Millis>>;
  /** Faults strike for so long, then none for so long, again and again; 0 for no calm. */
  readonly stormMs: Millis;
  readonly calmMs: Millis;
  /** How long what is deleted or expired is kept. */
  readonly horizonMs: Millis;
  /** By how much honest clocks are off at most, with what a node may be late. */
  readonly slackMs: Millis;
  readonly away: readonly Absence[];
  /** Share of turns in which the power fails between two steps, or between two writes to the disk. */
  readonly turnCrash: number;
  readonly tornWrite: number;
  /** Share of commits, and of reads, that fail. */
  readonly commitFailure: number;
  readonly readFailure: number;
  /** Whether nodes return from a commit before it is synced; a power cut then takes 80 to 100 % of what was not. */
  readonly isRelaxed: boolean;
  readonly hostiles: number;
  /** Whether hostile peers serve batches from before the horizon to those that pull. */
  readonly servesOld: boolean;
  /** Whether hostile peers keep all they hear and bring the old of it again, by every way. */
  readonly hoards: boolean;
  /** Peers that run a later version of the program. */
  readonly newer: number;
  readonly lateNodes: number;
  /** Whether only a connected core is healed at first, and has to converge without the rest. */
  readonly healsCoreFirst: boolean;
  readonly keys: number;
  /** Time after which users leave one key alone for the most part and take a new one, or 0. */
  readonly keysMoveMs: Millis;
  /** Share of values that expire. */
  readonly ttlShare: number;
  readonly valueBytesMin: number;
  readonly valueBytesMax: number;
  readonly batchOpsMax: number;
  readonly writeEveryMs: Millis;
  /** Writes that users make at once when their node has started, in most cases. */
  readonly eagerWrites: number;
  /** Share of writes that several nodes make on one key at one moment. */
  readonly tieShare: number;
  /** Whether the nodes have their failure detectors on. */
  readonly detector: boolean;
}

/** What strikes at a moment; what happens at a rate is named in `coverage.ts`. */
export const faultKinds = [
  "crash",
  "powerCut",
  "stop",
  "pause",
  "slow",
  "wipe",
  "oldCopy",
  "diskFull",
  "bitFlip",
  "partition",
  "oneWay",
  "halfDeaf",
  "ring",
  "flap",
  "clog",
  "linkBreak",
  "clockJump",
  "clockWrong",
  "clockFreeze",
  "clockDrift",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export const never: Readonly<Record<FaultKind, Millis>> = Object.freeze(
  Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, Millis>,
);

/** Share of seeds in which a kind occurs at all. */
const faultShare = 0.3;
/** The same for what an operator has to undo. */
const graveShare = 0.2;
const grave: ReadonlySet<FaultKind> = new Set(["oldCopy", "bitFlip"]);
/** Faults whose traces only a long backoff, a full pull or the passing of a wrong stamp removes. */
const lasting: readonly FaultKind[] = [
  "wipe",
  "oldCopy",
  "bitFlip",
  "clockWrong",
  "clockJump",
  "clockDrift",
  "clockFreeze",
];

export function drawChaos(seed: number, prng: Prng): WorldOptions {
  const nodes = 3 + prng.below(5);
  const hostiles = prng.chance(0.3) ? 1 : 0;
  const newer = prng.chance(0.15) ? 1 : 0;
  const mdns = prng.chance(0.7);
  const isRelaxed = prng.chance(0.1);
  const every = drawEvery(prng);
  const isLong = hostiles > 0 || !mdns || isRelaxed || lasting.some((kind) => every[kind] > 0);
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
    restMs: 70_000,
    pullEveryMs: prng.chance(0.5) ? 30_000 : 1_000 + prng.below(20_000),
    delayMsMax: prng.pick([2, 50, 300, 1_000]),
    loss: prng.pick([0, 0.02, 0.1, 0.3]),
    duplication: prng.pick([0, 0.1, 0.5]),
    reordering: prng.pick([0, 0.1, 0.5]),
    forgottenShare: 0.05,
    streamsApart: prng.chance(0.3),
    skewMsMax: prng.pick([0, 1_000, 10_000, 20_000]),
    every,
    stormMs: 0,
    calmMs: 0,
    horizonMs: 30 * 86_400_000,
    slackMs: 90_000,
    away: [],
    turnCrash: prng.pick([0, 0, 0.001, 0.01]),
    tornWrite: prng.pick([0, 0, 0.001, 0.005]),
    commitFailure: prng.pick([0, 0, 0.001, 0.005]),
    readFailure: prng.pick([0, 0, 0, 0.000_3]),
    isRelaxed,
    hostiles,
    servesOld: false,
    hoards: false,
    newer,
    lateNodes: prng.chance(0.3) ? 1 : 0,
    healsCoreFirst: prng.chance(0.5),
    keys: prng.pick([3, 8, 40]),
    keysMoveMs: 0,
    ttlShare: 0.1,
    valueBytesMin: 4,
    valueBytesMax: prng.pick([8, 200, 2_000]),
    batchOpsMax: prng.pick([2, 8, 60]),
    writeEveryMs: prng.pick([100, 400, 1_500]),
    eagerWrites: 6,
    tieShare: prng.pick([0, 0.05, 0.2]),
    detector: false,
  };
}

function drawEvery(prng: Prng): Readonly<Record<FaultKind, Millis>> {
  const every: Record<FaultKind, Millis> = { ...never };
  for (const kind of faultKinds)
    if (prng.chance(grave.has(kind) ? graveShare : faultShare)) every[kind] = 3_000 + prng.below(20_000);
  return every;
}

/** Everybody with everybody, a ring, a line, or a random connected net. */
export function drawEdges(nodes: number, prng: Prng): readonly Edge[] {
  const shape = prng.pick(["mesh", "ring", "line", "random"] as const);
  const edges: Edge[] = [];
  for (let b = 1; b < nodes; b++) {
    if (shape === "mesh") for (let a = 0; a < b; a++) edges.push([a, b]);
    else edges.push([shape === "random" ? prng.below(b) : b - 1, b]);
  }
  if (shape === "ring" && nodes > 2) edges.push([nodes - 1, 0]);
  if (shape === "random" && prng.chance(0.5)) edges.push([nodes - 1, 0]);
  return withoutTwins(edges);
}

/** A connected net in which everybody dials about `degree` / 2 others, chosen at random. */
export function drawSparseNet(nodes: number, degree: number, prng: Prng): readonly Edge[] {
  const edges: Edge[] = [];
  for (let b = 1; b < nodes; b++) for (let i = 0; i < Math.min(b, degree / 2); i++) edges.push([prng.below(b), b]);
  return withoutTwins(edges);
}

/**
 * A net with hubs: each member dials `degree` others, the sooner the more links they have, none beyond `linksMax`.
 * Source: Barabási, Albert: Emergence of Scaling in Random Networks, 1999.
 */
export function drawHubs(nodes: number, degree: number, linksMax: number, prng: Prng): readonly Edge[] {
  const ends: number[] = [0];
  const links = new Map<number, number>();
  const edges: Edge[] = [];
  for (let b = 1; b < nodes; b++) {
    const dialed = new Set<number>();
    for (let draw = 0; dialed.size < Math.min(b, degree) && draw < 100 * degree; draw++) {
      const a = prng.pick(ends);
      if (a !== b && (links.get(a) ?? 0) < linksMax) dialed.add(a);
    }
    for (const a of dialed) {
      edges.push([a, b]);
      ends.push(a, b);
      for (const end of [a, b]) links.set(end, (links.get(end) ?? 0) + 1);
    }
  }
  return edges;
}

/** The members with most links, the first of them first. */
export function hubsOf(edges: readonly Edge[], count: number): readonly number[] {
  const links = new Map<number, number>();
  for (const end of edges.flat()) links.set(end, (links.get(end) ?? 0) + 1);
  return [...links]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([node]) => node);
}

/** Everybody with everybody. */
export function mesh(nodes: number): readonly Edge[] {
  return Array.from({ length: nodes }, (_, b) => b).flatMap((b) =>
    Array.from({ length: b }, (_, a): readonly [number, number] => [a, b]),
  );
}

function withoutTwins(edges: readonly Edge[]): readonly Edge[] {
  const seen = new Set<string>();
  return edges.filter(([a, b]) => {
    const name = a < b ? `${a}-${b}` : `${b}-${a}`;
    return !seen.has(name) && seen.add(name);
  });
}
