/**
 * Why is this peer not connected? The chain of facts about one peer or address, and a conclusion
 * in words: what is the matter, and what happens next or what to do.
 *
 * A pure function of what is shown elsewhere (peers, candidates), so that every conclusion can be
 * tested by making its cause.
 */
import type { Instant, PeerId } from "../base/brand.ts";
import type { PeerRule } from "../ports/peer-rule.ts";
import { silentMsMax } from "../core/peers/detector/limits.ts";
import type { CandidateSnapshot } from "../core/peers/connections/machine.ts";
import type { OutboxSnapshot } from "../core/sync/outbox/machine.ts";
import type { ReachSnapshot } from "../core/peers/reach/machine.ts";
import type { WantedSnapshot } from "../core/peers/routing/machine.ts";
import type { Explanation, ExplanationFact, PeerStatus } from "./facade.ts";
import { transportOf } from "./transport-of.ts";
import { withRelays } from "./why-relay.ts";
import { lookupFacts, lookupWords, wantedBy } from "./why-lookup.ts";

export interface WhyFacts {
  readonly self: PeerId;
  readonly peers: readonly PeerStatus[];
  readonly candidates: readonly CandidateSnapshot[];
  /** What waits for members that were lost. */
  readonly outboxes: readonly OutboxSnapshot[];
  /** Peers looked for by their ids. */
  readonly wanted: readonly WantedSnapshot[];
  /** The ban of this node's own that keeps a peer or an address out now. */
  banOn(peer: PeerId | undefined, address: string | undefined): PeerRule | undefined;
  /** Where this node can be reached, and its places at relays. */
  readonly reach: ReachSnapshot;
  readonly now: Instant;
}

/** `target` is a peer id, an unambiguous beginning of one, or an address. */
export function explainPeer(asked: string, facts: WhyFacts): Explanation {
  const target = /^\/p2p\/([^/]+)$/.exec(asked)?.[1] ?? asked;
  if (!target.startsWith("/") && !/^[1-9A-HJ-NP-Za-km-z]+$/.test(target))
    return conclude(
      target,
      undefined,
      "unknown",
      "That is neither a peer id nor an address.",
      "A peer id begins with 12D3Koo, an address with a slash.",
      [],
    );
  if (target === facts.self) return conclude(target, target, "self", "That is this node itself.", "Nothing to do.", []);
  const dialed = facts.candidates.find(({ address }) => address === target)?.peer;
  const matches = facts.peers.filter((peer) => isMeant(target, peer) || (dialed !== undefined && peer.id === dialed));
  if (dialed === facts.self || (target.startsWith("/") && matches.some(({ id }) => id === facts.self)))
    return conclude(
      target,
      facts.self,
      "self",
      "This node itself answers at that address.",
      "Nobody else lives there: take that address off those to dial.",
      [],
    );
  const [peer] = matches;
  const candidates = facts.candidates.filter(
    ({ address, peer: id }) => address === target || (id !== undefined && id === peer?.id),
  );
  if (matches.length > 1) {
    const ids = matches.map(({ id, address }) => id ?? address ?? "?").join(", ");
    return conclude(
      target,
      undefined,
      "ambiguous",
      `${matches.length} peers begin so: ${ids}.`,
      "Ask again with more of the name.",
      [],
    );
  }
  if (peer?.state !== "Connected" && peer?.state !== "Syncing") {
    const banned = bannedBy(target, peer, candidates, facts);
    if (banned !== undefined) return banned;
  }
  const wanted = wantedBy(target, facts.wanted);
  const searched = lookupFacts(wanted, facts.now);
  if (peer === undefined && candidates.length === 0) {
    if (wanted === undefined) return unknown(target);
    const { cause, conclusion, next } = lookupWords(wanted);
    return conclude(target, wanted.peer, cause, conclusion, next, searched);
  }
  const waiting = facts.outboxes.find((outbox) => outbox.peer === (peer?.id ?? candidates[0]?.peer));
  const explanation = explainKnown(target, peer, candidates, waiting, facts.now);
  return withRelays({ ...explanation, facts: [...explanation.facts, ...searched] }, peer, facts);
}

