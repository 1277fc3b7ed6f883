/**
 * Pulling: asking peers for what we lack. Gossip is fast and may lose; this is what makes every
 * replica complete in the end.
 *
 * 1. Each admitted peer is asked once when it is admitted and then every 30 s, jittered; one peer
 *    at a time, so that a newcomer does not fetch everything from everybody.
 * 2. A pull ends with the peer's `done`, with its link, after 15 s without a frame, or after a minute
 *    while others wait. Whatever came until then is kept: the next pull continues.
 * 3. A frame of parcels is answered with `more` only when it is merged: the whole chain from the
 *    peer's disk to ours is paced by our slowest part.
 * 4. What a peer says is superseded is believed as far as it is proven to exist, unless this pull
 *    brought something that is held back here: that may be what superseded it.
 * 5. Where a pull moved nothing, nothing changed here meanwhile, and the peer's set still differs,
 *    the frontiers do not tell why; from the second such pull in a row on it is said to be unexplained.
 *    Pulls that a user ordered do not count: they come at any pace, and the peer may just be behind.
 * 6. While there is no room for what would come, nobody is asked; then everybody is, one after the other.
 */
import type { PeerId, Time } from "../../../base/brand.ts";
import type { Prng } from "../../../base/prng.ts";
import {
  type Beacon,
  type FrontierMessage,
  type OriginRanges,
  type SetSummary,
  encodeMore,
} from "../../../codec/frontier.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { EffectSink } from "../../effects.ts";
import type { PullEnd } from "../../notes.ts";
import { sameSet } from "../comparison.ts";
import { pullFrames } from "./frames.ts";
import type { Schedule, Session } from "./session.ts";
import {
  pullJitter,
  pullStallMs,
  pullTurnMsMax,
  pullWindowFrames,
  supersededClaimsMax,
  unexplainedPullsMax,
} from "../limits.ts";

export type PullInput =
  | { readonly type: "peerAdmitted"; readonly link: LinkId; readonly peer: PeerId }
  | { readonly type: "linkLost"; readonly link: LinkId }
  | {
      readonly type: "messageReceived";
      readonly link: LinkId;
      readonly message: Extract<FrontierMessage, { type: "superseded" | "done" | "serving" }>;
    }
  /** A frame of parcels of this session arrived (before it is checked). */
  | { readonly type: "parcelsReceived"; readonly link: LinkId; readonly session: number; readonly count: number }
  /** That frame is merged, or was thrown away. */
  | { readonly type: "parcelsDone"; readonly session: number; readonly bad: boolean; readonly heldBack: boolean }
  /** A user wants to know how everybody stands: each peer is asked as soon as its turn comes. */
  | { readonly type: "everybodyDue" }
  /** There is no room for what would come, or there is again. */
  | { readonly type: "intakeHeld"; readonly held: boolean }
  | { readonly type: "timePassed" };

/** What pulling asks of what is held. */
export interface PulledHoldings {
  origins(): readonly OriginRanges[];
  beacon(now: Time): Beacon;
  readonly changes: number;
}

export type PullFact =
  /** Claims to be believed as far as they are proven; the rest comes back by `keepClaims`. */
  | {
      readonly type: "superseded";
      readonly session: number;
      readonly peer: PeerId;
      readonly origins: readonly OriginRanges[];
    }
  /** Claims believed before must be taken back: what superseded those batches is not merged here yet. */
  | { readonly type: "disbelieved"; readonly origins: readonly OriginRanges[] }
  /** A pull was answered whole; `equal` when both sets were the same then. */
  | {
      readonly type: "completed";
      readonly peer: PeerId;
      readonly link: LinkId;
      readonly equal: boolean;
      readonly theirs: SetSummary;
      /** Monotonic time of the question. */
      readonly askedAt: number;
    }
  /** The peer had no time for it, but told how it stands. */
  | { readonly type: "turnedAway"; readonly peer: PeerId; readonly theirs: SetSummary; readonly askedAt: number }
  /** Pulls bring nothing and the sets differ: a walk finds what. */
  | { readonly type: "unexplained"; readonly peer: PeerId; readonly link: LinkId }
  | { readonly type: "misbehaved"; readonly peer: PeerId; readonly link: LinkId };

/** What a status page shows of a pull. */
export interface PullSnapshot {
  readonly peer: PeerId;
  readonly parcels: number;
  /** What the peer said would come, at most: some of it may live no longer. 0 before it said so. */
  readonly expected: number;
  readonly forMs: number;
}

export class Pull {
  readonly #prng: Prng;
  readonly #everyMs: () => number;
  readonly #schedules = new Map<LinkId, Schedule>();
  #session: Session | undefined;
  #sessions = 0;
  #isHeld = false;

  constructor(prng: Prng, everyMs: () => number) {
    this.#prng = prng;
    this.#everyMs = everyMs;
  }

  step(input: PullInput, holdings: PulledHoldings, now: Time, out: EffectSink): readonly PullFact[] {
    const facts = this.#take(input, holdings, now, out);
    this.#evaluate(holdings, now, out);
    return facts;
  }

