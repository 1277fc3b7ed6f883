/**
 * Walking: finding what a peer has and we lack, where frontiers do not tell. Like two librarians
 * on the telephone with the same card index: they compare the labels of the cabinets, then of the
 * drawers where these differ, and read out cards only in the end.
 *
 * 1. One walk at a time, with one peer at most every 10 s, over one snapshot of our set; it ends by itself, with its link, after 15 s
 *    without progress, or after a minute, in favour of pulls. What came until then is kept, and the
 *    next walk finds what is left.
 * 2. Each answer leads strictly deeper below the path it was asked for, so chains of questions are
 *    at most 16 long; and nodes asked for in vain are counted: a peer that claims differences
 *    without end is left when they exceed what honest sets could need.
 * 3. A frame of parcels is answered with `more` only when it is merged.
 * 4. Our own subtree of at most 64 entries is sent as it is; a larger one is compared by its children.
 * 5. What a user wants first is asked for by prefix, page after page, in a walk of its own that
 *    compares nothing: pulls bring the rest.
 * 6. Paths that do not fill a request wait for the answers under way that lead to more of the same round: many
 *    small requests would run into the window, and each of its fillings is a round trip more.
 */
import { equalBytes } from "../../../base/bytes.ts";
import type { PeerId, Time } from "../../../base/brand.ts";
import type { Beacon, SetSummary } from "../../../codec/beacon.ts";
import type { WalkMessage } from "../../../codec/walk.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { OpId } from "../../../ports/store.ts";
import type { TrieSnapshot } from "../../data/trie/snapshot.ts";
import type { EffectSink } from "../../effects.ts";
import type { WalkEnd } from "../../notes.ts";
import {
  walkEveryMsMin,
  walkFruitlessNodesMax,
  walkParcelWindow,
  walkStallMs,
  walkTurnMsMax,
  walkWindow,
} from "../limits.ts";
import { sameSet } from "../comparison.ts";
import {
  type Session,
  ask,
  askFirst,
  isWorthAsking,
  leadsTo,
  noteDifferences,
  noteUnknown,
  send,
  startOf,
} from "./session.ts";

export type ServerMessage = Extract<WalkMessage, { type: "opened" | "answer" | "ended" }>;

export type WalkAskInput =
  /** A pull showed that this peer's set differs in a way the frontiers do not explain. */
  | { readonly type: "walkWanted"; readonly link: LinkId; readonly peer: PeerId }
  /** The keys under these prefixes are wanted before all others. */
  | { readonly type: "firstWanted"; readonly link: LinkId; readonly peer: PeerId; readonly prefixes: readonly string[] }
  | { readonly type: "linkLost"; readonly link: LinkId }
  | { readonly type: "messageReceived"; readonly link: LinkId; readonly message: ServerMessage }
  /** A frame of parcels of this session arrived (before it is checked). */
  | { readonly type: "parcelsReceived"; readonly link: LinkId; readonly session: number; readonly count: number }
  /** That frame is merged, or was thrown away; `news` of its entries live now that did not before. */
  | { readonly type: "parcelsDone"; readonly session: number; readonly bad: boolean; readonly news: number }
  /** There is no room for what would come, or there is again; what is wanted waits. */
  | { readonly type: "intakeHeld"; readonly held: boolean }
  | { readonly type: "timePassed" };

export interface AskedHoldings {
  snapshot(): TrieSnapshot;
  beacon(now: Time): Beacon;
}

export interface WalkEnded {
  readonly type: "walkEnded";
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly how: WalkEnd;
  readonly theirs: SetSummary | undefined;
  readonly equal: boolean;
  /** Operations of ours on whose keys the peer has nothing, as far as they were counted. */
  readonly extras: readonly OpId[];
  /** Monotonic time of its beginning. */
  readonly startedAt: number;
  /** Entries that live since it brought them. */
  readonly entries: number;
}

export type WalkAskFact =
  | WalkEnded
  | { readonly type: "misbehaved"; readonly link: LinkId; readonly peer: PeerId; readonly reason: string };

interface Wanted {
  readonly peer: PeerId;
  /** Prefixes to be had first; empty where the whole sets are to be compared. */
  readonly first: readonly string[];
}

