/**
 * Links coming and going: what admission decides is told to every machine that works on links.
 */
import type { PeerId } from "../../base/brand.ts";
import type { GoodbyeCode } from "../../codec/admit.ts";
import type { OriginRanges, SetSummary } from "../../codec/frontier.ts";
import { authorOf } from "../../codec/peer-id.ts";
import type { LivingEntry } from "../../ports/store.ts";
import type { LinkId } from "../../ports/network.ts";
import type { PeerRule } from "../../ports/peer-rule.ts";
import type { AdmissionFact, AdmissionInput } from "../peers/admission/machine.ts";
import type { PullFact } from "../sync/pull/machine.ts";
import type { WalkAskFact, WalkEnded } from "../sync/walk/ask.ts";
import { acknowledgedAnewMax, firstAfterMs, walkExtrasMax } from "../sync/limits.ts";
import { collectableOf } from "./forgetting.ts";
import { refusedAtDoor, refusedBy } from "./door.ts";
import { stepRouting } from "./routing-steps.ts";
import { type Parts, type Step, holdingsSeen, judgedTime, tell } from "./parts.ts";

/** Steps admission and passes on what follows. */
export function stepAdmission(input: AdmissionInput, parts: Parts, step: Step): void {
  const facts = parts.admission.step(input, step.now, step.out);
  for (const fact of facts) passOn(fact, parts, step);
  if (input.type === "timePassed" && facts.length === 0) return;
  parts.detector.step({ type: "linksChanged", links: parts.admission.admitted() }, step.now, step.out);
}

/** What pulls concluded: batches that live nowhere, equality with a peer, a peer that sends bad ones. */
export function passOnPullFacts(facts: readonly PullFact[], parts: Parts, step: Step): void {
  for (const fact of facts) {
    switch (fact.type) {
      case "superseded":
        believeClaims(fact, parts);
        forgetHeldBack(fact.peer, fact.origins, parts);
        break;
      case "disbelieved":
        parts.holdings.unmarkSuperseded(fact.origins);
        break;
      case "completed":
        parts.partitions.step({ type: "pulled", peer: fact.peer }, step.now, step.out);
        if (fact.equal) equalTo(fact.peer, fact.theirs, parts, step);
        hearSummary(fact.peer, fact.theirs, fact.askedAt, parts, step);
        if (!fact.equal) reconcileIfDue(fact.link, fact.peer, parts, step);
        break;
      case "turnedAway":
        hearSummary(fact.peer, fact.theirs, fact.askedAt, parts, step);
        break;
      case "unexplained":
        wantWalk(fact.link, fact.peer, parts, step);
        break;
      case "misbehaved":
        expel(fact.link, fact.peer, "it sent batches that are provably bad", parts, step);
        break;
    }
  }
}

/** Compares the whole sets with a peer as soon as no other walk is under way. */
export function wantWalk(link: LinkId, peer: PeerId, parts: Parts, step: Step): void {
  const wanted = { type: "walkWanted", link, peer } as const;
  passOnWalkFacts(parts.walkAsk.step(wanted, holdingsSeen(parts), step.now, step.out), parts, step);
}

/** What walks concluded: equality with a peer, or that the peer leads us astray. */
export function passOnWalkFacts(facts: readonly WalkAskFact[], parts: Parts, step: Step): void {
  for (const fact of facts) {
    if (fact.type === "walkEnded") parts.freshness.brought(fact.peer, fact.entries);
    if (fact.type === "misbehaved") expel(fact.link, fact.peer, fact.reason, parts, step);
    else if (fact.theirs !== undefined) {
      hearSummary(fact.peer, fact.theirs, fact.startedAt, parts, step);
      if (fact.how === "complete") reconciled(fact, fact.theirs, parts, step);
    }
  }
}

/** While there is no room nothing is asked for; what comes all the same is of pulls and walks that were given up. */
export function holdIntake(held: boolean, parts: Parts, step: Step): void {
  const input = { type: "intakeHeld", held } as const;
  passOnPullFacts(parts.pull.step(input, holdingsSeen(parts), step.now, step.out), parts, step);
  passOnWalkFacts(parts.walkAsk.step(input, holdingsSeen(parts), step.now, step.out), parts, step);
}

