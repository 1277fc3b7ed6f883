/**
 * Whom to dial and when. Level-triggered: inputs edit a table of known addresses, `evaluate`
 * derives the dials from it.
 *
 * 1. No dial to a peer that has a link or a dial under way, nor to an address that has one.
 * 2. A failed dial doubles the wait of its address, 5 s to 10 min, jittered; nothing is forgotten
 *    for failing. Success and fresh word from mDNS reset the wait.
 * 3. A peer whose link was lost is dialed again after a short moment, unless another link to it is
 *    kept or it told us to stay away.
 * 4. A member whose good link was lost is dialed every 2 min at least, the three lost last every 5 s by the clock. When one
 *    of the lost is back, all are dialed at once: what cut them off has ended. So a cut of hours heals in seconds.
 * 5. A peer whose links break again and again, each within 10 min, is dialed ever more rarely, up to every 15 min,
 *    or 2 min where no other link stands; a link that lasts, or the user's own order, ends that.
 * 6. Nobody who is banned is dialed.
 * 7. At most 8 dials at once and 1,024 addresses; configured ones are never pushed out.
 */
import type { Instant, PeerId, Time } from "../../../base/brand.ts";
import type { Prng } from "../../../base/prng.ts";
import type { CandidateSource, DialFailure, LinkId } from "../../../ports/network.ts";
import type { GoodbyeCode } from "../../../codec/admit.ts";
import type { EffectSink } from "../../effects.ts";
import {
  backoffJitter,
  candidatesMax,
  dialBackoffMsMax,
  dialBackoffMsMin,
  dialsMax,
  failuresCountedMax,
  flapsTolerated,
  lostDialMsMax,
  probeAnswerMsMax,
  redialAfterLossMs,
  retryAfterSecondsMax,
  settledLinkMs,
  steadyLinkMs,
  wallWaitMsMin,
} from "../limits.ts";
import { beginAnew, isProbed, longestWait, waitOfFlapping } from "./lost.ts";

export type ConnectionsInput =
  | {
      readonly type: "candidateFound";
      readonly address: string;
      readonly peer: PeerId | undefined;
      readonly source: CandidateSource;
    }
  | { readonly type: "dialFailed"; readonly attempt: number; readonly failure: DialFailure; readonly detail: string }
  | { readonly type: "linkOpened"; readonly link: LinkId; readonly peer: PeerId; readonly attempt: number | undefined }
  | { readonly type: "admitted"; readonly peer: PeerId }
  | {
      readonly type: "linkEnded";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly code: GoodbyeCode | undefined;
      readonly retryAfterSeconds: number;
    }
  /** Somebody was banned, or is not any more. */
  | { readonly type: "rulesChanged" }
  /** The machine slept, or has other addresses: what failed before may work now. */
  | { readonly type: "circumstancesChanged" }
  | { readonly type: "timePassed" }
  | { readonly type: "stopping" };

/** The ban that keeps this node from dialing, if one does. */
export type BanOn = (
  peer: PeerId | undefined,
  address: string,
  now: Instant,
) => { readonly until: Instant | undefined } | undefined;

interface Candidate {
  readonly address: string;
  source: CandidateSource;
  peer: PeerId | undefined;
  failures: number;
  /** Monotonic time before which it is not dialed. */
  notBefore: number;
  /** When its peer was last admitted, while that link lasts. */
  admittedAt: number | undefined;
  /** When a good link to its peer was last lost. */
  lostAt: number | undefined;
  /** Until when its peer told us to stay away. */
  awayUntil: number;
  /** Links to its peer in a row that broke before they had settled. */
  shortLinks: number;
  attempt: number | undefined;
  dialedAt: number;
  /** It waits because it is banned. */
  banned: boolean;
  lastFailure: { readonly failure: DialFailure; readonly detail: string } | undefined;
}

