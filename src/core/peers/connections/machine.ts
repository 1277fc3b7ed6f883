/**
 * Whom to dial and when. Level-triggered: inputs edit a table of addresses and one of peers, `evaluate`
 * derives the dials from them.
 *
 * 1. No dial to a peer that has a link or a dial under way, nor to an address that has one.
 * 2. A failed dial doubles the wait of its address, 5 s to 10 min, jittered. After as many as its class allows the
 *    address sleeps: it is dialed once an hour, and is never forgotten. After five in a row at whatever address the
 *    peer's breaker opens; but at one that others told of, and nobody was found, they say nothing of the peer.
 * 3. Fresh word of an address, a link that settled, and the return of its peer end waits, sleep and breaker. The return of another does
 *    so only where it is evidence: of those lost within a minute of it, since one cut may have taken them all, and of all lost where no
 *    other link stood, since then it was this node that was away.
 * 4. A peer whose link was lost is dialed again after a short moment, unless another link to it is
 *    kept or it told us to stay away.
 * 5. A member whose good link was lost is dialed every 2 min at least, the three lost last every 5 s by the clock. When one
 *    is back, those lost with it are dialed at once (3). So a cut of hours heals in seconds. Of those that only the book named the 50 lost last are remembered so.
 * 6. A peer whose links break again and again, each within 12 min, is dialed ever more rarely, down to five times an hour, also
 *    where no other link stands (`flaps.ts`); a link that lasts, or the user's own order, ends that.
 * 7. Nobody who is banned is dialed.
 * 8. Of several that are due, validators come first, then where our links stood before the start, then by class, then by quality.
 *    What was only discovered is dialed while half of all places, or of those kept for it, are free; the address book is used while
 *    fewer than 8 links are of our own dialing, and every 2 min for a look whether a new address is real.
 * 9. A relayed address is dialed while its relay is linked. Where a peer has a relayed link only, its direct addresses are
 *    dialed all the same, those it tells of among them: a direct link then takes the place of the relayed one. Where a relayed link is
 *    lost, the ways by other relays that the book knows are dialed with the one that was lost.
 * 10. At most 8 dials at once and 1,024 addresses; configured ones are never pushed out. Two of the 8 go to the classes and the book in turn: what
 *    never failed is dialed within three times what a dial may take, and as much again for each of its class that waits longer (`turns.ts`).
 */
// tidy: long because it is one machine over one table, whose inputs all end in the same evaluation
import type { PeerId, Time } from "../../../base/brand.ts";
import type { DialFailure, LinkId, CandidateSource } from "../../../ports/network.ts";
import type { GoodbyeCode } from "../../../codec/admit.ts";
import type { EffectSink } from "../../effects.ts";
import { type PeerClass, rankOf } from "../classes.ts";
import {
  anchorAfterMs,
  candidatesMax,
  flapJitter,
  linksWantedShare,
  outboundReserved,
  probeAnswerMsMax,
  redialAfterLossMs,
  relayedAddressesMax,
  retryAfterSecondsMax,
  settledLinkMs,
  wallWaitMsMin,
} from "../limits.ts";
import { type PeerLimits, usualPeerLimits } from "../peer-limits.ts";
import { relayOf } from "../../../base/relayed-address.ts";
import { strangersScore } from "../quality.ts";
import { Acquaintances, type Opinion } from "./acquaintances.ts";
import { CandidateTable } from "./candidate-table.ts";
import {
  type Candidate,
  type CandidateSnapshot,
  hasten,
  isConfigured,
  isHearsay,
  isLostHearsay,
  isOverTcp,
  newCandidate,
} from "./candidate.ts";
import type { ConnectionsInput, ConnectionsOptions } from "./inputs.ts";
import { isProbed, longestWait, wereLostTogether } from "./lost.ts";
import { Picks } from "./picks.ts";
import { type BookWish, type Kind, Turns, type Wish } from "./turns.ts";
import { afterLoss, backOff } from "./waits.ts";

export type { Opinion } from "./acquaintances.ts";
export type { CandidateSnapshot } from "./candidate.ts";
export type { ConnectionsInput } from "./inputs.ts";