/** A network in which somebody always writes is never equal at a glance: now and then everything is compared. */
function reconcileIfDue(link: LinkId, peer: PeerId, parts: Parts, step: Step): void {
  if (parts.freshness.wantsReconciliation(peer, judgedTime(parts, step))) wantWalk(link, peer, parts, step);
}

/** We have all that the peer had when the walk began; what we had beyond it stays, unless it is old and we follow the peer. */
function reconciled(walk: WalkEnded, theirs: SetSummary, parts: Parts, step: Step): void {
  const { freshness, holdings } = parts;
  const { peer, extras, startedAt } = walk;
  const now = judgedTime(parts, step);
  const old = holdings.oldOf(extras, now, step.view);
  const age = freshness.age(holdings.state, now);
  const isBelieved = freshness.isBelieved(peer, age);
  const setAside = isBelieved ? giveUp(old, peer, parts, step) : 0;
  const apart = isBelieved ? 0 : old.length;
  if (setAside > 0) tell({ type: "setAside", peer, entries: setAside }, step);
  if (apart > 0) tell({ type: "heldApart", peer, entries: apart }, step);
  const isWhole = extras.length < walkExtrasMax;
  const comparedAll = freshness.comparedAllSince(startedAt);
  const counts = comparedAll && (age !== "stale" || freshness.vouches(peer, age, step.now.mono));
  freshness.reconciledWith(peer, { startedAt, isWhole, counts }, { setAside, apart, at: judgedTime(parts, step) });
  if ((!isBelieved || isWhole) && comparedAll) hadAllOf(peer, theirs, parts, step);
}

/**
 * Takes old entries out of the set; how many are kept beside it. What came on trust from others is
 * only forgotten, unless the operator, who may know better, ordered all this.
 */
function giveUp(old: readonly LivingEntry[], peer: PeerId, { freshness, holdings }: Parts, step: Step): number {
  const onTrust = new Set(freshness.adopting === peer ? [] : holdings.onTrust(old));
  const kept = old.filter((entry) => !onTrust.has(entry));
  holdings.setAside(kept, step.now.wall, step.view, step.out);
  if (onTrust.size > 0) holdings.collect([...onTrust].map(collectableOf), step.view, step.out);
  return kept.length;
}

function equalTo(peer: PeerId, theirs: SetSummary, parts: Parts, step: Step): void {
  parts.freshness.equalTo(peer, judgedTime(parts, step));
  hadAllOf(peer, theirs, parts, step);
}

/** Empty sets tell nothing. */
function hadAllOf(peer: PeerId, theirs: SetSummary, parts: Parts, step: Step): void {
  const { freshness, holdings } = parts;
  const now = judgedTime(parts, step); // the time by which our age is told
  if (theirs.count > 0 && freshness.vouches(peer, freshness.age(holdings.state, now), step.now.mono))
    holdings.reconciled(now);
}

/** The walk that the operator ordered may have to wait for another, and may need several turns. */
export function goOnAdopting(parts: Parts, step: Step): void {
  const { freshness, admission, walkAsk } = parts;
  const { adopting } = freshness;
  const link = adopting === undefined ? undefined : admission.linkOf(adopting);
  if (adopting !== undefined && link !== undefined && walkAsk.snapshot(step.now) === undefined)
    wantWalk(link, adopting, parts, step);
}

/** A peer's beacon, at the moment at which it is fair to compare it with what we hold. */
export function hearSummary(
  peer: PeerId,
  theirs: SetSummary,
  askedAt: number | undefined,
  { comparison, holdings }: Parts,
  { now }: Step,
): void {
  comparison.heard(peer, theirs, holdings.summary(), now.wall, askedAt);
}

