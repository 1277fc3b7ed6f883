/** One walk of the asker's: what it compares, what it has asked for, and what the answers lead to. */
import { type Bytes, equalBytes } from "../../../base/bytes.ts";
import type { PeerId } from "../../../base/brand.ts";
import type { SetSummary } from "../../../codec/beacon.ts";
import { walkEntriesMax } from "../../../codec/limits.ts";
import {
  type WalkChildren,
  type WalkNode,
  type WalkPrefix,
  cutPosition,
  encodeWalk,
  walkPathDigitsMax,
} from "../../../codec/walk.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { OpId } from "../../../ports/store.ts";
import type { TrieSnapshot } from "../../data/trie/snapshot.ts";
import type { EffectSink } from "../../effects.ts";
import { walkChildrenNodesMax, walkEntriesNodesMax, walkExtrasMax, walkRoundsMax } from "../limits.ts";
import { cutEntries, cutHashes } from "./cut.ts";

/** A path that differs, and how many round trips led to it. */
export interface Differing {
  readonly path: string;
  readonly round: number;
}

export interface Session {
  readonly id: number;
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly snapshot: TrieSnapshot;
  readonly startedAt: number;
  progressAt: number;
  theirs: SetSummary | undefined;
  readonly first: readonly string[];
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

/**
 * Enough for a request, or nothing under way can add to the round of what is left. The last of a
 * request's paths is the least deep of them, as `todo` has the deepest last.
 */
export function isWorthAsking({ todo, asked }: Session): boolean {
  const last = todo.at(-1);
  if (last === undefined || todo.length >= walkEntriesNodesMax) return last !== undefined;
  return ![...asked.values()].some((paths) => (paths.at(-1)?.round ?? last.round) < last.round);
}

/** Takes the last paths that differ and asks for them: entry by entry where we have few, by their children otherwise. */
export function ask(session: Session, out: EffectSink): void {
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

export function startOf(prefix: string): WalkPrefix {
  return { type: "prefix", prefix, after: "", more: false };
}

/** Asks for the next keys under each prefix; nothing of it leads any deeper. */
export function askFirst(session: Session, nodes: readonly WalkPrefix[], out: EffectSink): void {
  const request = (session.requests += 1);
  session.asked.set(request, []);
  session.nodes += nodes.length;
  session.fruitless += nodes.length;
  const asked = nodes.map(({ prefix, after }) => ({ type: "prefix", prefix, after, more: false }) as const);
  send(session.link, { type: "ask", session: session.id, request, nodes: asked }, out);
}

function ourNode(snapshot: TrieSnapshot, path: string): WalkNode {
  return snapshot.countBelow(path) <= walkEntriesMax && path !== ""
    ? cutEntries(snapshot, path)
    : { type: "children", path, hashes: cutHashes(snapshot, path) };
}

/** An answer is about a child of what was asked, or, where few entries were sent, about that path itself. */
export function leadsTo(asked: string, answered: string): boolean {
  return answered.startsWith(asked) && answered.length <= asked.length + 1;
}

/** What differs below an answered path: what is there on their side is to be asked for. */
export function noteDifferences({ path, hashes }: WalkChildren, round: number, session: Session): void {
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
export function noteUnknown({ path, entries }: Extract<WalkNode, { type: "entries" }>, session: Session): void {
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

export function send(link: LinkId, message: Parameters<typeof encodeWalk>[0], out: EffectSink): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "walk", frame: encodeWalk(message) } });
}
