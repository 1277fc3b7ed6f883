/**
 * Serving pulls: a peer said what it holds; we send what it lacks, a window at a time.
 *
 * 1. At most 2 sessions per link, a further pull taking the place of the oldest, which the asker has
 *    given up; at most 100 in all, and another pull is told `busy`.
 * 2. At most 4 frames (one call may overdraw by its superseded ones) are on the way; each `more`
 *    allows one further. So a slow asker costs us
 *    positions in a list and nothing else.
 * 3. The work for one frame is bounded in bytes and in numbers looked at.
 * 4. Every session ends with `done`, unless its link ends first.
 */
import type { Author, Incarnation, Millis, PeerId, Time } from "../../../base/brand.ts";
import {
  type Beacon,
  type FrontierMessage,
  type OriginRanges,
  encodeDone,
  encodeParcels,
  encodeServing,
  encodeSuperseded,
} from "../../../codec/frontier.ts";
import { frontierFrameBytesMax, frontierRangesMax, messageOpsMax } from "../../../codec/limits.ts";
import { presentOps } from "../../../codec/parcel.ts";
import type { Bytes } from "../../../base/bytes.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { StoreView, StoredParcel } from "../../../ports/store.ts";
import { type Ranges, minus, withNumber } from "../../data/ranges.ts";
import type { EffectSink } from "../../effects.ts";
import { type FrontierGaps, gapsOf } from "../gap.ts";
import {
  pullWindowFrames,
  askingRangesMax,
  servedEveryMsMin,
  serveSilentMs,
  servedRangesMax,
  servesMax,
  servesPerLinkMax,
  supersededOriginsMax,
} from "../limits.ts";
import { meanRtt, tuningOf } from "../tuning.ts";

/** What a frame says beside its parcels, at most. */
const frameWordsBytes: number = 16 * 1024;

export type ServeInput =
  | {
      readonly type: "pullReceived";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly pull: Extract<FrontierMessage, { type: "pull" }>;
    }
  | { readonly type: "moreReceived"; readonly link: LinkId; readonly session: number };

/** What serving asks of what is held. */
export interface ServedHoldings {
  origins(): readonly OriginRanges[];
  beacon(now: Time): Beacon;
}

/** Part of one origin still to be sent. */
interface Stretch {
  readonly author: Author;
  readonly incarnation: Incarnation;
  from: number;
  /** Parcels of number `from` that were sent already: there are several only of a writer that signs a number twice. */
  skip: number;
  readonly to: number;
}

interface Session {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly session: number;
  /** Monotonic time of the asker's last message. */
  heardAt: number;
  /** What the asker said it holds, until its last message came. */
  readonly asked: Map<string, Ranges>;
  /** Ranges asked so far. */
  ranges: number;
  complete: boolean;
  stretches: readonly Stretch[];
  /** Position of the first stretch that is not sent whole. */
  next: number;
  credit: number;
  sent: number;
}

export class Serve {
  readonly #sessions = new Map<string, Session>();
  /** When a link's last pull began. */
  readonly #openedAt = new Map<LinkId, number>();
  /** Mean round trip of each link that is measured. */
  readonly #rttMs = new Map<LinkId, Millis>();

  /** Returns what a pull that has named everything tells of the asker against us. */
  step(
    input: ServeInput,
    holdings: ServedHoldings,
    view: StoreView,
    now: Time,
    out: EffectSink,
  ): FrontierGaps | undefined {
    switch (input.type) {
      case "pullReceived":
        return this.#pull(input.link, input.peer, input.pull, holdings, view, now, out);
      case "moreReceived": {
        const session = this.#sessions.get(sessionKey(input.link, input.session));
        if (session === undefined || !session.complete) return undefined;
        session.heardAt = now.mono;
        session.credit = Math.min(session.credit + 1, pullWindowFrames);
        this.#pump(session, holdings, view, now, out);
        return undefined;
      }
    }
  }

  /** A pull whose asker has said nothing for long was given up: its place and its list are free again. */
  #forgetSilent(now: Time): void {
    for (const [key, { heardAt }] of this.#sessions)
      if (now.mono >= heardAt + serveSilentMs) this.#sessions.delete(key);
  }