/** What a status page shows of a walk. */
export interface WalkSnapshot {
  readonly peer: PeerId;
  readonly nodes: number;
  readonly parcels: number;
  /** That live now and did not before. */
  readonly entries: number;
  readonly forMs: number;
}

export class WalkAsk {
  readonly #wanted = new Map<LinkId, Wanted>();
  readonly #beganAt = new Map<LinkId, number>();
  #session: Session | undefined;
  #sessions = 0;
  #isHeld = false;

  step(input: WalkAskInput, holdings: AskedHoldings, now: Time, out: EffectSink): readonly WalkAskFact[] {
    const facts = this.#take(input, holdings, now, out);
    this.#startNext(holdings, now, out);
    return facts;
  }

  nextDeadline(): number | undefined {
    return this.#session === undefined ? undefined : deadlineOf(this.#session);
  }

  /** Whether a frame of parcels is expected: of the session under way, and within its window. */
  expects(link: LinkId, id: number): boolean {
    const session = this.#current(link, id);
    return session !== undefined && session.merging < walkParcelWindow;
  }

  snapshot(now: Time): WalkSnapshot | undefined {
    if (this.#session === undefined) return undefined;
    const { peer, nodes, parcels, entries, startedAt } = this.#session;
    return { peer, nodes, parcels, entries, forMs: now.mono - startedAt };
  }

  #take(input: WalkAskInput, holdings: AskedHoldings, now: Time, out: EffectSink): readonly WalkAskFact[] {
    switch (input.type) {
      case "walkWanted":
        if (now.mono >= (this.#beganAt.get(input.link) ?? -Infinity) + walkEveryMsMin)
          this.#wanted.set(input.link, { peer: input.peer, first: [] });
        return [];
      case "firstWanted":
        this.#wanted.set(input.link, { peer: input.peer, first: input.prefixes });
        return [];
      case "linkLost":
        this.#wanted.delete(input.link);
        this.#beganAt.delete(input.link);
        return this.#session?.link === input.link ? this.#end(this.#session, "linkLost", holdings, now, out) : [];
      case "messageReceived":
        return this.#message(input.link, input.message, holdings, now, out);
      case "parcelsReceived": {
        const session = this.#current(input.link, input.session);
        if (session === undefined) return [];
        session.progressAt = now.mono;
        session.parcels += input.count;
        session.merging += 1;
        return [];
      }
      case "parcelsDone":
        return this.#merged(input, holdings, now, out);
      case "intakeHeld":
        this.#isHeld = input.held;
        return input.held && this.#session !== undefined ? this.#end(this.#session, "held", holdings, now, out) : [];
      case "timePassed":
        return this.#session !== undefined && now.mono >= deadlineOf(this.#session)
          ? this.#end(this.#session, "timeout", holdings, now, out)
          : [];
    }
  }

  #message(
    link: LinkId,
    message: ServerMessage,
    holdings: AskedHoldings,
    now: Time,
    out: EffectSink,
  ): readonly WalkAskFact[] {
    const session = this.#current(link, message.session);
    if (session === undefined) return [];
    session.progressAt = now.mono;
    if (message.type === "ended")
      return this.#end(session, message.status === "busy" ? "busy" : "timeout", holdings, now, out);
    if (message.type === "opened") {
      if (session.theirs !== undefined) return this.#misbehaved(session, "it opened a walk twice", holdings, now, out);
      session.theirs = message.beacon.summary;
      if (isSame(message.beacon.summary, session.snapshot)) session.todo.length = 0;
    } else {
      const asked = session.asked.get(message.request);
      if (asked === undefined) return this.#misbehaved(session, "it answered what was not asked", holdings, now, out);
      session.asked.delete(message.request);
      for (const node of message.nodes) {
        if (node.type === "prefix") {
          if (!session.first.includes(node.prefix))
            return this.#misbehaved(session, "it answered for another prefix", holdings, now, out);
          if (node.more) askFirst(session, [node], out);
          continue;
        }
        const from = asked.find(({ path }) => leadsTo(path, node.path));
        if (from === undefined) return this.#misbehaved(session, "it answered for another path", holdings, now, out);
        if (node.type === "entries") noteUnknown(node, session);
        else noteDifferences(node, from.round + 1, session);
      }
    }
    return this.#goOn(session, holdings, now, out);
  }

  #merged(
    { session: id, bad, news }: Extract<WalkAskInput, { type: "parcelsDone" }>,
    holdings: AskedHoldings,
    now: Time,
    out: EffectSink,
  ): readonly WalkAskFact[] {
    const session = this.#session;
    if (session === undefined || session.id !== id) return [];
    session.progressAt = now.mono;
    session.merging -= 1;
    session.entries += news;
    if (news > 0) session.fruitless = 0;
    if (bad) return this.#misbehaved(session, "it sent batches that are provably bad", holdings, now, out);
    send(session.link, { type: "more", session: id }, out);
    return this.#goOn(session, holdings, now, out);
  }

