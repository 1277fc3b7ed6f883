/**
 * Serving walks: a peer says what stands at some paths of its trie, we say what stands below on our
 * side where it differs, and send the entries it lacks.
 *
 * 1. A session sees one snapshot of our set, so it comes to an end however fast we write.
 * 2. Requests are answered in their order, each with one `answer`, after the parcels it called for.
 *    At most 32 wait; an asker that sends more has lost count, and its session ends.
 * 3. Frames of parcels are paced by the asker's `more`; all answers together by a budget of bytes a
 *    second. Over the budget they wait; nothing fails.
 * 4. At most 2 sessions on a link and 16 in all: each may keep older pages in memory.
 */
import { type Bytes, compareBytes, equalBytes } from "../../../base/bytes.ts";
import type { PeerId, Time } from "../../../base/brand.ts";
import type { Beacon } from "../../../codec/beacon.ts";
import {
  type WalkChildren,
  type WalkEntry,
  type WalkMessage,
  type WalkNode,
  type WalkPrefix,
  cutPosition,
  encodeWalk,
  walkHashBytes,
} from "../../../codec/walk.ts";
import { messageOpsMax } from "../../../codec/limits.ts";
import { headerBytes } from "../../../codec/parcel.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { OpId, StoreView } from "../../../ports/store.ts";
import type { TrieSnapshot } from "../../data/trie/snapshot.ts";
import type { EffectSink } from "../../effects.ts";
import {
  walkBytesBurst,
  walkBytesPerSecond,
  walkParcelBytes,
  walkReadOpBytes,
  walkParcelWindow,
  walkSentEntriesMax,
  walkSilentMs,
  walkWindow,
  walksPerLinkMax,
  walksServedMax,
} from "../limits.ts";
import { cutHashes } from "./cut.ts";

export type AskerMessage = Extract<WalkMessage, { type: "open" | "ask" | "more" | "close" }>;

export type WalkServeInput =
  | { readonly type: "messageReceived"; readonly link: LinkId; readonly peer: PeerId; readonly message: AskerMessage }
  | { readonly type: "timePassed" };

/** What serving asks of what is held. */
export interface WalkedHoldings {
  snapshot(): TrieSnapshot;
  beacon(now: Time): Beacon;
}

/** The asker has entries that were not in our set: worth asking it in turn. */
export interface WalkServeFact {
  readonly type: "askerHasMore";
  readonly link: LinkId;
}

interface Session {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly id: number;
  readonly snapshot: TrieSnapshot;
  heardAt: number;
  readonly requests: { readonly request: number; readonly nodes: readonly WalkNode[] }[];
  /** The answer under way: what it will say, and the operations that go before it. */
  answering: { readonly request: number; readonly nodes: readonly WalkNode[]; ids: readonly OpId[] } | undefined;
  /** Frames of parcels that may still be sent. */
  credit: number;
  askerHasMore: boolean;
  sent: number;
}

export class WalkServe {
  readonly #sessions = new Map<string, Session>();
  /** Monotonic time up to which each link has used its budget. */
  readonly #paidUntil = new Map<LinkId, number>();