/** Who joins, or was away for long, has its own wishes served before the rest comes. */
function askForFirst({ link, peer }: { readonly link: LinkId; readonly peer: PeerId }, parts: Parts, step: Step): void {
  const { reconciledAt } = parts.holdings.state;
  const isBehind = reconciledAt === undefined || judgedTime(parts, step) - reconciledAt >= firstAfterMs;
  if (parts.live.current.first.length === 0 || !isBehind) return;
  const wanted = { type: "firstWanted", link, peer, prefixes: parts.live.current.first } as const;
  passOnWalkFacts(parts.walkAsk.step(wanted, holdingsSeen(parts), step.now, step.out), parts, step);
}

/** A writer may wait for this very member, which got the batch by another way. */
function acknowledgeAnew(
  { link, peer }: { readonly link: LinkId; readonly peer: PeerId },
  parts: Parts,
  step: Step,
): void {
  const author = authorOf(peer);
  if (author === undefined) return;
  for (const { incarnation, ranges } of parts.holdings.latestOf(author, acknowledgedAnewMax, step.view)) {
    parts.acknowledgement.step({ type: "writerLinked", link, incarnation, ranges }, step.now, step.out);
  }
}

function believeClaims({ session, origins }: Extract<PullFact, { type: "superseded" }>, parts: Parts): void {
  const { believed, beyond } = parts.holdings.markSuperseded(origins);
  parts.pull.keepClaims(session, believed, beyond);
}

/** Only a writer itself can take back what it wrote with a wrong clock. */
function forgetHeldBack(peer: PeerId, origins: readonly OriginRanges[], { heldBack }: Parts): void {
  const self = authorOf(peer);
  for (const { author, incarnation, ranges } of origins) {
    if (author === self) heldBack.forget(author, incarnation, ranges);
  }
}

/** Sends a peer away for breaking the protocol. One that was let in is banned, unless it is exempt; a stranger may be another program. */
export function expel(link: LinkId, peer: PeerId, reason: string, parts: Parts, step: Step): void {
  step.out.push({ type: "penalise", peer, reason });
  parts.connections.step({ type: "observed", peer, what: { type: "violated" } }, step.now, step.out);
  const wasLetIn = parts.admission.admittedPeer(link) !== undefined;
  const ban = wasLetIn ? offended(peer, link, reason, parts, step) : undefined;
  const retryAfterSeconds = ban === undefined ? 0 : refusedBy(ban, step).retryAfterSeconds;
  stepAdmission({ type: "expelled", link, code: "protocolViolation", reason, retryAfterSeconds }, parts, step);
  if (ban !== undefined) tellBan(ban, reason, parts, step);
}

/**
 * Sends away who gossiped what is provably bad. Only admitted peers gossip, and correct ones check all of a
 * message before they pass it on: so whoever sent it is guilty, also where its link has ended meanwhile.
 */
export function expelSender(peer: PeerId, reason: string, parts: Parts, step: Step): void {
  const link = parts.admission.linkOf(peer);
  if (link !== undefined) {
    expel(link, peer, reason, parts, step);
    return;
  }
  step.out.push({ type: "penalise", peer, reason });
  const ban = offended(peer, undefined, reason, parts, step);
  if (ban !== undefined) tellBan(ban, reason, parts, step);
}

function offended(
  peer: PeerId,
  link: LinkId | undefined,
  reason: string,
  { admission, standing }: Parts,
  step: Step,
): PeerRule | undefined {
  const address = admission.links().find((each) => each.link === link)?.address;
  return standing.offended(peer, address, reason, step.now.wall, step.out);
}

function tellBan(ban: PeerRule, reason: string, parts: Parts, step: Step): void {
  const forMs = ban.until === undefined ? undefined : ban.until - step.now.wall;
  tell({ type: "peerBanned", target: ban.target, source: "automatic", reason, forMs }, step);
  closeBanned(parts, step);
}

/** Ends all links of peers that are not let in any more. */
export function closeBanned(parts: Parts, step: Step): void {
  for (const { link, peer, address } of parts.admission.links()) {
    const refused = refusedAtDoor(peer, address, parts, step);
    if (refused !== undefined) stepAdmission({ type: "expelled", link, code: "banned", ...refused }, parts, step);
  }
}

