/**
 * How the network around this node is, in three words: healthy, degraded, critical; and why. It judges from this
 * node's side only: what it knows of members, links, clocks, partitions and of others' sets.
 *
 * Critical: nobody is reachable though members are known, this side of a cut is the smaller one, or this clock is so
 * wrong that writes are refused. Degraded: something a person should look at before it gets worse. A node goes on
 * working through all of it, so `/health` shows a critical network as degraded: the node itself is still fit.
 */
import type { Instant } from "../base/brand.ts";
import { ownSkewMsMax } from "../core/peers/limits.ts";
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { HealthCheck, NetworkCause, NetworkHealth, PeerStatus } from "./facade.ts";
import type { Partition } from "./insight.ts";

/** What the judgement stands on. */
export interface NetworkFacts {
  readonly snapshot: Pick<ReplicaSnapshot, "admitted" | "candidates" | "clock" | "compared" | "heldBack">;
  readonly peers: readonly PeerStatus[];
  /** Addresses this node was told to dial. */
  readonly configuredPeers: number;
  readonly partitions: readonly Partition[];
  /** Of the last 10 min. */
  readonly handshakes: { readonly succeeded: number; readonly failed: number };
  readonly now: Instant;
}

/** Handshakes looked at are no older, in ms. Guess: what failed before is over, or fails again. */
export const handshakesLatelyMs = 600_000;
/** Fewer handshakes say nothing. Guess. */
const handshakesMin = 4;
/** Share of handshakes that should succeed. Guess: where most fail, something is set up wrongly. */
const handshakeShareMin = 0.5;
/** Links after which no more are missed, however many members are known. Guess: as many as a gossip mesh wants, and two more. */
const linksWantedMax = 8;
/** Share of the wanted links below which the network is degraded. Guess. */
const linkShareMin = 0.5;
/** A set that differs for less is on its way, in ms. Guess: ten pulls. */
const behindForMs = 300_000;
/** Share of the larger set that has to be missing, for where somebody always writes sets always differ; and the least count. Guess. */
const behindShareMin = 0.1;
const behindEntriesMin = 100;
/** Share of the clock error at which writes are refused. Guess: half the way. */
const clockShareMax = 0.5;

/** Peers whose last word was one of these are no members, or not wanted as such. */
const notMembers: ReadonlySet<string> = new Set([
  "wrongNetwork",
  "wrongPeer",
  "protocol",
  "protocolViolation",
  "noHello",
  "banned",
  "shuttingDown",
]);

export function judgeNetwork(facts: NetworkFacts): NetworkHealth {
  const causes = [
    ...clockCauses(facts),
    ...linkCauses(facts),
    ...partitionCauses(facts),
    ...handshakeCauses(facts),
    ...flappingCauses(facts),
    ...behindCauses(facts),
  ];
  const level = causes.some((cause) => cause.level === "critical") ? "critical" : causes[0]?.level;
  return { level: level ?? "healthy", causes, linked: facts.snapshot.admitted.length, known: knownMembers(facts) };
}

/** As one of the checks behind `/health`. */
export function networkCheck({ level, causes, linked, known }: NetworkHealth): HealthCheck {
  const name = "network";
  if (level === "healthy") return { name, status: "ok", message: `${linked} of ${known} known members linked` };
  return { name, status: "degraded", message: `${level}: ${causes.map(({ message }) => message).join("; ")}` };
}

function clockCauses({ snapshot: { clock, heldBack } }: NetworkFacts): readonly NetworkCause[] {
  const seconds = Math.round((clock.offsetMs ?? 0) / 1000);
  if (clock.doubted)
    return [
      critical("clock", `this clock is ${seconds} s off the median of the peers and writes are refused: set the clock`),
    ];
  const causes: NetworkCause[] = [];
  if (Math.abs(clock.offsetMs ?? 0) > ownSkewMsMax * clockShareMax)
    causes.push(
      degraded(
        "clock",
        `this clock is ${seconds} s off the median of the peers; from ${ownSkewMsMax / 1000} s on writes are refused: set the clock, best by NTP`,
      ),
    );
  if (heldBack > 0)
    causes.push(
      degraded(
        "heldBack",
        `${heldBack} batches come from the future: a member's clock is ahead, see CLOCK in p2p-sync peers`,
      ),
    );
  return causes;
}

