/** Each cause is made alone, and the judgement names it and no other. */
import { describe, expect, test } from "vitest";
import type { Instant, PeerId } from "../base/brand.ts";
import type { CandidateSnapshot } from "../core/peers/connections/machine.ts";
import type { MemberComparison } from "../core/sync/comparison.ts";
import type { PeerStatus } from "./facade.ts";
import type { Partition } from "./insight.ts";
import { type NetworkFacts, judgeNetwork, networkCheck } from "./network-health.ts";

const now = 1_800_000_000_000 as Instant;
const ago = (ms: number): Instant => (now - ms) as Instant;
const idOf = (i: number): PeerId => `12D3KooW${i}` as PeerId;

const linkedTo = (count: number): NetworkFacts["snapshot"]["admitted"] =>
  Array.from({ length: count }, (_, i) => ({ peer: idOf(i), link: i, clockOffsetMs: 0 }));

/** Peers numbered on from 100 that are not linked, each for that reason. */
const missing = (count: number, code = "refused"): readonly PeerStatus[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{
      id: idOf(100 + i),
      state: "Failed",
      class: "regular",
      score: undefined,
      direction: undefined,
      address: undefined,
    },
    ...{
      source: "mdns",
      link: undefined,
      rttMs: undefined,
      clockOffsetMs: undefined,
      suspicion: undefined,
      connectedSince: undefined,
    },
    ...{ lastError: { code, reason: "words", at: now }, nextDialAt: undefined, history: [] },
  }));

/** The members away are numbered from 200 on; who is back is named. */
function partition(phase: Partition["phase"], here: number, away: number, back: readonly PeerId[] = []): Partition {
  const there = [
    ...Array.from({ length: away }, (_, i) => ({ peer: idOf(200 + i), returnedAt: undefined })),
    ...back.map((peer) => ({ peer, returnedAt: now, settledAt: undefined })),
  ];
  return { id: 1, phase, here: linkedTo(here).map(({ peer }) => peer), there } as unknown as Partition;
}

function compared(ours: number, theirs: number, forMs: number): MemberComparison {
  const heard = { at: now, round: 0, equal: false, theirs, ours };
  return { peer: idOf(1), heard, differsSince: ago(forMs) } as MemberComparison;
}

interface Change extends Partial<Omit<NetworkFacts, "snapshot">> {
  readonly snapshot?: Partial<NetworkFacts["snapshot"]>;
}

function factsWith({ snapshot, ...change }: Change): NetworkFacts {
  return {
    snapshot: {
      ...{ admitted: linkedTo(4), candidates: [], compared: [], heldBack: 0 },
      clock: { offsetMs: 10, doubted: false },
      ...snapshot,
    },
    ...{ peers: [], configuredPeers: 0, partitions: [], handshakes: { succeeded: 4, failed: 0 }, now },
    ...change,
  };
}

const flapping = { flapping: true, peer: idOf(1), address: "/ip4/192.0.2.1/tcp/1" } as CandidateSnapshot;

