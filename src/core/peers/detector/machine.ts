/**
 * A fast failure detector: which admitted peers give no sign of life. Level-triggered: inputs edit one
 * record per link, `#evaluate` derives probes, questions and verdicts. Off unless a node is told to;
 * what others ask (probes, and probes of third ones) every node does.
 *
 * Like calling into a dark house: whoever is silent is called; who does not answer is called by others,
 * too; and if nobody at all answers, the caller feels for his own ears first.
 *
 * 1. Whatever comes over a link is a sign of life. A link without one for 200 to 250 ms is probed, so
 *    a pair exchanges one probe and its answer in that time, not two. At most 250 probes a second.
 * 2. A missing answer makes up to three others probe the peer. If they do not reach it either it is
 *    *suspected*; if one does it is *unreachable directly*: alive, and only our link is silent. With a
 *    cut right after a sign of life: 290 ms, 200 ms for the answer, 250 ms for the others, 740 in all.
 * 3. Self-doubt first. Time by which an own turn was late counts for nobody, and late turns make all
 *    times longer for a while. Nobody is suspected unless somebody else was heard after the others were
 *    asked; where nobody is, we doubt ourselves, and begin anew with everybody when somebody is heard.
 *    Limit: of a single link there is no witness; there only own punctuality counts.
 * 4. Any sign of life ends a suspicion. Suspicion changes no data and no rights: who acts on it waits.
 * 5. A link that stays silent 5 s after others were asked is to be closed as stale, whoever is to blame:
 *    a new one heals faster than TCP, which by then waits longer and longer.
 * 6. An answer counts under the number and from the link that was asked. A liar can hide a suspicion,
 *    but not the silence of a link (5), and cannot make one.
 *
 * Source: SWIM (Das, Gupta, Motivala 2002); Lifeguard (Dadgar, Phillips, Currey, arXiv 1707.00788).
 * Deviation: no gossip about suspicions, for every member watches its own links; not one random member
 * per period but every silent link, for a cut has to be noticed within a second.
 */
import type { Millis, PeerId, Time } from "../../../base/brand.ts";
import type { Prng } from "../../../base/prng.ts";
import { type PeersMessage, encodePeers } from "../../../codec/peers.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { EffectSink } from "../../effects.ts";
import type { Note } from "../../notes.ts";
import {
  answerMsMin,
  askedMsMin,
  helpersMax,
  lateMsMax,
  lateTurnShare,
  lateTurnsMax,
  probeJitter,
  probedWaitMs,
  probesPerSecondMax,
  silentMsMax,
  togetherMs,
  witnessMs,
} from "./limits.ts";
import { Relays } from "./relays.ts";
import { type Watched, calmDown, excuse, watch } from "./watched.ts";

export interface DetectorOptions {
  readonly enabled: boolean;
  /** Time between two probes of a silent link. */
  readonly probeMs: Millis;
}

export interface Linked {
  readonly link: LinkId;
  readonly peer: PeerId;
}

export type DetectorMessage =
  | { readonly type: "probed"; readonly number: number }
  | Extract<PeersMessage, { type: "probeOther" | "probedOther" }>;

export type DetectorInput =
  /** These links are admitted now, one for each peer. */
  | { readonly type: "linksChanged"; readonly links: readonly Linked[] }
  | {
      readonly type: "message";
      readonly link: LinkId;
      readonly message: DetectorMessage;
      /** The admitted link to the peer that is asked about, if there is one. */
      readonly target: LinkId | undefined;
    }
  /** The machine slept: what it has not heard since tells nothing. */
  | { readonly type: "resumed" }
  | { readonly type: "timePassed" };

/** This link was silent for too long: it is to be closed. */
export interface SilentLink {
  readonly link: LinkId;
  readonly silentMs: Millis;
}

export class Detector {
  readonly #options: () => DetectorOptions;
  readonly #prng: Prng;
  readonly #links = new Map<LinkId, Watched>();
  readonly #relays = new Relays();
  #numbers = 0;
  #doubtingSince: number | undefined;
  #lateTurns = 0;
  /** When one late turn less counts. */
  #forgiveAt = Infinity;

  constructor(options: () => DetectorOptions, prng: Prng) {
    this.#options = options;
    this.#prng = prng;
  }

  step(input: DetectorInput, now: Time, out: EffectSink): readonly SilentLink[] {
    switch (input.type) {
      case "linksChanged":
        this.#watch(input.links, now, out);
        return []; // what is due is due in a moment
      case "message":
        this.#message(input, now, out);
        return [];
      case "resumed":
        this.#restart(now);
        break;
      case "timePassed":
        this.#judgeOwnTurn(now);
        break;
    }
    return this.#evaluate(now, out);
  }

