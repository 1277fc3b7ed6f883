/**
 * What has to happen in enough seeds of the default scenario: every kind of fault, of mischief and of
 * note. A simulator that never does something proves nothing about it; a kind that stops happening
 * without anybody noticing is the usual way there.
 */
import type { Note } from "../src/core/notes.ts";
import { walkKinds } from "./hostile-walk.ts";
import { faultKinds } from "./options.ts";

/** Seeds after which every kind must have happened. Guess: the rarest happens in one of about 30. */
export const seedsUntilComplete = 500;

/** What happens at a rate, beside the kinds that strike at a moment. */
const rates = [
  "loss",
  "duplication",
  "reordering",
  "delay",
  "skew",
  "turnCrash",
  "tornWrite",
  "eioCommit",
  "eioRead",
  "fsync",
  "enospc",
  "unsyncedDamaged",
  "lateJoiner",
  "coreOnly",
  "tie",
] as const;

const mischief: readonly string[] = [
  "ack",
  "addresses",
  "endless",
  "falseFrontier",
  "falseHash",
  "gossip:altered",
  "gossip:belowFloor",
  "gossip:farFuture",
  "gossip:forged",
  "gossip:future",
  "gossip:mixed",
  "gossip:noise",
  "gossip:otherNetwork",
  "gossip:own",
  "gossip:replay",
  "gossip:resigned",
  "gossip:truncated",
  "noHello",
  "oversized",
  "pull",
  "rubbish",
  "split",
  "walk",
  ...walkKinds,
];

const laterVersions = ["hello", "goodbye:wrongVersion", "gossip", "frame", "goodbye:protocolViolation"] as const;

/** Whether each kind of note happens in simulation, or why it cannot. */
const notes: Readonly<Record<Note["type"], "happens" | { readonly cannot: string }>> = {
  partitionBegan: "happens",
  partitionEnded: "happens",
  linkAdmitted: "happens",
  goodbye: "happens",
  peerBanned: "happens",
  peerJudged: "happens",
  reachFound: { cannot: "simulated nodes have no addresses that others could dial back" },
  relayAsked: { cannot: "simulated nodes have no addresses that others could dial back" },
  addressesTold: { cannot: "no simulated node tells addresses: eclipse attacks have a simulation of their own" },
  lookupEnded: { cannot: "no simulated user names a peer by its id: lookups have a simulation of their own" },
  linkMismatch: { cannot: "what the simulated network tells is never lost; tests of replica and driver lose it" },
  linkGone: "happens",
  dialFailed: "happens",
  dialPlanned: "happens",
  candidateFound: "happens",
  candidateRefused: "happens",
  frameMalformed: "happens",
  peerMisbehaved: { cannot: "told of streams and of gossip below its messages, which the simulated network has not" },
  frameRefused: "happens",
  parcelRefused: "happens",
  batchesMerged: "happens",
  batchesForwarded: "happens",
  batchHeldBack: "happens",
  heldBackDropped: "happens",
  heldBackReleased: "happens",
  entriesBelowFloor: "happens",
  collected: "happens",
  setAside: "happens",
  heldApart: "happens",
  conflict: "happens",
  equivocation: "happens",
  outboxSent: "happens",
  outboxDropped: "happens",
  partingExplained: "happens",
  pullStarted: "happens",
  pullEnded: "happens",
  walkStarted: "happens",
  walkEnded: "happens",
  walkServed: "happens",
  serveStarted: "happens",
  serveEnded: "happens",
  clockDoubted: "happens",
  clockTrusted: "happens",
  clockRepaired: "happens",
  suspected: "happens",
  unreachableDirectly: "happens",
  suspicionEnded: "happens",
  selfDoubted: "happens",
  selfTrusted: "happens",
  resumed: { cannot: "virtual time never stands still; tests of replica and host watch let it" },
  addressesChanged: { cannot: "simulated nodes have one address; tests of replica and host watch change it" },
  diskRoomChanged: { cannot: "the simulated disk has no end; tests of replica and node fill one" },
  overloaded: { cannot: "64 MiB would have to wait for their signatures; a test of intake fills them" },
};

export function declaredKinds(): readonly string[] {
  return [
    ...faultKinds.map((kind) => `fault:${kind}`),
    ...rates.map((kind) => `fault:${kind}`),
    ...mischief.map((kind) => `hostile:${kind}`),
    ...laterVersions.map((kind) => `newer:${kind}`),
    ...Object.entries(notes).flatMap(([kind, how]) => (how === "happens" ? [`note:${kind}`] : [])),
  ];
}

/** Declared kinds that never happened. */
export function missingKinds(counts: ReadonlyMap<string, number>): readonly string[] {
  return declaredKinds().filter((kind) => (counts.get(kind) ?? 0) === 0);
}