  nextDeadline(): number | undefined {
    if (this.#session !== undefined) return this.#deadlineOf(this.#session);
    if (this.#isHeld) return undefined;
    let next: number | undefined;
    for (const { dueAt } of this.#schedules.values()) next = Math.min(next ?? Infinity, dueAt);
    return next;
  }

  /** Without others to ask, a pull may go on as long as it moves; a slow peer cannot keep us from the rest. */
  #deadlineOf({ link, progressAt, startedAt }: Session): number {
    const stalled = progressAt + pullStallMs;
    const turnEnds = startedAt + pullTurnMsMax;
    const isAwaited = [...this.#schedules.values()].some((other) => other.link !== link && other.dueAt <= turnEnds);
    return isAwaited ? Math.min(stalled, turnEnds) : stalled;
  }

  snapshot(now: Time): PullSnapshot | undefined {
    if (this.#session === undefined) return undefined;
    const { peer, parcels, expected, startedAt } = this.#session;
    return { peer, parcels, expected, forMs: now.mono - startedAt };
  }

  /** Whether frontiers may still bring what this peer has: there is no point in looking for it entry by entry. */
  mayStillBring(link: LinkId): boolean {
    return this.#session?.link === link || this.#schedules.get(link)?.wasComplete !== true;
  }

  /** Whether a frame of parcels is expected: of the session under way, and within its window. */
  expects(link: LinkId, id: number): boolean {
    const session = this.#current(link, id);
    return session !== undefined && session.done === undefined && session.merging < pullWindowFrames;
  }

  /** Claims that nothing proves yet wait for the parcels to come. */
  keepClaims(id: number, believed: readonly OriginRanges[], unproven: readonly OriginRanges[]): void {
    const session = this.#session;
    if (session === undefined || session.id !== id) return;
    for (const origin of believed) session.believed.push(origin);
    for (const origin of unproven) {
      const ranges = Math.max(1, origin.ranges.length);
      if (session.claimRanges + ranges > supersededClaimsMax) return; // told again by the next pull
      session.claimRanges += ranges;
      session.claims.push(origin);
    }
  }

  #take(input: PullInput, holdings: PulledHoldings, now: Time, out: EffectSink): readonly PullFact[] {
    switch (input.type) {
      case "peerAdmitted":
        this.#schedules.set(input.link, {
          link: input.link,
          peer: input.peer,
          dueAt: now.mono,
          ordered: false,
          again: false,
          unexplained: 0,
          wasComplete: false,
        });
        return [];
      case "linkLost":
        this.#schedules.delete(input.link);
        return this.#session?.link === input.link ? this.#end(this.#session, "linkLost", now, out) : [];
      case "messageReceived":
        return this.#message(input.link, input.message, holdings, now, out);
      case "parcelsReceived":
        this.#parcels(input.link, input.session, input.count, now, out);
        return [];
      case "parcelsDone":
        return this.#merged(input, holdings, now, out);
      case "everybodyDue":
        for (const schedule of this.#schedules.values()) {
          schedule.again = schedule.link === this.#session?.link; // what is under way tells how things stood before
          if (schedule.again || schedule.dueAt <= now.mono) continue;
          schedule.dueAt = now.mono;
          schedule.ordered = true;
        }
        return [];
      case "intakeHeld":
        return this.#hold(input.held, now, out);
      case "timePassed":
        return this.#session !== undefined && now.mono >= this.#deadlineOf(this.#session)
          ? this.#end(this.#session, "timeout", now, out)
          : [];
    }
  }

  #message(
    link: LinkId,
    message: Extract<FrontierMessage, { type: "superseded" | "done" | "serving" }>,
    holdings: PulledHoldings,
    now: Time,
    out: EffectSink,
  ): readonly PullFact[] {
    const session = this.#current(link, message.session);
    if (session === undefined) return [];
    if (message.type === "serving") {
      session.expected = message.batches;
      return [];
    }
    if (message.type === "superseded") {
      out.push({ type: "network", order: { type: "send", link, protocol: "frontier", frame: encodeMore(session.id) } });
      if (session.merging === 0 && !session.heldBack) return [claimOf(session, message.origins)];
      this.keepClaims(session.id, [], message.origins);
      return [];
    }
    session.progressAt = now.mono;
    session.done = message;
    return session.merging === 0 ? this.#finish(session, message, holdings, now, out) : [];
  }