/** A ban explains all else, also of a peer that was never met. */
function bannedBy(
  target: string,
  peer: PeerStatus | undefined,
  candidates: readonly CandidateSnapshot[],
  { banOn, now }: WhyFacts,
): Explanation | undefined {
  const isAddress = target.startsWith("/");
  const id = peer?.id ?? candidates[0]?.peer ?? (isAddress ? undefined : (target as PeerId));
  const addresses = isAddress ? [target] : [peer?.address, ...candidates.map(({ address }) => address)];
  const ban = banOn(id, undefined) ?? addresses.map((address) => banOn(id, address)).find((each) => each !== undefined);
  if (ban === undefined) return undefined;
  const who = ban.source === "operator" ? "by an operator" : `by this node itself, for the ${nth(ban.offences)} time`;
  const until = ban.until === undefined ? "for good" : `until ${timeOf(ban.until)}`;
  const about = ban.target === id ? "It" : `Its address lies in ${ban.target}, which`;
  const conclusion = `${about} is banned ${until}, since ${agoOf(ban.since, now)}, ${who}: ${ban.reason}.`;
  const next = `Neither dialed nor let in before that. To lift the ban: p2p-sync peer unban ${ban.target}`;
  return conclude(target, id, "banned", conclusion, next, [...peerFacts(peer, now), ...candidates.map(candidateFact)]);
}

function nth(count: number): string {
  return ["", "first", "second", "third"][count] ?? `${count}th`;
}

function isMeant(target: string, { id, address }: PeerStatus): boolean {
  return (
    address === target || (id !== undefined && (id === target || (!target.startsWith("/") && id.startsWith(target))))
  );
}

function unknown(target: string): Explanation {
  const isAddress = target.startsWith("/");
  return conclude(
    target,
    undefined,
    "unknown",
    `This node has never heard of ${isAddress ? "that address" : "that peer"}: it is not configured, mDNS did not hear it, and it has not dialed this node.`,
    isAddress
      ? `Dial it: p2p-sync peer dial ${target}`
      : "If you know its address: p2p-sync peer dial ADDRESS. If you know its whole id, others may know where it is: p2p-sync peer dial ID. On one LAN, check that both run the same network name and that multicast is allowed.",
    [],
  );
}

function explainKnown(
  target: string,
  peer: PeerStatus | undefined,
  candidates: readonly CandidateSnapshot[],
  waiting: OutboxSnapshot | undefined,
  now: Instant,
): Explanation {
  const facts = [...peerFacts(peer, now), ...candidates.map(candidateFact), ...waitingFacts(waiting)];
  const id = peer?.id ?? candidates[0]?.peer;
  switch (peer?.state) {
    case "Connected":
    case "Syncing":
      if (peer.suspicion !== undefined) return explainSilence(target, peer, peer.suspicion, facts, now);
      return conclude(
        target,
        id,
        "connected",
        `Connected since ${timeOf(peer.connectedSince)}, ${peer.direction ?? "by a link"}.`,
        "Nothing to do.",
        facts,
      );
    case "Connecting":
    case "Handshaking":
    case "Authenticating":
    case "Negotiating":
    case "Identifying":
    case "Subscribing":
      return conclude(
        target,
        id,
        "connecting",
        `On the way: ${peer.state}.`,
        "Ask again in a moment; a step that takes too long ends with a reason.",
        facts,
      );
    case "PeerFound":
    case "Disconnected":
    case "Failed":
    case undefined:
      return explainAbsent(target, id, peer, candidates, facts, now);
  }
}

/** Linked, and not heard of. */
function explainSilence(
  target: string,
  { id }: PeerStatus,
  { kind, since }: NonNullable<PeerStatus["suspicion"]>,
  facts: readonly ExplanationFact[],
  now: Instant,
): Explanation {
  const [conclusion, next] =
    kind === "suspected"
      ? [
          `Its link stands, but it has given no sign of life since ${agoOf(since, now)}, and no other member reaches it.`,
          "Its host may be down, cut off or overloaded.",
        ]
      : [
          `It is alive, for another member reaches it, but nothing has come over our link to it since ${agoOf(since, now)}.`,
          "Look at what lies between the two: a cable, a router, a firewall. What either writes goes through the others.",
        ];
  const after = `After ${silentMsMax / 1_000} s more of silence the link is closed and made anew.`;
  return conclude(target, id, kind, conclusion, `${next} ${after}`, facts);
}