function linkCauses(facts: NetworkFacts): readonly NetworkCause[] {
  const linked = facts.snapshot.admitted.length;
  const known = knownMembers(facts);
  const wanted = Math.min(known, linksWantedMax);
  if (known > 0 && linked === 0)
    return [
      critical(
        "alone",
        `none of ${known} known members is linked: p2p-sync peers names the reason of each, p2p-sync why PEER what to do`,
      ),
    ];
  if (linked < wanted * linkShareMin)
    return [degraded("fewLinks", `${linked} of ${known} known members are linked: p2p-sync peers names the reasons`)];
  return [];
}

/** Those that are or were linked, or were tried in vain, and did not turn out to be something else. */
function knownMembers({ snapshot, peers, configuredPeers }: NetworkFacts): number {
  const linked = new Set(snapshot.admitted.map(({ peer }) => peer));
  const missing = peers.filter(
    ({ id, lastError }) =>
      id !== undefined && !linked.has(id) && lastError !== undefined && !notMembers.has(lastError.code),
  );
  return Math.max(linked.size + missing.length, configuredPeers);
}

/** What a returned member had is waited for only while it is linked. */
function partitionCauses({ partitions, snapshot: { admitted } }: NetworkFacts): readonly NetworkCause[] {
  const linked = new Set(admitted.map(({ peer }) => peer));
  return partitions.flatMap(({ id, phase, here, there }) => {
    const away = there.filter(({ returnedAt }) => returnedAt === undefined).length;
    const seen = "p2p-sync partitions shows who and since when";
    const isComing = there.some(({ peer, settledAt }) => settledAt === undefined && linked.has(peer));
    if (phase === "healing" && isComing)
      return [degraded("healing", `partition ${id} has ended and what its other side wrote is still coming: ${seen}`)];
    if (phase !== "open") return [];
    return away > here.length + 1
      ? [critical("partition", `${away} members are cut off, more than are on this side: ${seen}`)]
      : [degraded("partition", `${away === 1 ? "1 member is" : `${away} members are`} cut off: ${seen}`)];
  });
}

function handshakeCauses({ handshakes: { succeeded, failed } }: NetworkFacts): readonly NetworkCause[] {
  const all = succeeded + failed;
  if (all < handshakesMin || succeeded >= all * handshakeShareMin) return [];
  const message = `${failed} of ${all} handshakes failed in the last ${handshakesLatelyMs / 60_000} min: p2p-sync peers --closed names the reasons`;
  return [degraded("handshakes", message)];
}

function flappingCauses({ snapshot: { candidates } }: NetworkFacts): readonly NetworkCause[] {
  const flapping = new Set(candidates.filter((each) => each.flapping).map(({ peer, address }) => peer ?? address));
  const [first] = flapping;
  if (first === undefined) return [];
  const who = flapping.size === 1 ? `the links of ${first} break` : `the links of ${flapping.size} members break`;
  return [degraded("flapping", `${who} again and again: look at the way between, see p2p-sync why ${first}`)];
}

function behindCauses({ snapshot: { compared }, now }: NetworkFacts): readonly NetworkCause[] {
  const apart = compared.flatMap(({ heard, differsSince }) =>
    heard === undefined || differsSince === undefined || now - differsSince < behindForMs ? [] : [heard],
  );
  const isMuch = (lacking: number, whole: number): boolean =>
    lacking >= behindEntriesMin && lacking >= whole * behindShareMin;
  const members = apart.filter(({ ours, theirs }) => isMuch(ours - theirs, ours)).length;
  const isBehind = apart.some(({ ours, theirs }) => isMuch(theirs - ours, theirs));
  return [
    ...(members === 0
      ? []
      : [
          degraded(
            "membersBehind",
            `${members === 1 ? "1 member lacks" : `${members} members lack`} much of what is here: see p2p-sync converged`,
          ),
        ]),
    ...(isBehind ? [degraded("behind", "this node lacks much of what others hold: see p2p-sync converged")] : []),
  ];
}

function critical(code: string, message: string): NetworkCause {
  return { code, level: "critical", message };
}

function degraded(code: string, message: string): NetworkCause {
  return { code, level: "degraded", message };
}
