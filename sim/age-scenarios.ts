/** Worlds with a short horizon, in which what is due is really forgotten while users write. */
import type { Prng } from "../src/base/prng.ts";
import { type Absence, type FaultKind, type WorldOptions, drawEdges, faultKinds, mesh, never } from "./options.ts";

/** Clocks off by 10 s and what they drift and freeze, and the longest pause of a node. */
const slackMs = 75_000;
/** Share of turns that end in a crash of one kind: in some minutes one does. */
const crashShareMax = 0.000_5;
/** What may strike in a world that forgets: no clock is an hour wrong where an hour is longer than the horizon. */
const kinds: readonly FaultKind[] = faultKinds.filter(
  (kind) => kind !== "wipe" && kind !== "bitFlip" && kind !== "clockWrong",
);

/** What all worlds with a short horizon have in common. */
function forgetting(horizonMs: number, prng: Prng): Partial<WorldOptions> {
  return {
    horizonMs,
    slackMs,
    newer: 0,
    mdns: true,
    isRelaxed: false,
    healsCoreFirst: false,
    realSignatures: false,
    quietMsMax: 30 * 60_000,
    pullEveryMs: 3_000 + prng.below(12_000),
    keys: prng.pick([8, 30]),
    keysMoveMs: prng.pick([2_000, 8_000]),
    ttlShare: 0.3,
    valueBytesMax: 40,
    batchOpsMax: prng.pick([2, 8]),
    writeEveryMs: prng.pick([1_500, 3_000]),
  };
}

/**
 * Users write, delete and let values expire while everything goes wrong; hostile members keep every
 * batch and bring the old ones again. After each storm comes a calm, so that nobody is cut off for
 * more than a sixth of the horizon. A new member takes old batches from anybody (docs/SIMULATION.md), so
 * where there are hoarders there is none, and no disk is emptied.
 */
export function ages(base: WorldOptions, prng: Prng): Partial<WorldOptions> {
  const horizonMs = 360_000 + prng.below(240_000);
  const nodes = 3 + prng.below(3);
  const hoards = prng.chance(0.6);
  const every = { ...never };
  for (const kind of kinds) if (prng.chance(0.4)) every[kind] = 4_000 + prng.below(12_000);
  if (!hoards && prng.chance(0.3)) every.wipe = 15_000;
  return {
    ...forgetting(horizonMs, prng),
    nodes,
    edges: drawEdges(nodes, prng),
    every,
    skewMsMax: prng.pick([0, 1_000, 10_000]),
    chaosMs: Math.floor(horizonMs * (1.3 + prng.unit() * 0.7)),
    stormMs: horizonMs / 18,
    calmMs: horizonMs / 9,
    hostiles: hoards ? 1 : 0,
    hoards,
    lateNodes: hoards ? 0 : base.lateNodes,
    // Who crashes every few seconds, calm or not, never compares all it has with anybody, and is as good as away.
    turnCrash: Math.min(base.turnCrash, crashShareMax),
    tornWrite: Math.min(base.tornWrite, crashShareMax),
    commitFailure: Math.min(base.commitFailure, crashShareMax),
    readFailure: Math.min(base.readFailure, crashShareMax / 10),
  };
}

/**
 * Rarely: a link that breaks again and again is dialed ever more rarely, for up to 15 minutes, which is longer than the
 * horizons here. Those that are not away are meant to stay current.
 */
const linkBreakMs = 150_000;

/** Some are away for so long that others have forgotten what they still hold, or half of all are on their own. */
export function away(base: WorldOptions, prng: Prng): Partial<WorldOptions> {
  const horizonMs = 300_000 + prng.below(120_000);
  const nodes = 4 + prng.below(3);
  const absences = prng.chance(0.2) ? [drawSides(nodes, horizonMs, prng)] : drawAbsences(nodes, horizonMs, prng);
  const endMs = Math.max(...absences.map(({ fromMs, forMs }) => fromMs + forMs));
  return {
    ...forgetting(horizonMs, prng),
    nodes,
    edges: mesh(nodes),
    every: { ...never, linkBreak: linkBreakMs },
    skewMsMax: prng.pick([0, 1_000]),
    turnCrash: 0,
    tornWrite: 0,
    commitFailure: 0,
    readFailure: 0,
    hostiles: 0,
    lateNodes: absences.some(({ how }) => how === "sides") ? 0 : base.lateNodes,
    away: absences,
    chaosMs: Math.floor(endMs + 30_000),
  };
}

/** At least two members stay, so that somebody is current. The last one may come late. */
function drawAbsences(nodes: number, horizonMs: number, prng: Prng): readonly Absence[] {
  const count = 1 + prng.below(nodes - 3);
  return Array.from({ length: count }, (_, index) => ({
    nodes: [index],
    how: prng.pick(["down", "cut", "backup"] as const),
    fromMs: Math.floor(horizonMs * (0.1 + 0.4 * prng.unit())),
    forMs: Math.floor(horizonMs * (0.3 + 1.7 * prng.unit())),
  }));
}

/** Two sides, each of at least two members, apart for longer than the horizon. */
function drawSides(nodes: number, horizonMs: number, prng: Prng): Absence {
  const forMs = Math.floor(horizonMs * (1.1 + prng.unit()));
  return { nodes: nodes < 6 || prng.chance(0.5) ? [0, 1] : [0, 1, 2], how: "sides", fromMs: 40_000, forMs };
}