  /** Asks as much as the window allows, and ends the walk when nothing is left to ask or to merge. */
  #goOn(session: Session, holdings: AskedHoldings, now: Time, out: EffectSink): readonly WalkAskFact[] {
    if (session.theirs === undefined && session.asked.size > 0) return [];
    if (session.fruitless > walkFruitlessNodesMax + session.snapshot.count)
      return this.#misbehaved(session, "its differences never end and nothing comes of them", holdings, now, out);
    while (session.asked.size < walkWindow && isWorthAsking(session)) ask(session, out);
    if (session.asked.size > 0 || session.merging > 0) return [];
    return this.#end(session, "complete", holdings, now, out);
  }

  #misbehaved(
    session: Session,
    reason: string,
    holdings: AskedHoldings,
    now: Time,
    out: EffectSink,
  ): readonly WalkAskFact[] {
    const { link, peer } = session;
    return [...this.#end(session, "misbehaved", holdings, now, out), { type: "misbehaved", link, peer, reason }];
  }

  #end(session: Session, how: WalkEnd, holdings: AskedHoldings, now: Time, out: EffectSink): readonly WalkAskFact[] {
    const { link, peer, id, nodes, parcels, entries, startedAt, theirs, extras } = session;
    this.#session = undefined;
    if (how !== "linkLost") send(link, { type: "close", session: id, more: extras.length > 0 }, out);
    const isWhole = session.first.length === 0;
    const equal = theirs !== undefined && sameSet(theirs, holdings.beacon(now).summary);
    const durationMs = now.mono - startedAt;
    out.push({
      type: "note",
      at: now.wall,
      note: { type: "walkEnded", peer, how, nodes, parcels, entries, durationMs, equal },
    });
    return isWhole ? [{ type: "walkEnded", link, peer, how, theirs, equal, extras, startedAt, entries }] : [];
  }

  #startNext(holdings: AskedHoldings, now: Time, out: EffectSink): void {
    if (this.#session !== undefined || this.#isHeld) return;
    const next = this.#wanted.entries().next().value;
    if (next === undefined) return;
    const [link, { peer, first }] = next;
    this.#wanted.delete(link);
    if (first.length === 0) this.#beganAt.set(link, now.mono);
    const id = (this.#sessions = (this.#sessions + 1) >>> 0);
    const session: Session = {
      id,
      link,
      peer,
      snapshot: holdings.snapshot(),
      startedAt: now.mono,
      progressAt: now.mono,
      theirs: undefined,
      first,
      todo: first.length === 0 ? [{ path: "", round: 0 }] : [],
      asked: new Map(),
      requests: 0,
      merging: 0,
      parcels: 0,
      entries: 0,
      extras: [],
      nodes: 0,
      fruitless: 0,
    };
    this.#session = session;
    out.push({ type: "note", at: now.wall, note: { type: "walkStarted", peer } });
    send(link, { type: "open", session: id, beacon: holdings.beacon(now) }, out);
    // the root's children go with it: equal sets still need one round trip, unequal ones save one
    if (first.length === 0) ask(session, out);
    else askFirst(session, first.map(startOf), out);
  }

  #current(link: LinkId, id: number): Session | undefined {
    return this.#session?.link === link && this.#session.id === id ? this.#session : undefined;
  }
}

function deadlineOf({ startedAt, progressAt }: Session): number {
  return Math.min(progressAt + walkStallMs, startedAt + walkTurnMsMax);
}

function isSame({ count, root }: SetSummary, snapshot: TrieSnapshot): boolean {
  const ours = snapshot.summary("");
  return count === ours.count && equalBytes(root, ours.hash);
}