export interface CandidateSnapshot {
  readonly address: string;
  readonly source: CandidateSource;
  readonly peer: PeerId | undefined;
  readonly failures: number;
  readonly dialing: boolean;
  readonly banned: boolean;
  /** Its peer's links break again and again. */
  readonly flapping: boolean;
  readonly inMs: number;
  readonly lastFailure: { readonly failure: DialFailure; readonly detail: string } | undefined;
}

/** Goodbyes after which trying again soon cannot help. */
const hopelessCodes: ReadonlySet<GoodbyeCode> = new Set([
  "wrongNetwork",
  "wrongVersion",
  "clock",
  "protocolViolation",
  "full",
  "banned",
]);

export class Connections {
  readonly #self: PeerId;
  readonly #prng: Prng;
  readonly #banOn: BanOn;
  readonly #candidates = new Map<string, Candidate>();
  readonly #dialing = new Map<number, Candidate>();
  /** Links that stand, by peer; more than one only until admission resolved them. */
  readonly #links = new Map<LinkId, PeerId>();
  #attempts = 0;
  #stopping = false;

  constructor(self: PeerId, prng: Prng, banOn: BanOn) {
    this.#self = self;
    this.#prng = prng;
    this.#banOn = banOn;
  }

  step(input: ConnectionsInput, now: Time, out: EffectSink): void {
    switch (input.type) {
      case "candidateFound":
        this.#found(input.address, input.peer, input.source, now, out);
        break;
      case "dialFailed":
        this.#failed(input.attempt, input.failure, input.detail, now, out);
        break;
      case "linkOpened":
        this.#linked(input.link, input.peer, input.attempt);
        break;
      case "admitted":
        this.#admitted(input.peer, now);
        break;
      case "linkEnded":
        this.#ended(input.link, input.peer, input.code, input.retryAfterSeconds, now, out);
        break;
      case "rulesChanged":
        this.#lookAgain(now);
        break;
      case "circumstancesChanged":
        for (const candidate of this.#candidates.values()) beginAnew(candidate, now.mono);
        break;
      case "timePassed":
        break;
      case "stopping":
        this.#stopping = true;
        break;
    }
    this.#evaluate(now, out);
  }

  nextDeadline(): number | undefined {
    if (this.#stopping || this.#dialing.size >= dialsMax) return undefined;
    const busy = this.#busyPeers();
    let next: number | undefined;
    for (const candidate of this.#candidates.values())
      if (isWanted(candidate, busy)) next = Math.min(next ?? Infinity, candidate.notBefore);
    return next;
  }

  snapshot(now: Time): readonly CandidateSnapshot[] {
    return [...this.#candidates.values()].map(
      ({ address, source, peer, failures, attempt, banned, shortLinks, notBefore, lastFailure }) => ({
        address,
        source,
        peer,
        failures,
        dialing: attempt !== undefined,
        banned,
        flapping: shortLinks > flapsTolerated,
        inMs: Math.max(0, notBefore - now.mono),
        lastFailure,
      }),
    );
  }

  #evaluate(now: Time, out: EffectSink): void {
    if (this.#stopping) return;
    const busy = this.#busyPeers();
    for (const candidate of this.#candidates.values()) {
      if (this.#dialing.size >= dialsMax) return;
      if (candidate.notBefore > now.mono || !isWanted(candidate, busy) || this.#isBanned(candidate, now)) continue;
      if (candidate.peer !== undefined) busy.add(candidate.peer);
      candidate.attempt = ++this.#attempts;
      candidate.dialedAt = now.mono;
      this.#dialing.set(candidate.attempt, candidate);
      const dial = { type: "dial", address: candidate.address, attempt: candidate.attempt } as const;
      const probes = isProbed(candidate, this.#candidates.values(), new Set(this.#links.values()));
      out.push({ type: "network", order: probes ? { ...dial, answerMsMax: probeAnswerMsMax } : dial });
    }
  }

  /** Drops the addresses of a peer, or one address. Returns how many. */
  forget(target: string): number {
    const forgotten = [...this.#candidates.values()].filter(
      ({ address, peer }) => address === target || peer === target,
    );
    for (const { address } of forgotten) this.#candidates.delete(address);
    return forgotten.length;
  }

  /** One that is banned waits for the end of its ban, and is looked at again now and then. */
  #isBanned(candidate: Candidate, now: Time): boolean {
    const ban = this.#banOn(candidate.peer, candidate.address, now.wall);
    candidate.banned = ban !== undefined;
    if (ban === undefined) return false;
    const leftMs = ban.until === undefined ? dialBackoffMsMax : ban.until - now.wall;
    // a wall clock that stands still just before the end must not make a node look again and again
    candidate.notBefore = now.mono + Math.min(Math.max(leftMs, wallWaitMsMin), dialBackoffMsMax);
    return true;
  }

  /** Whoever is not banned any more is dialed soon. */
  #lookAgain(now: Time): void {
    for (const candidate of this.#candidates.values()) if (candidate.banned) candidate.notBefore = now.mono;
  }

  /** Peers that need no dial: linked, being dialed, or ourselves. */
  #busyPeers(): Set<PeerId> {
    const busy = new Set<PeerId>([this.#self, ...this.#links.values()]);
    for (const { peer } of this.#dialing.values()) if (peer !== undefined) busy.add(peer);
    return busy;
  }

  #found(address: string, peer: PeerId | undefined, source: CandidateSource, now: Time, out: EffectSink): void {
    const known = this.#candidates.get(address);
    if (known !== undefined) {
      if (source === "user") known.shortLinks = 0;
      const mayDial = known.shortLinks <= flapsTolerated; // that a flapping peer is announced is no news
      if (mayDial && (source === "user" || known.failures > 0)) known.notBefore = now.mono;
      known.failures = 0;
      if (source !== "mdns") known.source = source; // configured from now on, never pushed out
      if (peer !== undefined) known.peer = peer; // whoever lives there now
      return;
    }
    if (this.#candidates.size >= candidatesMax && !this.#makeRoom(source)) {
      out.push({ type: "note", at: now.wall, note: { type: "candidateRefused", reason: "tableFull", address } });
      return;
    }
    this.#candidates.set(address, {
      address,
      source,
      peer,
      failures: 0,
      notBefore: now.mono,
      admittedAt: undefined,
      lostAt: undefined,
      awayUntil: now.mono,
      shortLinks: 0,
      attempt: undefined,
      dialedAt: now.mono,
      banned: false,
      lastFailure: undefined,
    });
    out.push({ type: "note", at: now.wall, note: { type: "candidateFound", address, peer, source } });
  }

  /** Pushes out the heard address that failed most often; for another heard one only if it did fail. */
  #makeRoom(source: CandidateSource): boolean {
    let worst: Candidate | undefined;
    for (const candidate of this.#candidates.values()) {
      if (
        candidate.source === "mdns" &&
        candidate.attempt === undefined &&
        (worst === undefined || candidate.failures > worst.failures)
      )
        worst = candidate;
    }
    if (worst === undefined || (source === "mdns" && worst.failures === 0)) return false;
    return this.#candidates.delete(worst.address);
  }

  #failed(attempt: number, failure: DialFailure, detail: string, now: Time, out: EffectSink): void {
    const candidate = this.#dialing.get(attempt);
    if (candidate === undefined) return;
    this.#dialing.delete(attempt);
    candidate.attempt = undefined;
    candidate.lastFailure = { failure, detail };
    if (failure === "self") candidate.peer = this.#self;
    const waitMs = this.#backOff(candidate, now, candidate.lostAt === undefined ? 0 : now.mono - candidate.dialedAt);
    out.push({
      type: "note",
      at: now.wall,
      note: {
        type: "dialFailed",
        address: candidate.address,
        failure,
        detail,
        attempts: candidate.failures,
        nextInMs: waitMs,
      },
    });
  }

  #linked(link: LinkId, peer: PeerId, attempt: number | undefined): void {
    this.#links.set(link, peer);
    const candidate = attempt === undefined ? undefined : this.#dialing.get(attempt);
    if (attempt === undefined || candidate === undefined) return;
    this.#dialing.delete(attempt);
    candidate.attempt = undefined;
    candidate.lastFailure = undefined;
    candidate.peer = peer;
  }

  #admitted(peer: PeerId, now: Time): void {
    let isBack = false;
    for (const candidate of this.#candidates.values()) {
      if (candidate.peer !== peer) continue;
      candidate.admittedAt = now.mono;
      isBack ||= candidate.lostAt !== undefined;
    }
    if (!isBack) return;
    for (const candidate of this.#candidates.values())
      if (candidate.lostAt !== undefined && candidate.shortLinks <= flapsTolerated)
        candidate.notBefore = Math.min(candidate.notBefore, Math.max(now.mono, candidate.awayUntil));
  }

  #ended(
    link: LinkId,
    peer: PeerId,
    code: GoodbyeCode | undefined,
    retryAfterSeconds: number,
    now: Time,
    out: EffectSink,
  ): void {
    this.#links.delete(link);
    if (code === "duplicate") return;
    for (const candidate of this.#candidates.values()) {
      if (candidate.peer !== peer) continue;
      const awayMs = Math.min(retryAfterSeconds, retryAfterSecondsMax) * 1000;
      candidate.awayUntil = now.mono + awayMs;
      const waitMs = Math.max(this.#waitAfterLoss(candidate, code, now), awayMs);
      candidate.notBefore = Math.max(candidate.notBefore, now.mono + waitMs);
      candidate.admittedAt = undefined;
      candidate.banned = this.#banOn(peer, candidate.address, now.wall) !== undefined;
      out.push({
        type: "note",
        at: now.wall,
        note: { type: "dialPlanned", peer, address: candidate.address, inMs: waitMs },
      });
    }
    if (this.#links.size === 0) this.#bearFlapping(now);
  }

  /** A node without any link has nothing better: then flapping peers are dialed like others that were lost. */
  #bearFlapping(now: Time): void {
    for (const candidate of this.#candidates.values()) {
      if (candidate.shortLinks <= flapsTolerated) continue;
      const soon = now.mono + this.#prng.jittered(lostDialMsMax, backoffJitter);
      candidate.notBefore = Math.min(candidate.notBefore, Math.max(soon, candidate.awayUntil));
    }
  }

  /** Soon after a good link; backing off where the link was refused or did not last. */
  #waitAfterLoss(candidate: Candidate, code: GoodbyeCode | undefined, now: Time): number {
    if (code !== undefined && hopelessCodes.has(code)) {
      candidate.lostAt = undefined;
      return this.#prng.jittered(dialBackoffMsMax, backoffJitter);
    }
    if (candidate.admittedAt === undefined || now.mono - candidate.admittedAt < steadyLinkMs)
      return this.#backOff(candidate, now);
    candidate.failures = 0;
    candidate.lostAt = now.mono;
    if (now.mono - candidate.admittedAt >= settledLinkMs) candidate.shortLinks = 0;
    else if (code === undefined) candidate.shortLinks += 1; // who says goodbye leaves on purpose
    return this.#prng.jittered(waitOfFlapping(candidate.shortLinks), backoffJitter);
  }

  #backOff(candidate: Candidate, now: Time, sinceDialedMs = 0): number {
    const fullMs = this.#prng.jittered(
      Math.min(
        dialBackoffMsMin * 2 ** candidate.failures,
        longestWait(candidate, this.#candidates.values(), new Set(this.#links.values())),
      ),
      backoffJitter,
    );
    const waitMs = Math.max(redialAfterLossMs, fullMs - sinceDialedMs);
    candidate.failures = Math.min(candidate.failures + 1, failuresCountedMax);
    candidate.notBefore = now.mono + waitMs;
    return waitMs;
  }
}

function isWanted({ attempt, peer }: Candidate, busy: ReadonlySet<PeerId>): boolean {
  return attempt === undefined && (peer === undefined || !busy.has(peer));
}