function explainAbsent(
  target: string,
  id: PeerId | undefined,
  peer: PeerStatus | undefined,
  candidates: readonly CandidateSnapshot[],
  facts: readonly ExplanationFact[],
  now: Instant,
): Explanation {
  const next = nextTry(candidates, now);
  const trouble = latestTrouble(peer, candidates);
  if (trouble === undefined) {
    const text =
      candidates.length === 0
        ? "It was linked and left without a word."
        : "Its address is known, but it was not dialed yet.";
    return conclude(target, id, candidates.length === 0 ? "left" : "notDialed", text, next, facts);
  }
  const { reason, at } = trouble;
  const code = isFlapping(trouble, candidates) ? "flapping" : trouble.code;
  const advice = adviceFor[code];
  return conclude(
    target,
    id,
    code,
    `${headlineOf(code)}: ${reason} (${agoOf(at, now)}).`,
    advice === undefined ? next : `${advice} ${next}`,
    facts,
  );
}

type Trouble = NonNullable<PeerStatus["lastError"]>;

/** The end of its last link, or a dial that failed since: of a peer that had dialed us, under another address. */
function latestTrouble(peer: PeerStatus | undefined, candidates: readonly CandidateSnapshot[]): Trouble | undefined {
  const dials = candidates.flatMap(({ lastFailure, lastDialAt: at }) =>
    lastFailure === undefined || at === undefined
      ? []
      : [{ code: lastFailure.failure, reason: lastFailure.detail, at }],
  );
  const known: readonly Trouble[] = peer?.lastError === undefined ? dials : [...dials, peer.lastError];
  return known.toSorted((one, two) => two.at - one.at)[0];
}

function isFlapping({ code }: Trouble, candidates: readonly CandidateSnapshot[]): boolean {
  return code === "closed" && candidates.some(({ flapping }) => flapping);
}

/** What to do about a cause that does not go away by waiting. */
const adviceFor: Readonly<Record<string, string>> = {
  refused: "Nothing listens there: is the node started, and is that its port?",
  nameUnknown: "No name server knows that name: correct it, or dial by the IP address.",
  unreachable: "No way leads there: check the address, the cable, the route and the address family.",
  timeout: "No answer came: check that the host is up and that no firewall drops the port.",
  relayRefused:
    "The relay that its address names gave no way to it. Another relay does not help by itself; a port that either side forwards does.",
  wrongPeer: "Another node lives at that address: take the peer id off the address, or correct it.",
  encryption:
    "The encrypted handshake failed: something between changes the bytes, or the program there is another one.",
  protocol: "What answers there is not a node of this program, or speaks another version.",
  addressInvalid: "The address cannot be dialed by this node: check its form and the node's --family.",
  wrongNetwork: "Start one of the two with the other's --network.",
  wrongVersion: "Run the same version on both.",
  clock: "Set both clocks, best by NTP.",
  noHello: "It connected but never introduced itself: another libp2p program, or one that hangs.",
  full: "One of the two has no free place for peers.",
  banned: "Its operator can lift that with p2p-sync peer unban; it tells why in its own words.",
  protocolViolation: "It sent something no correct node sends; look at its log.",
  flapping:
    "Look at the cable, the wireless and the router between; p2p-sync peers --closed shows the pattern. Until a link lasts 12 min each loss is followed by a wait as long as the trouble has lasted so far, 12 to 15 min in the end; p2p-sync peer dial tries at once.",
};

const headlineFor: Readonly<Record<string, string>> = {
  refused: "Nobody listens there",
  nameUnknown: "Nobody knows that name",
  unreachable: "Unreachable",
  timeout: "No answer",
  relayRefused: "Its relay refused",
  wrongPeer: "Another peer is there",
  addressInvalid: "It cannot be dialed",
  encryption: "The encrypted handshake failed",
  protocol: "No common protocol",
  wrongNetwork: "It belongs to another network",
  wrongVersion: "It speaks another version",
  clock: "The clocks are too far apart",
  noHello: "It did not introduce itself",
  full: "No free place",
  banned: "It has banned this node",
  protocolViolation: "The protocol was broken",
  shuttingDown: "It was shut down",
  failed: "The link did not work any more",
  closed: "The link was lost",
  stale: "It gave no sign of life for too long",
  flapping: "Its links break again and again, each within 12 min",
};