  /** Forgets the sessions of a link that is gone. */
  linkLost(link: LinkId): void {
    this.#openedAt.delete(link);
    this.#rttMs.delete(link);
    for (const [key, session] of this.#sessions) if (session.link === link) this.#sessions.delete(key);
  }

  /** How long the line is says how large frames are. */
  measured(link: LinkId, rttMs: Millis): void {
    this.#rttMs.set(link, meanRtt(this.#rttMs.get(link), rttMs));
  }

  get active(): number {
    return this.#sessions.size;
  }

  #pull(
    link: LinkId,
    peer: PeerId,
    pull: Extract<FrontierMessage, { type: "pull" }>,
    holdings: ServedHoldings,
    view: StoreView,
    now: Time,
    out: EffectSink,
  ): FrontierGaps | undefined {
    const key = sessionKey(link, pull.session);
    const session = this.#sessions.get(key) ?? this.#open(link, peer, pull.session, now);
    const isTooMuch = session !== undefined && this.#isTooMuch(session, pull.origins);
    if (session === undefined || session.complete || isTooMuch) {
      this.#sessions.delete(key);
      sendFrame(link, encodeDone(pull.session, holdings.beacon(now), "busy"), out);
      return undefined;
    }
    session.heardAt = now.mono;
    for (const { author, incarnation, ranges } of pull.origins) {
      session.asked.set(`${author}/${incarnation}`, ranges);
      session.ranges += ranges.length + 1;
    }
    if (!pull.last) return undefined;
    session.complete = true;
    session.stretches = missing(holdings.origins(), session.asked);
    // Who holds something and names nothing wants everything again, and says nothing of what it holds.
    const isTold = session.asked.size > 0 || pull.beacon.summary.count === 0;
    const gaps = isTold ? gapsOf(holdings.origins(), session.asked) : undefined;
    session.asked.clear();
    const parcels = session.stretches.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    if (parcels > 0) {
      out.push({ type: "note", at: now.wall, note: { type: "serveStarted", peer, parcels } });
      sendFrame(link, encodeServing(pull.session, parcels), out);
    }
    this.#pump(session, holdings, view, now, out);
    return gaps;
  }

  /** Over the limits of one pull, or of all that are still being asked for. */
  #isTooMuch(session: Session, more: readonly OriginRanges[]): boolean {
    const added = more.reduce((sum, origin) => sum + origin.ranges.length + 1, 0);
    let asking = added;
    for (const { complete, ranges } of this.#sessions.values()) if (!complete) asking += ranges;
    return session.ranges + added > servedRangesMax || asking > askingRangesMax;
  }