  step(
    input: WalkServeInput,
    holdings: WalkedHoldings,
    view: StoreView,
    now: Time,
    out: EffectSink,
  ): readonly WalkServeFact[] {
    if (input.type === "messageReceived") return this.#message(input, holdings, view, now, out);
    for (const session of this.#sessions.values()) this.#pump(session, view, now, out);
    return [];
  }

  linkLost(link: LinkId): void {
    this.#paidUntil.delete(link);
    for (const [key, session] of this.#sessions) if (session.link === link) this.#sessions.delete(key);
  }

  get active(): number {
    return this.#sessions.size;
  }

  /** When the next answer may leave that waits for its budget. */
  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const session of this.#sessions.values())
      if (hasWork(session)) next = Math.min(next ?? Infinity, this.#dueAt(session.link));
    return next;
  }

  #message(
    { link, peer, message }: Extract<WalkServeInput, { type: "messageReceived" }>,
    holdings: WalkedHoldings,
    view: StoreView,
    now: Time,
    out: EffectSink,
  ): readonly WalkServeFact[] {
    if (message.type === "open") {
      this.#open(link, peer, message.session, holdings, now, out);
      return [];
    }
    const key = sessionKey(link, message.session);
    const session = this.#sessions.get(key);
    if (session === undefined) {
      if (message.type === "ask") send(link, { type: "ended", session: message.session, status: "unknown" }, out);
      return [];
    }
    session.heardAt = now.mono;
    if (message.type === "close") {
      this.#sessions.delete(key);
      if (session.sent > 0)
        out.push({ type: "note", at: now.wall, note: { type: "walkServed", peer, parcels: session.sent } });
      return session.askerHasMore || message.more ? [{ type: "askerHasMore", link }] : [];
    }
    if (message.type === "more") session.credit = Math.min(session.credit + 1, walkParcelWindow);
    else if (session.requests.length >= walkWindow) {
      this.#sessions.delete(key);
      send(link, { type: "ended", session: session.id, status: "busy" }, out);
      return [];
    } else session.requests.push({ request: message.request, nodes: message.nodes });
    this.#pump(session, view, now, out);
    return [];
  }

  #open(link: LinkId, peer: PeerId, id: number, holdings: WalkedHoldings, now: Time, out: EffectSink): void {
    this.#makeRoom(link, now);
    if (this.#sessions.size >= walksServedMax) {
      send(link, { type: "ended", session: id, status: "busy" }, out);
      return;
    }
    this.#sessions.set(sessionKey(link, id), {
      link,
      peer,
      id,
      snapshot: holdings.snapshot(),
      heardAt: now.mono,
      requests: [],
      answering: undefined,
      credit: walkParcelWindow,
      askerHasMore: false,
      sent: 0,
    });
    send(link, { type: "opened", session: id, beacon: holdings.beacon(now) }, out);
  }

  #makeRoom(link: LinkId, now: Time): void {
    for (const [key, { heardAt }] of this.#sessions) if (now.mono >= heardAt + walkSilentMs) this.#sessions.delete(key);
    const ofLink = [...this.#sessions].filter(([, session]) => session.link === link);
    const [oldest] = ofLink;
    if (oldest !== undefined && ofLink.length >= walksPerLinkMax) this.#sessions.delete(oldest[0]);
  }

  #pump(session: Session, view: StoreView, now: Time, out: EffectSink): void {
    while (now.mono >= this.#dueAt(session.link)) {
      session.answering ??= nextAnswer(session, view);
      const { answering } = session;
      if (answering === undefined) return;
      if (answering.ids.length === 0) {
        const { request, nodes } = answering;
        session.answering = undefined;
        this.#pay(session.link, send(session.link, { type: "answer", session: session.id, request, nodes }, out), now);
        continue;
      }
      if (session.credit === 0) return;
      const { parcels, taken } = view.fragments(answering.ids.slice(0, messageOpsMax), walkParcelBytes);
      answering.ids = answering.ids.slice(taken);
      if (parcels.length === 0) continue; // all superseded since the snapshot
      session.credit -= 1;
      session.sent += parcels.length;
      const bytes = send(session.link, { type: "parcels", session: session.id, parcels }, out);
      const read = parcels.reduce((sum, parcel) => sum + opsCountOf(parcel), 0);
      this.#pay(session.link, bytes + read * walkReadOpBytes, now);
    }
  }

  /** When a link has paid for what it was sent, as far as it does not fit the burst. */
  #dueAt(link: LinkId): number {
    return (this.#paidUntil.get(link) ?? -Infinity) - (walkBytesBurst / walkBytesPerSecond) * 1_000;
  }

  #pay(link: LinkId, bytes: number, now: Time): void {
    const from = Math.max(this.#paidUntil.get(link) ?? 0, now.mono);
    this.#paidUntil.set(link, from + (bytes / walkBytesPerSecond) * 1_000);
  }
}