  /** Anything came over this link. */
  heard(link: LinkId, now: Time, out: EffectSink): void {
    const heard = this.#links.get(link);
    if (heard === undefined) return;
    if (heard.stage.type === "told") this.#ended(heard, "heard", now, out);
    heard.heardAt = now.mono;
    heard.probeAt = now.mono + this.#period() + probedWaitMs;
    calmDown(heard);
    for (const { stage } of this.#links.values()) if (stage.type === "asked") stage.witnessAt ??= now.mono;
    if (this.#doubtingSince === undefined) return;
    tell({ type: "selfTrusted", doubtedMs: now.mono - this.#doubtingSince }, now, out);
    this.#restart(now);
  }

  nextDeadline(): number | undefined {
    let next = this.#forgiveAt;
    for (const watched of this.#links.values())
      next = Math.min(next, watched.probeAt, this.#dueAt(watched), watched.closeAt);
    return next === Infinity ? undefined : next;
  }

  #watch(links: readonly Linked[], now: Time, out: EffectSink): void {
    const standing = new Set(links.map(({ link }) => link));
    for (const [link, watched] of this.#links) {
      if (standing.has(link)) continue;
      if (watched.stage.type === "told") this.#ended(watched, "closed", now, out);
      this.#links.delete(link);
    }
    this.#relays.keepOnly(standing);
    if (this.#options().enabled)
      for (const { link, peer } of links)
        if (!this.#links.has(link)) this.#links.set(link, watch(link, peer, now.mono));
    if (this.#links.size === 0) this.#doubtingSince = undefined;
  }

  #message({ link, message, target }: Extract<DetectorInput, { type: "message" }>, now: Time, out: EffectSink): void {
    switch (message.type) {
      case "probed": {
        const asker = this.#relays.answered(message.number, link, now.mono);
        if (asker !== undefined) send(asker.link, { type: "probedOther", number: asker.number, reached: true }, out);
        const watched = this.#links.get(link);
        if (watched?.probe?.number !== message.number) return;
        watched.roundTrip.measured(now.mono - watched.probe.at);
        watched.probe = undefined;
        watched.probeAt = now.mono + this.#period(); // who probes goes on, so that the other need not
        return;
      }
      case "probeOther": {
        if (!this.#relays.mayAsk(link, now.mono)) return;
        const { number } = message;
        if (target === undefined || target === link)
          return send(link, { type: "probedOther", number, reached: false }, out);
        const probe = this.#number();
        this.#relays.sent(probe, { link, number }, target, now.mono);
        return send(target, { type: "probe", number: probe }, out);
      }
      case "probedOther":
        if (message.reached) this.#reached(link, message.number, now, out);
        return;
    }
  }

  /** Another reaches whom we do not. */
  #reached(helper: LinkId, question: number, now: Time, out: EffectSink): void {
    for (const watched of this.#links.values()) {
      const { stage, peer, link } = watched;
      if (watched.question !== question || !watched.helpers.includes(helper)) continue;
      if (stage.type !== "asked") return;
      const by = this.#links.get(helper)?.peer;
      watched.stage = { type: "told", kind: "unreachableDirectly", since: now.mono };
      const silentMs = now.mono - watched.heardAt;
      return tell({ type: "unreachableDirectly", peer, link, by, silentMs }, now, out);
    }
  }

  #judgeOwnTurn(now: Time): void {
    const due = this.nextDeadline();
    const lateMs = due === undefined ? 0 : now.mono - due;
    if (lateMs > lateMsMax) {
      this.#lateTurns = Math.min(lateTurnsMax, this.#lateTurns + 1);
      this.#forgiveAt = now.mono + this.#options().probeMs;
      for (const watched of this.#links.values()) excuse(watched, lateMs);
    } else if (now.mono >= this.#forgiveAt) {
      this.#lateTurns -= 1;
      this.#forgiveAt = this.#lateTurns > 0 ? now.mono + this.#options().probeMs : Infinity;
    }
  }

  /** Everybody gets a fresh chance; what was told stands until it is heard of. */
  #restart(now: Time): void {
    this.#doubtingSince = undefined;
    for (const watched of this.#links.values()) {
      watched.probeAt = now.mono;
      if (watched.stage.type === "told") watched.closeAt = now.mono + silentMsMax;
      else calmDown(watched);
    }
  }

  #evaluate(now: Time, out: EffectSink): readonly SilentLink[] {
    const silent: SilentLink[] = [];
    const areDue = [...this.#links.values()].some(({ probeAt }) => now.mono >= probeAt);
    for (const watched of this.#links.values()) {
      if (areDue && now.mono + togetherMs >= watched.probeAt) this.#probe(watched, now, out);
      if (now.mono >= this.#dueAt(watched)) this.#overdue(watched, now, out);
      if (now.mono < watched.closeAt) continue;
      watched.closeAt = Infinity; // told once; the link is as good as gone
      silent.push({ link: watched.link, silentMs: now.mono - watched.heardAt });
    }
    return silent;
  }

  #probe(watched: Watched, now: Time, out: EffectSink): void {
    const number = this.#number();
    watched.probe = { number, at: now.mono };
    watched.probeAt = now.mono + this.#period();
    if (watched.stage.type === "calm")
      watched.stage = { type: "probed", until: now.mono + watched.roundTrip.answerMs * this.#patience };
    send(watched.link, { type: "probe", number }, out);
  }

  #overdue(watched: Watched, now: Time, out: EffectSink): void {
    const { stage } = watched;
    if (stage.type === "probed") this.#askOthers(watched, now, out);
    else if (stage.type === "asked") this.#judge(watched, stage.witnessAt !== undefined, now, out);
  }

  #askOthers(watched: Watched, now: Time, out: EffectSink): void {
    const helpers = this.#helpersFor(watched);
    const slowestMs = Math.max(answerMsMin, ...helpers.map(({ roundTrip }) => roundTrip.answerMs));
    const waitMs = (askedMsMin + 2 * (slowestMs - answerMsMin)) * this.#patience;
    watched.stage = { type: "asked", since: now.mono, until: now.mono + waitMs, witnessAt: undefined };
    watched.closeAt = now.mono + silentMsMax * this.#patience;
    watched.question = this.#number();
    watched.helpers = helpers.map(({ link }) => link);
    for (const { link } of helpers)
      send(link, { type: "probeOther", number: watched.question, peer: watched.peer }, out);
  }

  #judge(watched: Watched, isWitnessed: boolean, now: Time, out: EffectSink): void {
    const { peer, link, heardAt } = watched;
    const silentMs = now.mono - heardAt;
    if (isWitnessed || this.#links.size === 1) {
      watched.stage = { type: "told", kind: "suspected", since: now.mono };
      tell({ type: "suspected", peer, link, asked: watched.helpers.length, silentMs }, now, out);
      return;
    }
    if (this.#doubtingSince !== undefined) return;
    this.#doubtingSince = now.mono;
    tell({ type: "selfDoubted", links: this.#links.size, silentMs }, now, out);
  }

  /** When the stage of a link is over if nothing comes. */
  #dueAt({ stage }: Watched): number {
    if (stage.type === "probed") return stage.until;
    if (stage.type !== "asked" || this.#doubtingSince !== undefined) return Infinity;
    if (stage.witnessAt !== undefined) return Math.max(stage.until, stage.witnessAt + witnessMs);
    return this.#links.size === 1 ? stage.until : 2 * stage.until - stage.since;
  }

  #ended({ peer, link, stage }: Watched, how: "heard" | "closed", now: Time, out: EffectSink): void {
    if (stage.type !== "told") return;
    tell({ type: "suspicionEnded", peer, link, kind: stage.kind, how, lastedMs: now.mono - stage.since }, now, out);
  }

  /** Lifeguard's factor: who is late itself gives others more time. */
  get #patience(): number {
    return 1 + lateTurnShare * this.#lateTurns;
  }

  #period(): Millis {
    const periodMs = Math.max(this.#options().probeMs, (this.#links.size * 1_000) / probesPerSecondMax);
    return this.#prng.jittered(periodMs, probeJitter);
  }

  /** Some of the others, and those that are heard before those that are not. */
  #helpersFor({ link }: Watched): readonly Watched[] {
    const others = [...this.#links.values()].filter((other) => other.link !== link);
    const calm = others.filter(({ stage }) => stage.type === "calm");
    const left = calm.length > 0 ? calm : others;
    const chosen: Watched[] = [];
    while (left.length > 0 && chosen.length < helpersMax) chosen.push(...left.splice(this.#prng.below(left.length), 1));
    return chosen;
  }

  #number(): number {
    this.#numbers = (this.#numbers + 1) % 2 ** 32;
    return this.#numbers;
  }
}

function send(link: LinkId, message: PeersMessage, out: EffectSink): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "peers", frame: encodePeers(message) } });
}

function tell(note: Note, now: Time, out: EffectSink): void {
  out.push({ type: "note", note, at: now.wall });
}