export function tellOpinion(link: LinkId, peer: PeerId, parts: Parts, step: Step): void {
  const address = parts.admission.links().find((each) => each.link === link)?.address ?? "";
  const { class: peerClass, score } = parts.connections.opinionOf(peer, address, step.now);
  tell({ type: "peerJudged", peer, class: peerClass, score }, step);
}

/** Goodbyes of a link that does not work, which tell nothing of who is at its ends. */
const brokenCodes: ReadonlySet<GoodbyeCode> = new Set(["stale", "failed"]);

/** Goodbyes after which a member is expected back within moments. */
const returningCodes: ReadonlySet<GoodbyeCode> = new Set(["shuttingDown", "stale", "failed"]);

const onlyLooked = "we only looked whether somebody is at this address";

function passOn(fact: AdmissionFact, parts: Parts, step: Step): void {
  const { now, out } = step;
  if (fact.type === "admitted") {
    parts.clock.heard(fact.peer, fact.clockOffsetMs);
    parts.comparison.admitted(fact.peer, now.wall);
    parts.partitions.step({ type: "admitted", peer: fact.peer }, now, out);
    parts.outbox.step({ type: "memberBack", peer: fact.peer, link: fact.link }, now, out);
    parts.connections.step({ type: "admitted", link: fact.link, peer: fact.peer }, now, out);
    acknowledgeAnew(fact, parts, step);
    const admitted = parts.admission.links().find(({ link }) => link === fact.link);
    const { address, direction } = admitted ?? { address: "", direction: "inbound" };
    parts.exchange.admitted(fact.link, fact.peer, address, now);
    parts.reach.step({ type: "admitted", link: fact.link, peer: fact.peer, direction, address }, now, out);
    stepRouting(
      { type: "linked", link: fact.link, peer: fact.peer, address, dialed: direction === "outbound" },
      parts,
      step,
    );
    tellOpinion(fact.link, fact.peer, parts, step);
    askForFirst(fact, parts, step);
    const told = { type: "peerAdmitted", link: fact.link, peer: fact.peer } as const;
    passOnPullFacts(parts.pull.step(told, holdingsSeen(parts), now, out), parts, step);
    const { link } = fact;
    if (parts.connections.isSurplus(link))
      stepAdmission({ type: "expelled", link, code: "other", reason: onlyLooked, retryAfterSeconds: 0 }, parts, step);
    return;
  }
  if (fact.type === "ended") {
    const { link, peer, code, retryAfterSeconds, reason } = fact;
    parts.connections.step({ type: "linkEnded", link, peer, code, retryAfterSeconds }, now, out);
    if (code === undefined) parts.outbox.step({ type: "linkBroke", peer, reason }, now, out);
  } else if (parts.admission.linkOf(fact.peer) === undefined) {
    parts.clock.departed(fact.peer);
    parts.comparison.departed(fact.peer);
    parts.freshness.departed(fact.peer, now.mono);
    const mayReturn = fact.code === undefined || returningCodes.has(fact.code);
    parts.outbox.step({ type: mayReturn ? "memberLost" : "memberGivenUp", peer: fact.peer }, now, out);
    const left = fact.code !== undefined && !brokenCodes.has(fact.code);
    parts.partitions.step({ type: "departed", peer: fact.peer, left }, now, out);
  }
  parts.acknowledgement.step({ type: "linkLost", link: fact.link }, now, out);
  parts.exchange.linkLost(fact.link);
  parts.reach.step({ type: "linkLost", link: fact.link }, now, out);
  parts.dialBacks.linkLost(fact.link);
  stepRouting({ type: "linkLost", link: fact.link }, parts, step);
  parts.serve.linkLost(fact.link);
  parts.walkServe.linkLost(fact.link);
  parts.prefixes.linkLost(fact.link);
  parts.views.step({ type: "linkLost", link: fact.link }, parts.admission, now, out);
  const lost = { type: "linkLost", link: fact.link } as const;
  passOnWalkFacts(parts.walkAsk.step(lost, holdingsSeen(parts), now, out), parts, step);
  passOnPullFacts(parts.pull.step(lost, holdingsSeen(parts), now, out), parts, step);
}