  #open(link: LinkId, peer: PeerId, session: number, now: Time): Session | undefined {
    this.#forgetSilent(now);
    if (now.mono < (this.#openedAt.get(link) ?? -Infinity) + servedEveryMsMin) return undefined;
    this.#openedAt.set(link, now.mono);
    for (const [key, other] of this.#sessions) if (other.link === link && !other.complete) this.#sessions.delete(key);
    const ofLink = [...this.#sessions].filter(([, other]) => other.link === link);
    const [oldest] = ofLink;
    if (oldest !== undefined && ofLink.length >= servesPerLinkMax) this.#sessions.delete(oldest[0]);
    if (this.#sessions.size >= servesMax) return undefined;
    const fresh: Session = {
      link,
      peer,
      session,
      heardAt: now.mono,
      asked: new Map(),
      ranges: 0,
      complete: false,
      stretches: [],
      next: 0,
      credit: pullWindowFrames,
      sent: 0,
    };
    this.#sessions.set(sessionKey(link, session), fresh);
    return fresh;
  }

  #pump(session: Session, holdings: ServedHoldings, view: StoreView, now: Time, out: EffectSink): void {
    while (isUnfinished(session) && session.credit > 0) this.#sendFrames(session, view, out);
    if (isUnfinished(session)) return;
    this.#sessions.delete(sessionKey(session.link, session.session));
    sendFrame(session.link, encodeDone(session.session, holdings.beacon(now), "complete"), out);
    if (session.sent > 0)
      out.push({ type: "note", at: now.wall, note: { type: "serveEnded", peer: session.peer, parcels: session.sent } });
  }

  /** One frame of parcels, and after it, because the asker believes no more than they prove, what is superseded among the same numbers. */
  #sendFrames(session: Session, view: StoreView, out: EffectSink): void {
    const parcels: Bytes[] = [];
    const superseded: OriginRanges[] = [];
    let room = tuningOf({ rttMs: this.#rttMs.get(session.link) }).frameBytes;
    const roomAtAll = { bytes: frontierFrameBytesMax - frameWordsBytes, ops: messageOpsMax };
    while (isUnfinished(session) && room > 0 && superseded.length < supersededOriginsMax) {
      const stretch = session.stretches[session.next] as Stretch;
      const read = view.parcels({ ...stretch, bytesMax: room });
      const found = fitting(read, roomAtAll);
      if (found.length === 0 && read.length > 0) break; // it begins the next frame
      for (const { bytes } of found) {
        parcels.push(bytes);
        room -= bytes.length;
        roomAtAll.bytes -= bytes.length;
        roomAtAll.ops -= presentOps(bytes);
      }
      const last = found.at(-1)?.sequence;
      if (found.length < read.length) room = 0;
      const isCut = room <= 0 && last !== undefined;
      pushSuperseded(superseded, stretch, holesIn(stretch, isCut ? last : stretch.to, found));
      if (isCut) moveTo(stretch, last, found);
      else session.next += 1;
    }
    if (parcels.length > 0) {
      session.credit -= 1;
      session.sent += parcels.length;
      sendFrame(session.link, encodeParcels(session.session, parcels), out);
    }
    for (let i = 0; i < superseded.length; i += supersededOriginsMax) {
      session.credit -= 1;
      sendFrame(session.link, encodeSuperseded(session.session, superseded.slice(i, i + supersededOriginsMax)), out);
    }
  }
}

/** Those that a frame can take whole: the last that was read may reach beyond what was asked for. */
function fitting(
  read: readonly StoredParcel[],
  most: { readonly bytes: number; readonly ops: number },
): readonly StoredParcel[] {
  let [bytes, ops] = [0, 0];
  const beyond = read.findIndex((parcel) => {
    bytes += parcel.bytes.length;
    ops += presentOps(parcel.bytes);
    return bytes > most.bytes || ops > most.ops;
  });
  return beyond < 0 ? read : read.slice(0, beyond);
}

function isUnfinished({ next, stretches }: Session): boolean {
  return next < stretches.length;
}

/** Numbers of the stretch, as far as it was looked at, of which nothing is stored. */
function holesIn({ from, skip }: Stretch, reached: number, found: readonly StoredParcel[]): Ranges {
  const first = skip > 0 ? from + 1 : from;
  if (first > reached) return [];
  const stored = found.reduce<Ranges>((ranges, each) => withNumber(ranges, each.sequence), []);
  return minus([[first, reached]], stored);
}

/** Behind the last parcel that was sent, which need not be the last of its number. */
function moveTo(stretch: Stretch, last: number, found: readonly StoredParcel[]): void {
  const sent = found.filter(({ sequence }) => sequence === last).length;
  stretch.skip = last === stretch.from ? stretch.skip + sent : sent;
  stretch.from = last;
}

/** What we hold and the asker does not, each origin's numbers in order. */
function missing(ours: readonly OriginRanges[], theirs: ReadonlyMap<string, Ranges>): Stretch[] {
  return ours.flatMap(({ author, incarnation, ranges }) =>
    minus(ranges, theirs.get(`${author}/${incarnation}`) ?? []).map(([from, to]) => ({
      author,
      incarnation,
      from,
      skip: 0,
      to,
    })),
  );
}

function pushSuperseded(list: OriginRanges[], { author, incarnation }: Stretch, holes: Ranges): void {
  for (let i = 0; i < holes.length; i += frontierRangesMax)
    list.push({ author, incarnation, ranges: holes.slice(i, i + frontierRangesMax) });
}

function sendFrame(link: LinkId, frame: Bytes, out: EffectSink): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "frontier", frame } });
}

function sessionKey(link: LinkId, session: number): string {
  return `${link}/${session}`;
}