function hasWork({ answering, requests, credit }: Session): boolean {
  if (answering === undefined) return requests.length > 0;
  return answering.ids.length === 0 || credit > 0;
}

/** What the next request is answered with. */
function nextAnswer(session: Session, view: StoreView): Session["answering"] {
  const asked = session.requests.shift();
  if (asked === undefined) return undefined;
  const nodes: WalkNode[] = [];
  const ids: OpId[] = [];
  for (const node of asked.nodes) {
    if (node.type === "children") nodes.push(...differingChildren(node, session));
    else if (node.type === "prefix") nodes.push(nextUnder(node, view, ids));
    else compareEntries(node, session, nodes, ids);
  }
  return { request: asked.request, nodes, ids: [...new Set(ids)].sort((a, b) => a - b) };
}

/** Keys as they are now: the snapshot knows them only by their positions. */
function nextUnder({ prefix, after }: WalkPrefix, view: StoreView, ids: OpId[]): WalkPrefix {
  const found = view.livingUnder(prefix, after, walkSentEntriesMax);
  ids.push(...found.map(({ id }) => id));
  return { type: "prefix", prefix, after: found.at(-1)?.key ?? after, more: found.length === walkSentEntriesMax };
}

/** The subtrees that differ, each by its own children. */
function differingChildren({ path, hashes }: WalkChildren, session: Session): readonly WalkChildren[] {
  const ours = cutHashes(session.snapshot, path);
  return ours.flatMap((hash, digit) => {
    const theirs = hashes[digit];
    if (hash === undefined && theirs === undefined) return [];
    if (hash === undefined) session.askerHasMore = true;
    else if (theirs !== undefined && equalBytes(theirs, hash)) return [];
    const below = path + digit.toString(16);
    return [{ type: "children", path: below, hashes: cutHashes(session.snapshot, below) }];
  });
}

/**
 * Finds what the asker lacks of the entries below a path, and names what it has and we have nothing
 * of; of too many of ours, says what their subtrees are.
 */
function compareEntries(
  { path, entries }: Extract<WalkNode, { type: "entries" }>,
  session: Session,
  nodes: WalkNode[],
  ids: OpId[],
): void {
  const { snapshot } = session;
  if (snapshot.countBelow(path) > walkSentEntriesMax) {
    nodes.push({ type: "children", path, hashes: cutHashes(snapshot, path) });
    return;
  }
  const unknown = new Set(entries);
  let same = 0;
  for (const { position, digest, id } of snapshot.entries(path)) {
    const theirs = found(entries, cutPosition(position, path));
    if (theirs !== undefined) unknown.delete(theirs);
    if (theirs !== undefined && equalBytes(theirs.digest, digest.subarray(0, walkHashBytes))) same += 1;
    else ids.push(id);
  }
  if (same < entries.length) session.askerHasMore = true;
  if (unknown.size > 0) nodes.push({ type: "entries", path, entries: [...unknown] });
}

function found(entries: readonly WalkEntry[], position: Bytes): WalkEntry | undefined {
  return entries.find((entry) => compareBytes(entry.position, position) === 0);
}

/** Operations of the batch that a fragment was made of, from its header. */
function opsCountOf(parcel: Bytes): number {
  return ((parcel[headerBytes - 2] ?? 0) << 8) + (parcel[headerBytes - 1] ?? 0);
}

/** Returns the bytes of the frame. */
function send(link: LinkId, message: Parameters<typeof encodeWalk>[0], out: EffectSink): number {
  const frame = encodeWalk(message);
  out.push({ type: "network", order: { type: "send", link, protocol: "walk", frame } });
  return frame.length;
}

function sessionKey(link: LinkId, session: number): string {
  return `${link}/${session}`;
}