/** A link that stands. */
interface Standing {
  readonly peer: PeerId;
  readonly relayed: boolean;
  /** The address at which we dialed it. */
  readonly dialedAt: string | undefined;
  admittedAt: number | undefined;
}

/** Who is linked, and how. */
interface Around {
  /** Those that need no dial: directly linked, being dialed, or ourselves. */
  readonly busy: Set<PeerId>;
  /** Those that are linked by way of a relay, and perhaps directly as well. */
  readonly relayed: Set<PeerId>;
  /** Those that may relay. */
  readonly admitted: Set<PeerId>;
}

/** What is known from the start holds since before any monotonic time. */
const began = 0;

export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #candidates = new CandidateTable();
  readonly #acquaintances: Acquaintances;
  readonly #limits: () => PeerLimits;
  readonly #dialing = new Map<number, Candidate>();
  readonly #turns = new Turns();
  /** More than one link to a peer only until admission resolved them. */
  readonly #links = new Map<LinkId, Standing>();
  readonly #picks: Picks;
  /** Monotonic time at which the next link of our own dialing has stood long enough for an anchor. */
  #anchorsAt: number | undefined;
  #attempts = 0;
  #stopping = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#limits = options.limits ?? (() => usualPeerLimits);
    this.#acquaintances = new Acquaintances(
      (peer, address, now) => options.namedClass(peer, address, now),
      this.#limits,
    );
    this.#picks = new Picks(options.book, options.prng, options.outboundWanted);
    const anchors = options.outboundWanted === 0 ? [] : options.book.anchors();
    for (const { address, peer } of anchors) {
      const candidate = newCandidate(address, peer, "told", began);
      candidate.anchor = true;
      this.#candidates.add(candidate);
    }
    for (const { peer, table } of options.book.list())
      if (table === "tried") this.#acquaintances.wasAdmitted(peer, began);
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
        this.#linked(input, now);
        break;
      case "admitted":
        this.#admitted(input.link, input.peer, now, out);
        break;
      case "linkEnded":
        this.#ended(input.link, input.peer, input.code, input.retryAfterSeconds, now, out);
        break;
      case "observed":
        this.#acquaintances.observe(input.peer, input.what, now.mono);
        break;
      case "rulesChanged":
        this.#lookAgain(now);
        break;
      case "circumstancesChanged":
        for (const candidate of this.#candidates.values()) this.#beginAnew(candidate, now.mono);
        break;
      case "timePassed":
        break;
      case "stopping":
        this.#saveAnchors(now, out);
        this.#stopping = true;
        break;
    }
    if (this.#anchorsAt !== undefined && now.mono >= this.#anchorsAt) this.#saveAnchors(now, out);
    this.#evaluate(now, out);
  }

  nextDeadline(): number | undefined {
    if (this.#stopping || !this.#turns.hasRoom) return undefined;
    const around = this.#around();
    let next = this.#picks.nextAt(this.#outbound());
    if (this.#anchorsAt !== undefined) next = Math.min(next ?? Infinity, this.#anchorsAt);
    for (const candidate of this.#candidates.values())
      if (this.#isWanted(candidate, around)) next = Math.min(next ?? Infinity, this.#dueAt(candidate));
    return next;
  }

  snapshot(now: Time): readonly CandidateSnapshot[] {
    return [...this.#candidates.values()].map((candidate) => {
      const { address, source, peer, failures, attempt, banned, dormant } = candidate;
      const { lastDialAt, lastLinkAt, lastFailure } = candidate;
      return {
        address,
        source,
        peer,
        class: this.#acquaintances.classOf(candidate, now.wall),
        score: this.#acquaintances.scoreOf(peer, now.mono),
        breaker: peer === undefined ? "closed" : this.#acquaintances.breakerOf(peer, now.mono),
        failures,
        dialing: attempt !== undefined,
        banned,
        dormant,
        flapping: this.#acquaintances.isFlapping(peer, now.mono),
        inMs: Math.max(0, this.#dueAt(candidate) - now.mono),
        lastDialAt,
        lastLinkAt,
        lastFailure,
      };
    });
  }

  /** How a peer that is linked, or was, is thought of; its address is the one of its link. */
  opinionOf(peer: PeerId, address: string, now: Time): Opinion {
    const isTrusted = this.#candidates.of(peer).some(isConfigured);
    return this.#acquaintances.opinionOf(peer, address, isTrusted, now);
  }

  /** Drops the addresses of a peer, or one address. Returns how many. */
  forget(target: string, out: EffectSink): number {
    const inBook = this.#options.book.forget(target, out);
    const named = this.#candidates.at(target);
    const forgotten = named === undefined ? this.#candidates.of(target as PeerId) : [named];
    for (const { address } of forgotten) this.#candidates.delete(address);
    return Math.max(inBook, forgotten.length);
  }

  /** Whether this link, which is admitted now, was only made to see whether the address is real, and is not wanted further. */
  isSurplus(link: LinkId): boolean {
    return this.#picks.isSurplus(link, this.#outbound() - 1);
  }

  /** Whether this link was only dialed to ask for another peer, and is not wanted further. */
  isSpare(link: LinkId): boolean {
    const dialedAt = this.#links.get(link)?.dialedAt;
    const isByLookup = dialedAt !== undefined && this.#candidates.at(dialedAt)?.source === "lookup";
    return isByLookup && this.#outbound() > this.#options.outboundWanted;
  }

  /** Whether a few more addresses would be welcome. */
  wantsAddresses(): boolean {
    return this.#outbound() < this.#options.outboundWanted;
  }

  #evaluate(now: Time, out: EffectSink): void {
    if (this.#stopping || !this.#turns.hasRoom) return;
    const around = this.#around();
    let wishes: readonly (Wish | BookWish)[] = [...this.#wishes(around, now), { candidate: undefined, kind: "book" }];
    for (
      let next = this.#turns.next(wishes);
      next !== undefined && this.#turns.hasRoom;
      next = this.#turns.next(wishes)
    ) {
      const { candidate } = next;
      wishes = wishes.filter((wish) => wish !== next);
      if (candidate === undefined) this.#pick(around, now, out);
      else if (isFree(candidate.relay, candidate.peer, around)) this.#dial(candidate, next.kind, around, now, out);
    }
  }

  /** What is due and may be dialed, the most wanted first. */
  #wishes(around: Around, now: Time): readonly Wish[] {
    const wishes: Wish[] = [];
    for (const candidate of this.#candidates.values()) {
      const since = this.#dueAt(candidate);
      if (since > now.mono || !this.#isWanted(candidate, around) || this.#isBanned(candidate, now)) continue;
      const kind = this.#acquaintances.classOf(candidate, now.wall);
      wishes.push({ candidate, kind, since, order: this.#orderOf(candidate, kind, now) });
    }
    return wishes.sort((one, other) => one.order - other.order);
  }

  #dial(candidate: Candidate, kind: Kind, around: Around, now: Time, out: EffectSink): void {
    candidate.attempt = ++this.#attempts;
    if (candidate.peer !== undefined) around.busy.add(candidate.peer);
    this.#turns.begun(candidate.attempt, kind);
    candidate.lastDialAt = now.wall;
    candidate.dialedAt = now.mono;
    this.#dialing.set(candidate.attempt, candidate);
    this.#options.book.dialed(candidate.peer, candidate.address, now.mono);
    const dial = { type: "dial", address: candidate.address, attempt: candidate.attempt } as const;
    const probes = isProbed(candidate, this.#candidates.values(), this.#linkedPeers());
    out.push({ type: "network", order: probes ? { ...dial, answerMsMax: probeAnswerMsMax } : dial });
  }

  /** From the address book, one at a time. */
  #pick(around: Around, now: Time, out: EffectSink): void {
    const { book } = this.#options;
    const networks = this.#dialedNetworks();
    const isWanted = (peer: PeerId, address: string): boolean =>
      isFree(relayOf(address)?.peer as PeerId | undefined, peer, around) &&
      !networks.has(book.networkOf(address)) &&
      this.#candidates.at(address) === undefined &&
      this.#acquaintances.openUntil(peer) <= now.mono &&
      this.#options.banOn(peer, address, now.wall) === undefined;
    const picked = this.#picks.next(this.#outbound(), isWanted, now.mono);
    if (picked === undefined || (this.#candidates.size >= candidatesMax && !this.#makeRoom("told"))) return;
    const candidate = newCandidate(picked.address, picked.peer, "told", now.mono);
    this.#candidates.add(candidate);
    out.push({
      type: "note",
      at: now.wall,
      note: { type: "candidateFound", address: picked.address, peer: picked.peer, source: "told" },
    });
    this.#dial(candidate, "book", around, now, out);
    this.#picks.dialed(this.#attempts, picked);
  }

  /** Smaller is sooner. */
  #orderOf(candidate: Candidate, peerClass: PeerClass, now: Time): number {
    const phase = peerClass === "validator" ? 0 : candidate.anchor ? 1 : 2 + rankOf(peerClass);
    const score = this.#acquaintances.scoreOf(candidate.peer, now.mono) ?? strangersScore;
    const failedLast = candidate.lastFailure === undefined ? 0 : 1; // of one peer's addresses, those that led to it come first, then those over TCP
    return 1_000 * phase - score + failedLast + (isOverTcp(candidate) ? 0 : 0.5);
  }

  /** Monotonic time before which neither the address nor its peer's breaker lets it be dialed. */
  #dueAt({ notBefore, peer }: Candidate): number {
    return Math.max(notBefore, this.#acquaintances.openUntil(peer));
  }

  #isWanted(candidate: Candidate, around: Around): boolean {
    const { attempt, peer, lostAt, anchor, relay, source } = candidate;
    if (attempt !== undefined || !isFree(relay, peer, around)) return false;
    return (
      (peer !== undefined && around.relayed.has(peer)) ||
      isConfigured(candidate) ||
      anchor ||
      source === "lookup" ||
      lostAt !== undefined ||
      this.#links.size + this.#dialing.size < linksWantedShare * this.#limits().links ||
      this.#outbound() < outboundReserved // whoever dials in must not keep us from dialing
    );
  }

  /** The links of our own dialing that have stood for a while, the longest first, are where the next start begins. */
  #saveAnchors(now: Time, out: EffectSink): void {
    this.#anchorsAt = undefined;
    const standing: { readonly peer: PeerId; readonly dialedAt: string; readonly since: number }[] = [];
    for (const { peer, dialedAt, admittedAt, relayed } of this.#links.values()) {
      if (dialedAt === undefined || admittedAt === undefined || relayed) continue;
      const oldAt = admittedAt + anchorAfterMs;
      if (now.mono >= oldAt) standing.push({ peer, dialedAt, since: admittedAt });
      else this.#anchorsAt = Math.min(this.#anchorsAt ?? Infinity, oldAt);
    }
    standing.sort((a, b) => a.since - b.since);
    this.#options.book.setAnchors(standing, out);
  }

  /** One owner of many addresses gets one link of our own dialing by the address book, however many he has. */
  #dialedNetworks(): ReadonlySet<string> {
    const { book } = this.#options;
    const networks = new Set<string>();
    for (const { address } of this.#dialing.values()) networks.add(book.networkOf(address));
    for (const { dialedAt } of this.#links.values()) if (dialedAt !== undefined) networks.add(book.networkOf(dialedAt));
    return networks;
  }

  /** Links and dials of our own. */
  #outbound(): number {
    let count = this.#dialing.size;
    for (const { dialedAt } of this.#links.values()) if (dialedAt !== undefined) count += 1;
    return count;
  }

  /** One that is banned waits for the end of its ban, and is looked at again now and then. */
  #isBanned(candidate: Candidate, now: Time): boolean {
    const ban = this.#options.banOn(candidate.peer, candidate.address, now.wall);
    candidate.banned = ban !== undefined;
    if (ban === undefined) return false;
    const leftMs = ban.until === undefined ? this.#limits().backoffMsMax : ban.until - now.wall;
    // a wall clock that stands still just before the end must not make a node look again and again
    candidate.notBefore = now.mono + Math.min(Math.max(leftMs, wallWaitMsMin), this.#limits().backoffMsMax);
    return true;
  }

  /** Whoever is not banned any more is dialed soon. */
  #lookAgain(now: Time): void {
    for (const candidate of this.#candidates.values()) if (candidate.banned) candidate.notBefore = now.mono;
  }

  #around(): Around {
    const around: Around = { busy: new Set([this.#options.self]), relayed: new Set(), admitted: new Set() };
    for (const { peer, relayed, admittedAt } of this.#links.values()) {
      if (!relayed && admittedAt !== undefined) around.admitted.add(peer);
      if (relayed) around.relayed.add(peer);
      else around.busy.add(peer);
    }
    for (const { peer } of this.#dialing.values()) if (peer !== undefined) around.busy.add(peer);
    return around;
  }

  #linkedPeers(): ReadonlySet<PeerId> {
    return new Set([...this.#links.values()].map(({ peer }) => peer));
  }

  /** Dialed now, as if it had never failed; not who is banned, asked us to stay away, or flaps more than it may. */
  #beginAnew(candidate: Candidate, mono: number): void {
    const { peer, banned } = candidate;
    const isDamped = this.#acquaintances.isFlapping(peer, mono);
    if (banned || (peer !== undefined && isDamped && !this.#acquaintances.flapsOf(peer, mono).hasToken(mono))) return;
    this.#wake(candidate);
    candidate.notBefore = Math.min(candidate.notBefore, Math.max(mono, candidate.awayUntil));
  }

  /** It is not as gone as it seemed. */
  #wake(candidate: Candidate): void {
    candidate.failures = 0;
    candidate.dormant = false;
    if (candidate.peer !== undefined) this.#acquaintances.closeBreaker(candidate.peer);
  }

  #found(address: string, peer: PeerId | undefined, source: CandidateSource, now: Time, out: EffectSink): void {
    const known = this.#candidates.at(address);
    if (known !== undefined) {
      if (source === "user" && known.peer !== undefined) this.#acquaintances.flapsOf(known.peer, now.mono).forgive();
      const mayDial = !this.#acquaintances.isFlapping(known.peer, now.mono); // that a flapping peer is announced is no news
      if (mayDial && (source === "user" || known.failures > 0)) known.notBefore = now.mono;
      if (source !== "lookup") this.#wake(known); // a lookup repeats what others say
      if (source === "static" || source === "user" || known.source === "told") known.source = source; // configured from now on, never pushed out
      if (peer !== undefined) this.#candidates.name(known, peer); // whoever lives there now
      return;
    }
    if (this.#candidates.size >= candidatesMax && !this.#makeRoom(source)) {
      out.push({ type: "note", at: now.wall, note: { type: "candidateRefused", reason: "tableFull", address } });
      return;
    }
    this.#candidates.add(newCandidate(address, peer, source, now.mono));
    out.push({ type: "note", at: now.wall, note: { type: "candidateFound", address, peer, source } });
    const relay = relayOf(address);
    if (relay !== undefined) this.#found(relay.address, relay.peer as PeerId, source, now, out); // by way of whom it is reached
  }

  /** Pushes out the discovered address that failed most often; for another discovered one only if it did fail. */
  #makeRoom(source: CandidateSource): boolean {
    let worst: Candidate | undefined;
    for (const candidate of this.#candidates.values()) {
      if (
        !isConfigured(candidate) &&
        candidate.attempt === undefined &&
        (worst === undefined || candidate.failures > worst.failures)
      )
        worst = candidate;
    }
    if (worst === undefined || (source !== "static" && source !== "user" && worst.failures === 0)) return false;
    return this.#candidates.delete(worst.address);
  }

  #failed(attempt: number, failure: DialFailure, detail: string, now: Time, out: EffectSink): void {
    const candidate = this.#dialing.get(attempt);
    if (candidate === undefined) return;
    this.#dialing.delete(attempt);
    this.#turns.ended(attempt);
    candidate.attempt = undefined;
    candidate.lastFailure = { failure, detail };
    this.#options.book.failed(candidate.peer, candidate.address);
    this.#picks.failed(attempt);
    if (failure === "self") this.#candidates.name(candidate, this.#options.self);
    else if (candidate.peer !== undefined && !isHearsay(candidate))
      this.#acquaintances.observe(candidate.peer, { type: "dialed", success: false }, now.mono);
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
    if (candidate.peer === undefined || !this.#around().relayed.has(candidate.peer)) this.#letGo(candidate);
  }

  /** What came from the address book, and was never a member, is left to the book. */
  #letGo(candidate: Candidate): void {
    if (isHearsay(candidate)) this.#candidates.delete(candidate.address);
    const lost = [...this.#candidates.values()].filter((each) => isLostHearsay(each));
    if (lost.length <= this.#limits().links) return;
    const oldest = lost.reduce((one, other) => ((other.lostAt ?? 0) < (one.lostAt ?? 0) ? other : one));
    if (oldest.attempt === undefined) this.#candidates.delete(oldest.address);
  }

  #linked({ link, peer, attempt, relayed }: Extract<ConnectionsInput, { type: "linkOpened" }>, now: Time): void {
    const candidate = attempt === undefined ? undefined : this.#dialing.get(attempt);
    this.#links.set(link, { peer, relayed, dialedAt: candidate?.address, admittedAt: undefined });
    if (attempt === undefined || candidate === undefined) return;
    this.#dialing.delete(attempt);
    this.#turns.ended(attempt);
    this.#picks.linked(attempt, link);
    candidate.attempt = undefined;
    candidate.lastLinkAt = now.wall;
    candidate.lastFailure = undefined;
    this.#candidates.name(candidate, peer);
  }

  #admitted(link: LinkId, peer: PeerId, now: Time, out: EffectSink): void {
    const standing = this.#links.get(link);
    this.#acquaintances.wasAdmitted(peer, now.mono);
    this.#acquaintances.observe(peer, { type: "dialed", success: true }, now.mono);
    if (standing !== undefined) standing.admittedAt = now.mono;
    if (standing?.dialedAt !== undefined) {
      this.#options.book.linked(peer, standing.dialedAt, now.wall, out);
      if (this.#options.outboundWanted > 0) this.#anchorsAt ??= now.mono + anchorAfterMs;
    }
    let lostAt: number | undefined;
    for (const candidate of this.#candidates.values()) if (candidate.relay === peer) hasten(candidate, now.mono);
    for (const candidate of this.#candidates.of(peer)) {
      if (candidate.admittedAt === undefined) lostAt = candidate.lostAt ?? lostAt;
      candidate.admittedAt = now.mono;
      candidate.dormant = false;
      if (!this.#acquaintances.isFlapping(peer, now.mono)) hasten(candidate, now.mono);
    }
    if (lostAt !== undefined) this.#wakeLostWith(lostAt, peer, now.mono);
  }

  /** One who was lost then is back: those of whom that tells something are dialed. */
  #wakeLostWith(lostAt: number, returned: PeerId, mono: number): void {
    const wereWeAway = [...this.#links.values()].every(
      ({ peer, admittedAt }) => peer === returned || admittedAt === undefined,
    );
    for (const candidate of this.#candidates.values()) {
      const { peer } = candidate;
      if (candidate.lostAt === undefined || this.#acquaintances.isFlapping(peer, mono)) continue;
      if (!wereWeAway && !wereLostTogether(candidate.lostAt, lostAt)) continue;
      hasten(candidate, mono);
      if (peer !== undefined) this.#acquaintances.closeBreaker(peer);
    }
  }

  #ended(
    link: LinkId,
    peer: PeerId,
    code: GoodbyeCode | undefined,
    retryAfterSeconds: number,
    now: Time,
    out: EffectSink,
  ): void {
    const standing = this.#links.get(link);
    this.#links.delete(link);
    this.#picks.gone(link);
    if (code === "duplicate") return;
    const flapMs = this.#countLoss(peer, standing, code, now.mono);
    for (const candidate of this.#candidates.of(peer)) {
      const awayMs = Math.min(retryAfterSeconds, retryAfterSecondsMax) * 1000;
      candidate.awayUntil = now.mono + awayMs;
      const loss = afterLoss(candidate, code, awayMs, this.#limits(), this.#options.prng, now);
      const waitMs = Math.max(loss.type === "wait" ? loss.waitMs : this.#backOff(candidate, now), awayMs, flapMs);
      candidate.notBefore = Math.max(candidate.notBefore, now.mono + waitMs);
      candidate.admittedAt = undefined;
      candidate.banned = this.#options.banOn(peer, candidate.address, now.wall) !== undefined;
      out.push({
        type: "note",
        at: now.wall,
        note: { type: "dialPlanned", peer, address: candidate.address, inMs: waitMs },
      });
      this.#letGo(candidate);
    }
    const lost = this.#candidates.of(peer).find(({ lostAt }) => lostAt === now.mono);
    if (lost !== undefined && standing?.relayed === true) this.#tryOtherRelays(peer, lost, now, out);
  }

  /** Where a member was lost that was linked by way of a relay, the relay may be what has gone: the book may know of others. */
  #tryOtherRelays(peer: PeerId, { lostAt, notBefore, awayUntil }: Candidate, now: Time, out: EffectSink): void {
    const relayed = this.#options.book.addressesOf(peer).filter((address) => relayOf(address) !== undefined);
    for (const address of relayed.slice(0, relayedAddressesMax)) {
      if (this.#candidates.at(address) !== undefined) continue;
      if (this.#candidates.size >= candidatesMax && !this.#makeRoom("told")) return;
      const candidate = { ...newCandidate(address, peer, "told", now.mono), lostAt, notBefore, awayUntil };
      this.#candidates.add(candidate);
      out.push({ type: "note", at: now.wall, note: { type: "candidateFound", address, peer, source: "told" } });
      this.#letGo(candidate);
    }
  }

  /** The wait in ms that the way in which this peer's links break asks for; 0 where it asks for none. */
  #countLoss(peer: PeerId, standing: Standing | undefined, code: GoodbyeCode | undefined, mono: number): number {
    const isStillLinked = [...this.#links.values()].some((other) => other.peer === peer);
    if (standing?.admittedAt === undefined || isStillLinked) return 0;
    const flaps = this.#acquaintances.flapsOf(peer, mono);
    if (code === "shuttingDown" || mono - standing.admittedAt >= settledLinkMs) flaps.end();
    if (code !== undefined && code !== "stale" && code !== "failed") return 0; // who says goodbye leaves on purpose
    flaps.lost(mono);
    const waitMs = flaps.waitMs(mono);
    const half = flapJitter / 2;
    return waitMs <= redialAfterLossMs ? 0 : this.#options.prng.jittered(waitMs * (1 + half), half / (1 + half));
  }

  /** A lost member is dialed by the clock: its wait counts from the beginning of the dial that failed. */
  #backOff(candidate: Candidate, now: Time, sinceDialedMs = 0): number {
    const linked = this.#linkedPeers();
    const surroundings = {
      class: this.#acquaintances.classOf(candidate, now.wall),
      candidates: this.#candidates.values(),
      linked,
      limits: this.#limits(),
    };
    const waitMs = backOff(candidate, surroundings, sinceDialedMs, this.#options.prng, now);
    if (candidate.peer === undefined || isHearsay(candidate)) return waitMs;
    const breakerMsMax = candidate.lostAt === undefined ? this.#probeMsMax(candidate.peer, linked) : waitMs; // a probe is the one dial that goes through
    this.#acquaintances.failed(candidate.peer, now.mono, breakerMsMax);
    return waitMs;
  }

  /** What fails at one address of a lost member must not keep it from being dialed at another. */
  #probeMsMax(peer: PeerId, linked: ReadonlySet<PeerId>): number {
    const lost = this.#candidates.of(peer).find(({ lostAt }) => lostAt !== undefined);
    return lost === undefined ? Infinity : longestWait(lost, this.#candidates.values(), linked, this.#limits());
  }
}

/** Whether the peer may be dialed there; `relay` is by way of whom. */
function isFree(relay: PeerId | undefined, peer: PeerId | undefined, { busy, relayed, admitted }: Around): boolean {
  if (peer !== undefined && busy.has(peer)) return false;
  return relay === undefined || (admitted.has(relay) && (peer === undefined || !relayed.has(peer)));
}
