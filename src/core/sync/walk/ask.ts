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
 */
import { type Bytes, equalBytes } from "../../../base/bytes.ts";
import type { PeerId, Time } from "../../../base/brand.ts";
import type { Beacon, SetSummary } from "../../../codec/beacon.ts";
import { walkEntriesMax } from "../../../codec/limits.ts";
import {
  type WalkChildren,
  type WalkMessage,
  type WalkNode,
  cutPosition,
  encodeWalk,
  walkPathDigitsMax,
} from "../../../codec/walk.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { OpId } from "../../../ports/store.ts";
import type { TrieSnapshot } from "../../data/trie/snapshot.ts";
import type { EffectSink } from "../../effects.ts";
import type { WalkEnd } from "../../notes.ts";
import {
  walkChildrenNodesMax,
  walkEntriesNodesMax,
  walkEveryMsMin,
  walkExtrasMax,
  walkFruitlessNodesMax,
  walkRoundsMax,
  walkParcelWindow,
  walkStallMs,
  walkTurnMsMax,
  walkWindow,
} from "../limits.ts";
import { sameSet } from "../comparison.ts";
import { cutEntries, cutHashes } from "./cut.ts";

export type ServerMessage = Extract<WalkMessage, { type: "opened" | "answer" | "ended" }>;

export type WalkAskInput =
  /** A pull showed that this peer's set differs in a way the frontiers do not explain. */
  | { readonly type: "walkWanted"; readonly link: LinkId; readonly peer: PeerId }
  | { readonly type: "linkLost"; readonly link: LinkId }
  | { readonly type: "messageReceived"; readonly link: LinkId; readonly message: ServerMessage }
  /** A frame of parcels of this session arrived (before it is checked). */
  | { readonly type: "parcelsReceived"; readonly link: LinkId; readonly session: number; readonly count: number }
  /** That frame is merged, or was thrown away; `news` of its entries live now that did not before. */
  | { readonly type: "parcelsDone"; readonly session: number; readonly bad: boolean; readonly news: number }
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
}

export type WalkAskFact =
  | WalkEnded
  | { readonly type: "misbehaved"; readonly link: LinkId; readonly peer: PeerId; readonly reason: string };

/** A path that differs, and how many round trips led to it. */
interface Differing {
  readonly path: string;
  readonly round: number;
}

interface Session {
  readonly id: number;
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly snapshot: TrieSnapshot;
  readonly startedAt: number;
  progressAt: number;
  theirs: SetSummary | undefined;
  /** The deepest of them last, so that few wait at a time. */
  readonly todo: Differing[];
  readonly asked: Map<number, readonly Differing[]>;
  requests: number;
  merging: number;
  parcels: number;
  entries: number;
  readonly extras: OpId[];
  nodes: number;
  /** Nodes asked for since something new came. */
  fruitless: number;
}

/** What a status page shows of a walk. */
export interface WalkSnapshot {
  readonly peer: PeerId;
  readonly nodes: number;
  readonly parcels: number;
  readonly entries: number;
}

export class WalkAsk {
  readonly #wanted = new Map<LinkId, PeerId>();
  readonly #beganAt = new Map<LinkId, number>();
  #session: Session | undefined;
  #sessions = 0;

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