  #parcels(link: LinkId, id: number, count: number, now: Time, out: EffectSink): void {
    const session = this.#current(link, id);
    if (session === undefined) return;
    if (session.parcels === 0)
      out.push({ type: "note", at: now.wall, note: { type: "pullStarted", peer: session.peer } });
    session.progressAt = now.mono;
    session.parcels += count;
    session.merging += 1;
  }

  #merged(
    { session: id, bad, heldBack }: Extract<PullInput, { type: "parcelsDone" }>,
    holdings: PulledHoldings,
    now: Time,
    out: EffectSink,
  ): readonly PullFact[] {
    const session = this.#session;
    if (session === undefined || session.id !== id) return [];
    session.progressAt = now.mono;
    session.merging -= 1;
    const { peer, link } = session;
    if (bad) return [...this.#end(session, "misbehaved", now, out), { type: "misbehaved", peer, link }];
    const taken = heldBack ? disbelieved(session) : [];
    if (session.done !== undefined && session.merging === 0)
      return [...taken, ...this.#finish(session, session.done, holdings, now, out)];
    out.push({ type: "network", order: { type: "send", link, protocol: "frontier", frame: encodeMore(id) } });
    return [...taken, ...claimed(session)];
  }

  #finish(
    session: Session,
    done: Extract<FrontierMessage, { type: "done" }>,
    holdings: PulledHoldings,
    now: Time,
    out: EffectSink,
  ): readonly PullFact[] {
    const theirs = done.beacon.summary;
    if (done.status === "busy")
      return [
        ...this.#end(session, "busy", now, out),
        { type: "turnedAway", peer: session.peer, theirs, askedAt: session.startedAt },
      ];
    const facts = claimed(session);
    const equal = sameSet(theirs, holdings.beacon(now).summary);
    const schedule = this.#schedules.get(session.link);
    const quiet = session.parcels === 0 && session.changesAtStart === holdings.changes;
    if (schedule !== undefined && !session.ordered)
      schedule.unexplained = equal || !quiet ? 0 : schedule.unexplained + 1;
    if (schedule !== undefined) schedule.wasComplete = true;
    const { peer, link } = session;
    const isUnexplained = schedule !== undefined && schedule.unexplained >= unexplainedPullsMax;
    return [
      ...facts,
      ...this.#end(session, "complete", now, out, equal),
      { type: "completed", peer, link, equal, theirs, askedAt: session.startedAt },
      ...(isUnexplained ? ([{ type: "unexplained", peer, link }] as const) : []),
    ];
  }

  #end(session: Session, how: PullEnd, now: Time, out: EffectSink, equal = false): readonly PullFact[] {
    this.#session = undefined;
    const schedule = this.#schedules.get(session.link);
    if (schedule !== undefined) {
      schedule.dueAt = now.mono + (schedule.again ? 0 : this.#prng.jittered(this.#everyMs(), pullJitter));
      schedule.ordered = schedule.again;
      schedule.again = false;
    }
    out.push({
      type: "note",
      at: now.wall,
      note: {
        type: "pullEnded",
        peer: session.peer,
        how,
        parcels: session.parcels,
        durationMs: now.mono - session.startedAt,
        equal,
      },
    });
    return [];
  }

  #hold(held: boolean, now: Time, out: EffectSink): readonly PullFact[] {
    this.#isHeld = held;
    if (held) return this.#session === undefined ? [] : this.#end(this.#session, "held", now, out);
    for (const schedule of this.#schedules.values()) schedule.dueAt = Math.min(schedule.dueAt, now.mono);
    return [];
  }

  #evaluate(holdings: PulledHoldings, now: Time, out: EffectSink): void {
    if (this.#session !== undefined || this.#isHeld) return;
    let next: Schedule | undefined;
    for (const schedule of this.#schedules.values())
      if (schedule.dueAt <= now.mono && (next === undefined || schedule.dueAt < next.dueAt)) next = schedule;
    if (next !== undefined) this.#start(next, holdings, now, out);
  }

  #start(schedule: Schedule, holdings: PulledHoldings, now: Time, out: EffectSink): void {
    const { link, peer, ordered } = schedule;
    schedule.ordered = false;
    const id = (this.#sessions = (this.#sessions + 1) >>> 0);
    this.#session = {
      id,
      link,
      peer,
      ordered,
      startedAt: now.mono,
      changesAtStart: holdings.changes,
      progressAt: now.mono,
      parcels: 0,
      expected: 0,
      merging: 0,
      claims: [],
      claimRanges: 0,
      believed: [],
      heldBack: false,
      done: undefined,
    };
    for (const frame of pullFrames(id, holdings.beacon(now), holdings.origins())) {
      out.push({ type: "network", order: { type: "send", link, protocol: "frontier", frame } });
    }
  }

  #current(link: LinkId, id: number): Session | undefined {
    return this.#session?.link === link && this.#session.id === id ? this.#session : undefined;
  }
}

/** The claims that waited for proof, to be looked at once more; what is unproven still comes back. */
function claimed(session: Session): readonly PullFact[] {
  const { claims, heldBack } = session;
  if (claims.length === 0 || heldBack) return [];
  session.claims = [];
  session.claimRanges = 0;
  return [claimOf(session, claims)];
}

function claimOf({ id, peer }: Session, origins: readonly OriginRanges[]): PullFact {
  return { type: "superseded", session: id, peer, origins };
}

function disbelieved(session: Session): readonly PullFact[] {
  session.heldBack = true;
  const origins = session.believed;
  session.believed = [];
  return origins.length === 0 ? [] : [{ type: "disbelieved", origins }];
}