test.each<[string, Change, string, "degraded" | "critical", RegExp]>([
  [
    "a clock of which writes are refused",
    { snapshot: { clock: { offsetMs: 40_000, doubted: true } } },
    "clock",
    "critical",
    /40 s off.*set the clock/,
  ],
  [
    "a clock on the way there",
    { snapshot: { clock: { offsetMs: -16_000, doubted: false } } },
    "clock",
    "degraded",
    /-16 s off.*from 30 s on/,
  ],
  ["batches from the future", { snapshot: { heldBack: 2 } }, "heldBack", "degraded", /2 batches come from the future/],
  [
    "nobody linked of those that were",
    { snapshot: { admitted: [] }, peers: missing(2) },
    "alone",
    "critical",
    /none of 2 known members.*why PEER/,
  ],
  [
    "nobody linked of those configured",
    { snapshot: { admitted: [] }, configuredPeers: 3 },
    "alone",
    "critical",
    /none of 3/,
  ],
  [
    "few linked",
    { snapshot: { admitted: linkedTo(1) }, peers: missing(2) },
    "fewLinks",
    "degraded",
    /1 of 3 known members/,
  ],
  [
    "a cut with the smaller side there",
    { partitions: [partition("open", 4, 3)] },
    "partition",
    "degraded",
    /3 members are cut off/,
  ],
  ["one member cut off", { partitions: [partition("open", 4, 1)] }, "partition", "degraded", /^1 member is cut off/],
  [
    "a cut with the smaller side here",
    { partitions: [partition("open", 1, 3)] },
    "partition",
    "critical",
    /more than are on this side/,
  ],
  [
    "what a cut left still coming",
    { partitions: [partition("healing", 4, 0, [idOf(1)])] },
    "healing",
    "degraded",
    /still coming/,
  ],
  [
    "handshakes that fail",
    { handshakes: { succeeded: 1, failed: 3 } },
    "handshakes",
    "degraded",
    /3 of 4 handshakes failed in the last 10 min.*--closed/,
  ],
  [
    "links that flap",
    { snapshot: { candidates: [flapping, flapping] } },
    "flapping",
    "degraded",
    /the links of 12D3KooW1 break/,
  ],
  [
    "a member that lacks much",
    { snapshot: { compared: [compared(1_000, 900, 300_000)] } },
    "membersBehind",
    "degraded",
    /^1 member lacks/,
  ],
  [
    "this node lacking much",
    { snapshot: { compared: [compared(900, 1_000, 300_000)] } },
    "behind",
    "degraded",
    /this node lacks much/,
  ],
])("%s is the one cause", (_, change, code, level, words) => {
  const health = judgeNetwork(factsWith(change));
  expect(health.level).toBe(level);
  expect(health.causes).toEqual([{ code, level, message: expect.stringMatching(words) }]);
  const check = networkCheck(health);
  expect(check).toMatchObject({ name: "network", status: "degraded", message: expect.stringMatching(`^${level}: `) });
});

describe("healthy is", () => {
  test.each<[string, Change]>([
    ["a network without trouble", {}],
    ["a node that has met nobody and is told of nobody", { snapshot: { admitted: [] } }],
    ["one that met only strangers", { snapshot: { admitted: [] }, peers: missing(3, "wrongNetwork") }],
    ["one whose others said goodbye", { snapshot: { admitted: [] }, peers: missing(3, "shuttingDown") }],
    ["one with as many links as are wanted", { snapshot: { admitted: linkedTo(4) }, peers: missing(40) }],
    ["one with half of the links", { snapshot: { admitted: linkedTo(2) }, peers: missing(2) }],
    ["one that failed too few handshakes to say anything", { handshakes: { succeeded: 0, failed: 3 } }],
    ["one where half of the handshakes succeed", { handshakes: { succeeded: 2, failed: 2 } }],
    ["one whose partition is over", { partitions: [partition("ended", 1, 3), partition("lapsed", 1, 3)] }],
    ["one whose member came back from a cut and left again", { partitions: [partition("healing", 4, 0, [idOf(99)])] }],
    ["one whose sets differ for a moment", { snapshot: { compared: [compared(1_000, 0, 299_999)] } }],
    ["one whose sets differ by little", { snapshot: { compared: [compared(1_000, 901, 900_000)] } }],
    ["a small one whose sets differ by much of it", { snapshot: { compared: [compared(99, 0, 900_000)] } }],
  ])("%s", (_, change) => {
    const health = judgeNetwork(factsWith(change));
    expect([health.level, health.causes]).toEqual(["healthy", []]);
    expect(networkCheck(health).status).toBe("ok");
  });
});

test("several causes are all named, and the worst is the level", () => {
  const health = judgeNetwork(
    factsWith({ snapshot: { heldBack: 1, admitted: [] }, configuredPeers: 1, partitions: [partition("open", 0, 1)] }),
  );
  expect(health.level).toBe("critical");
  expect(health.causes.map(({ code }) => code)).toEqual(["heldBack", "alone", "partition"]);
});