  snapshot(): WalkSnapshot | undefined {
    if (this.#session === undefined) return undefined;
    const { peer, nodes, parcels, entries } = this.#session;
    return { peer, nodes, parcels, entries };
  }

  #take(input: WalkAskInput, holdings: AskedHoldings, now: Time, out: EffectSink): readonly WalkAskFact[] {
    switch (input.type) {
      case "walkWanted":
        if (now.mono >= (this.#beganAt.get(input.link) ?? -Infinity) + walkEveryMsMin)
          this.#wanted.set(input.link, input.peer);
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
    while (session.todo.length > 0 && session.asked.size < walkWindow) ask(session, out);
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
    const equal = theirs !== undefined && sameSet(theirs, holdings.beacon(now).summary);
    const durationMs = now.mono - startedAt;
    out.push({
      type: "note",
      at: now.wall,
      note: { type: "walkEnded", peer, how, nodes, parcels, entries, durationMs, equal },
    });
    return [{ type: "walkEnded", link, peer, how, theirs, equal, extras }];
  }

  #startNext(holdings: AskedHoldings, now: Time, out: EffectSink): void {
    if (this.#session !== undefined) return;
    const next = this.#wanted.entries().next().value;
    if (next === undefined) return;
    const [link, peer] = next;
    this.#wanted.delete(link);
    this.#beganAt.set(link, now.mono);
    const id = (this.#sessions = (this.#sessions + 1) >>> 0);
    const session: Session = {
      id,
      link,
      peer,
      snapshot: holdings.snapshot(),
      startedAt: now.mono,
      progressAt: now.mono,
      theirs: undefined,
      todo: [{ path: "", round: 0 }],
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
    ask(session, out); // the root's children go with it: equal sets still need one round trip, unequal ones save one
  }

  #current(link: LinkId, id: number): Session | undefined {
    return this.#session?.link === link && this.#session.id === id ? this.#session : undefined;
  }
}

function deadlineOf({ startedAt, progressAt }: Session): number {
  return Math.min(progressAt + walkStallMs, startedAt + walkTurnMsMax);
}

/** Takes the last paths that differ and asks for them: entry by entry where we have few, by their children otherwise. */
function ask(session: Session, out: EffectSink): void {
  const nodes: WalkNode[] = [];
  const asked: Differing[] = [];
  for (let children = 0; asked.length < walkEntriesNodesMax && children < walkChildrenNodesMax;) {
    const next = session.todo.pop();
    if (next === undefined) break;
    const node = ourNode(session.snapshot, next.path);
    if (node.type === "children") children += 1;
    nodes.push(node);
    asked.push(next);
  }
  const request = (session.requests += 1);
  session.asked.set(request, asked);
  session.nodes += nodes.length;
  session.fruitless += nodes.length;
  send(session.link, { type: "ask", session: session.id, request, nodes }, out);
}

function ourNode(snapshot: TrieSnapshot, path: string): WalkNode {
  return snapshot.summary(path).count <= walkEntriesMax && path !== ""
    ? cutEntries(snapshot, path)
    : { type: "children", path, hashes: cutHashes(snapshot, path) };
}

/** An answer is about a child of what was asked, or, where few entries were sent, about that path itself. */
function leadsTo(asked: string, answered: string): boolean {
  return answered.startsWith(asked) && answered.length <= asked.length + 1;
}

/** What differs below an answered path: what is there on their side is to be asked for. */
function noteDifferences({ path, hashes }: WalkChildren, round: number, session: Session): void {
  if (path.length >= walkPathDigitsMax || round > walkRoundsMax) return;
  const ours = cutHashes(session.snapshot, path);
  hashes.forEach((theirs, digit) => {
    const below = path + digit.toString(16);
    if (theirs !== undefined && !isEqualTo(ours[digit], theirs)) session.todo.push({ path: below, round });
    if (theirs === undefined && ours[digit] !== undefined)
      for (const { id } of session.snapshot.entries(below)) noteExtra(id, session);
  });
}

/** Entries we named on whose keys they have nothing. */
function noteUnknown({ path, entries }: Extract<WalkNode, { type: "entries" }>, session: Session): void {
  for (const { position, id } of session.snapshot.entries(path)) {
    const cut = cutPosition(position, path);
    if (entries.some((entry) => equalBytes(entry.position, cut))) noteExtra(id, session);
  }
}

function noteExtra(id: OpId, { extras }: Session): void {
  if (extras.length < walkExtrasMax) extras.push(id);
}

function isEqualTo(ours: Bytes | undefined, theirs: Bytes): boolean {
  return ours !== undefined && equalBytes(ours, theirs);
}

function isSame({ count, fingerprint }: SetSummary, snapshot: TrieSnapshot): boolean {
  const ours = snapshot.summary("");
  return count === ours.count && equalBytes(fingerprint, ours.hash);
}

function send(link: LinkId, message: Parameters<typeof encodeWalk>[0], out: EffectSink): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "walk", frame: encodeWalk(message) } });
}