/** The cause of a failed dial or an ended link in a few words. */
export function headlineOf(cause: string): string {
  return headlineFor[cause] ?? "The link failed";
}

/** What to do about it; empty where waiting is all. */
export function adviceOn(cause: string): string {
  return adviceFor[cause] ?? "";
}

function nextTry(candidates: readonly CandidateSnapshot[], now: Instant): string {
  if (candidates.length === 0) return "This node knows no address to dial; it waits to be dialed.";
  if (candidates.some(({ dialing }) => dialing)) return "It is being dialed now.";
  const inMs = Math.min(...candidates.map((candidate) => candidate.inMs));
  return `The next try is in ${secondsOf(inMs)} (${timeOf((now + inMs) as Instant)}).`;
}

const sourceWords: Readonly<Record<string, string>> = {
  inbound: "it dialed this node",
  told: "other members told of it",
  lookup: "other members told of it when they were asked for a peer",
};

function peerFacts(peer: PeerStatus | undefined, now: Instant): readonly ExplanationFact[] {
  if (peer === undefined) return [];
  const { state, source, history, rttMs, clockOffsetMs } = peer;
  const since = history.at(-1)?.enteredAt;
  const facts = [
    { name: "known from", text: sourceWords[source] ?? source },
    { name: "state", text: since === undefined ? state : `${state}, since ${agoOf(since, now)}` },
    {
      name: "steps",
      text: history
        .map((visit) => (visit.durationMs === undefined ? visit.state : `${visit.state} ${visit.durationMs} ms`))
        .join(" → "),
    },
  ];
  if (rttMs !== undefined) facts.push({ name: "round trip", text: `${rttMs.toFixed(1)} ms` });
  if (clockOffsetMs !== undefined) facts.push({ name: "its clock", text: `${clockOffsetMs} ms from ours` });
  return facts;
}

function waitingFacts(waiting: OutboxSnapshot | undefined): readonly ExplanationFact[] {
  if (waiting === undefined || waiting.messages === 0) return [];
  const { messages, bytes, oldestMs = 0 } = waiting;
  const count = messages === 1 ? "1 message" : `${messages} messages`;
  return [
    {
      name: "waiting for it",
      text: `${count}, ${bytes} bytes, the oldest for ${secondsOf(oldestMs)}; sent when it is back`,
    },
  ];
}

function candidateFact({
  address,
  source,
  failures,
  lastFailure,
  dialing,
  flapping,
  dormant,
  breaker,
  inMs,
  lastDialAt,
  lastLinkAt,
  ...peer
}: CandidateSnapshot): ExplanationFact {
  const dialed = lastDialAt === undefined ? "not dialed yet" : `last dialed ${timeOf(lastDialAt)}`;
  const linked = lastLinkAt === undefined ? "never linked" : `last linked ${timeOf(lastLinkAt)}`;
  const error = lastFailure === undefined ? "" : `: ${lastFailure.failure} (${lastFailure.detail})`;
  const next = dialing ? "being dialed" : inMs === 0 ? "no wait" : `not before ${secondsOf(inMs)}`;
  const states = [
    ...(flapping ? ["flapping"] : []),
    ...(dormant ? ["asleep after so many failures, dialed once an hour"] : []),
    ...(breaker === "closed" ? [] : [breaker === "open" ? "its breaker is open" : "its breaker lets one dial through"]),
    ...(peer.class === "unknown" || peer.class === "regular" ? [] : [peer.class]),
  ].map((state) => `${state}, `);
  return {
    name: "address",
    text: `${address} (${source}, ${transportOf(address)}): ${dialed}${error}; ${linked}; ${failures === 1 ? "1 failure" : `${failures} failures`}, ${states.join("")}${next}`,
  };
}

function conclude(
  target: string,
  peer: string | undefined,
  cause: string,
  conclusion: string,
  next: string,
  facts: readonly ExplanationFact[],
): Explanation {
  return { target, peer: peer as PeerId | undefined, cause, conclusion, next, facts, views: [] };
}

function secondsOf(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}

function agoOf(at: Instant, now: Instant): string {
  return `${secondsOf(Math.max(0, now - at))} ago`;
}

function timeOf(at: Instant | undefined): string {
  return at === undefined ? "an unknown time" : `${new Date(at).toISOString().slice(0, 19)}Z`;
}
