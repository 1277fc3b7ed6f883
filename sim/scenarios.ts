/** Kinds of worlds by name: what of the options of a seed each of them fixes. */
import { Prng } from "../src/base/prng.ts";
import { ages, away } from "./age-scenarios.ts";
import {
  type Scenario,
  type WorldOptions,
  drawChaos,
  drawEdges,
  drawHubs,
  drawSparseNet,
  hubsOf,
  mesh,
  never,
} from "./options.ts";

/** Share of the seeds of the default mix in which the horizon is short. */
const agesShare = 0.2;
/** Share of the other seeds of the default mix in which somebody is away for much of a short horizon. */
const awayShare = 0.06;
/** So that the chance of it changes no other seed. */
const agesSalt = 0x5a17;
const detectorSalt = 0xde7e;
/** Share of the seeds of the default mix, without a short horizon or absences, in which failure detectors are on. */
const detectorShare = 0.3;

export function drawOptions(seed: number, scenario: Scenario): WorldOptions {
  const prng = new Prng(seed * 2 + 1);
  const base = drawChaos(seed, prng);
  const own = new Prng(seed * 2 + agesSalt);
  if (scenario !== "chaos") return { ...base, ...changes[scenario](base, prng), scenario };
  if (own.chance(agesShare)) return { ...base, ...ages(base, own), scenario };
  if (own.chance(awayShare)) return { ...base, ...away(base, own), scenario };
  return { ...base, detector: new Prng(seed * 2 + detectorSalt).chance(detectorShare) };
}

const calm: Partial<WorldOptions> = {
  every: never,
  turnCrash: 0,
  tornWrite: 0,
  commitFailure: 0,
  readFailure: 0,
  isRelaxed: false,
  hostiles: 0,
  newer: 0,
  skewMsMax: 0,
  lateNodes: 0,
  healsCoreFirst: false,
};
/** Whoever cannot be delayed by a long backoff or a wrong stamp converges within minutes. */
const soon: Partial<WorldOptions> = { ...calm, quietMsMax: 5 * 60_000, mdns: true };
const late: Partial<WorldOptions> = { ...calm, quietMsMax: 80 * 60_000 };

const changes: Readonly<Record<Scenario, (base: WorldOptions, prng: Prng) => Partial<WorldOptions>>> = {
  chaos: () => ({}),
  partition: () => ({
    ...soon,
    every: {
      ...never,
      partition: 8_000,
      oneWay: 12_000,
      halfDeaf: 15_000,
      ring: 15_000,
      flap: 8_000,
      clog: 8_000,
      linkBreak: 10_000,
    },
  }),
  crashes: () => ({
    ...soon,
    every: { ...never, crash: 6_000, powerCut: 6_000, stop: 15_000 },
    turnCrash: 0.01,
    tornWrite: 0.003,
    commitFailure: 0.003,
  }),
  clocks: (base, prng) => {
    const nodes = Math.max(4, base.nodes);
    const every = { ...never, clockJump: 8_000, clockWrong: 20_000, clockFreeze: 10_000, clockDrift: 10_000 };
    return { ...late, nodes, edges: drawEdges(nodes, prng), skewMsMax: 20_000, every };
  },
  hostile: (_base, prng) => ({ ...late, hostiles: 1 + prng.below(2), every: { ...never, linkBreak: 20_000 } }),
  /** Disks that lose, fail, fill up or lie. */
  disks: (base) => ({
    ...late,
    isRelaxed: base.isRelaxed,
    every: { ...never, powerCut: 8_000, wipe: 20_000, oldCopy: 20_000, diskFull: 10_000, bitFlip: 20_000 },
    tornWrite: 0.003,
    commitFailure: 0.003,
    readFailure: 0.000_3,
  }),
  versions: () => ({ ...late, newer: 2, every: { ...never, linkBreak: 20_000 } }),
  "old-batches": () => ({ ...late, hostiles: 1, servesOld: true, keys: 40 }),
  ages,
  away,
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
  /** What the speed of the simulator is measured by: seven nodes, 20 puts a second on each, now and then many in a batch; nothing goes wrong. */
  steady: () => ({ ...soon, ...steadyLoad, nodes: 7, edges: mesh(7), chaosMs: 300_000 }),
  /** A thousand members on a sparse net: how far one process reaches, and what a member costs. */
  thousand: (_base, prng) => ({
    ...soon,
    ...steadyLoad,
    nodes: 1_000,
    edges: drawSparseNet(1_000, 8, prng),
    bothDial: false,
    mdns: false,
    keys: 100,
    chaosMs: 20_000,
    restMs: 15_000,
    writeEveryMs: 200,
  }),
  /** A thousand members of which some have 50 links and most a few: what the busiest bears, and that the rest goes on when the ten largest hubs fail at once. */
  hubs: (base, prng) => {
    const edges = drawHubs(1_000, 4, 50, prng);
    const away = [{ nodes: hubsOf(edges, 10), how: "down", fromMs: 8_000, forMs: 60_000 }] as const;
    return { ...changes.thousand(base, prng), edges, away };
  },
};

const bulkLoad: Partial<WorldOptions> = {
  keys: 400,
  valueBytesMin: 64 * 1024 - 16,
  valueBytesMax: 64 * 1024,
  batchOpsMax: 14,
  writeEveryMs: 150,
};

const steadyLoad: Partial<WorldOptions> = {
  bothDial: false,
  realSignatures: false,
  pullEveryMs: 30_000,
  delayMsMax: 50,
  loss: 0,
  duplication: 0,
  reordering: 0,
  streamsApart: false,
  keys: 1_000,
  valueBytesMin: 4,
  valueBytesMax: 200,
  batchOpsMax: 60,
  writeEveryMs: 1_000 / ((7 * 20) / 8.2),
  eagerWrites: 0,
  tieShare: 0,
};
