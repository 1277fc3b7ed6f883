/**
 * One lookup: the way from peer to peer, each nearer to the one that is looked for, as one asks one's way in a town:
 * whoever lives nearer knows the streets there better.
 *
 * 1. It goes several ways at once that share no peer, each with its own budgets, so that who lies, or leads in
 *    circles, spoils one of them.
 * 2. On each way the nearest peer not yet asked is next, as long as it is among the 20 nearest there that have not failed.
 * 3. What is heard of the peer itself pauses the asking until it is linked, or nobody is at any of its addresses.
 * 4. It ends when the peer is linked, when no way has anybody left to ask, or after a minute.
 */
import type { Instant, PeerId, Time } from "../../../base/brand.ts";
import type { KnownPeer } from "../../../codec/peers.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { Contact } from "./contacts.ts";
import {
  bucketContacts,
  contactAddressesMax,
  foundLinkMsMax,
  lookupMsMax,
  lookupOpenPerPath,
  lookupPaths,
  neighbourDialsMax,
  pathAskedMax,
  pathDialsMax,
  pathFoundMax,
  pathPeersMax,
  questionLinkMsMax,
  questionMsMax,
} from "./limits.ts";
import { type Position, distance, positionOf } from "./position.ts";

type Step =
  | { readonly type: "heard" | "answered" | "failed" | "passedOver" }
  | { readonly type: "linking"; readonly until: number; readonly left: Set<string> }
  | { readonly type: "asked"; readonly until: number; readonly number: number; readonly link: LinkId };

/** A peer on the way. */
interface Stop {
  readonly peer: PeerId;
  readonly far: number;
  addresses: readonly string[];
  /** It was not linked before it was to be asked. */
  wasDialed: boolean;
  step: Step;
}

interface Path {
  stops: Stop[];
  asked: number;
  dials: number;
  /** Addresses of the peer itself that were told on this way. */
  found: number;
}

/** What a lookup wants done. */
export type LookupOrder =
  | { readonly type: "ask"; readonly link: LinkId; readonly number: number; readonly target: PeerId }
  | { readonly type: "dial"; readonly peer: PeerId; readonly addresses: readonly string[] };

/** What it needs of its surroundings. */
export interface LookupSurroundings {
  linkOf(peer: PeerId): LinkId | undefined;
  isContact(peer: PeerId): boolean;
  nextNumber(): number;
}

export interface FoundAddress {
  readonly address: string;
  readonly toldBy: PeerId;
}

export class Lookup {
  readonly target: PeerId;
  readonly startedAt: Instant;
  readonly found: FoundAddress[] = [];
  readonly #self: PeerId;
  readonly #position: Position;
  readonly #until: number;
  readonly #paths: readonly Path[];
  readonly #known = new Set<PeerId>();
  /** Addresses of the peer itself at which it may be still. */
  readonly #hopes = new Set<string>();
  #hopeUntil = 0;

  /** `target` may be this node itself: then its neighbours are looked for. `seeds` are the nearest known, the nearest first. */
  constructor(self: PeerId, target: PeerId, seeds: readonly Contact[], now: Time) {
    this.#self = self;
    this.target = target;
    this.startedAt = now.wall;
    this.#position = positionOf(target);
    this.#until = now.mono + lookupMsMax;
    this.#paths = Array.from({ length: lookupPaths }, () => ({ stops: [], asked: 0, dials: 0, found: 0 }));
    for (const [index, { peer, addresses }] of seeds.entries())
      this.#add(this.#paths[index % lookupPaths], peer, addresses);
  }

  /** Who was asked and has answered. */
  get answered(): readonly PeerId[] {
    return this.#stops()
      .filter(({ step }) => step.type === "answered")
      .map(({ peer }) => peer);
  }

  /** Who could not be asked, or did not answer. */
  get failed(): number {
    return this.#stops().filter(({ step }) => step.type === "failed").length;
  }

  get ended(): boolean {
    return this.#hopes.size === 0 && this.#paths.every((path) => !isOpen(path) && nextOf(path) === undefined);
  }

  nextDeadline(): number {
    let next = this.#hopes.size > 0 ? Math.min(this.#until, this.#hopeUntil) : this.#until;
    for (const { step } of this.#stops()) if ("until" in step) next = Math.min(next, step.until);
    return next;
  }

  /** The known addresses of the peer itself, before anybody is asked. */
  hope(addresses: readonly string[], now: Time): void {
    for (const address of addresses) this.#hopes.add(address);
    if (addresses.length > 0) this.#hopeUntil = now.mono + foundLinkMsMax;
  }

  /** What is to be done now. */
  advance({ linkOf, isContact, nextNumber }: LookupSurroundings, now: Time): readonly LookupOrder[] {
    this.#expire(now.mono);
    const orders: LookupOrder[] = [];
    for (const path of this.#hopes.size > 0 ? [] : this.#paths) {
      for (let stop = nextOf(path); stop !== undefined && !isOpen(path); stop = nextOf(path)) {
        const link = linkOf(stop.peer);
        if (link === undefined) orders.push(...this.#dialFor(stop, path, isContact(stop.peer), now.mono));
        else orders.push(this.#ask(stop, path, link, nextNumber(), now.mono));
      }
    }
    return orders;
  }

  /** A link to a peer stands: it may be one that was dialed for a question. */
  linked(peer: PeerId): void {
    for (const stop of this.#stops())
      if (stop.peer === peer && stop.step.type === "linking") stop.step = { type: "heard" };
  }

  linkLost(link: LinkId): void {
    for (const stop of this.#stops())
      if (stop.step.type === "asked" && stop.step.link === link) stop.step = { type: "failed" };
  }

  dialFailed(peer: PeerId, address: string): void {
    if (peer === this.target) this.#hopes.delete(address);
    for (const stop of this.#stops()) {
      if (stop.peer !== peer || stop.step.type !== "linking") continue;
      stop.step.left.delete(address);
      if (stop.step.left.size === 0) stop.step = { type: "failed" };
    }
  }

  /** Takes an answer; undefined where it is to no open question of this lookup. */
  told(
    link: LinkId,
    number: number,
    peers: readonly KnownPeer[],
    now: Time,
  ): { readonly fresh: readonly string[]; readonly wasDialed: boolean } | undefined {
    for (const path of this.#paths) {
      const stop = path.stops.find(({ step }) => step.type === "asked" && step.link === link && step.number === number);
      if (stop === undefined) continue;
      stop.step = { type: "answered" };
      const fresh = this.#find(stop.peer, path, peers, now);
      const others = new Map<PeerId, string[]>();
      for (const { peer, address } of peers) others.set(peer, [...(others.get(peer) ?? []), address]);
      for (const [peer, addresses] of [...others].slice(0, bucketContacts + 2)) this.#add(path, peer, addresses);
      return { fresh, wasDialed: stop.wasDialed };
    }
    return undefined;
  }

  #find(toldBy: PeerId, path: Path, peers: readonly KnownPeer[], now: Time): readonly string[] {
    const fresh: string[] = [];
    if (this.target === this.#self) return fresh;
    for (const { peer, address } of peers) {
      const isKnown = peer !== this.target || this.found.some((each) => each.address === address);
      if (isKnown || path.found >= pathFoundMax) continue;
      path.found += 1;
      this.found.push({ address, toldBy });
      fresh.push(address);
    }
    this.hope(fresh, now);
    return fresh;
  }

  #add(path: Path | undefined, peer: PeerId, addresses: readonly string[]): void {
    if (path === undefined || peer === this.#self || peer === this.target || this.#known.has(peer)) return;
    this.#known.add(peer);
    const far = distance(this.#position, positionOf(peer));
    path.stops.push({
      peer,
      far,
      addresses: addresses.slice(0, contactAddressesMax),
      wasDialed: false,
      step: { type: "heard" },
    });
    path.stops.sort((one, other) => one.far - other.far);
    const farthest = path.stops.findLastIndex(({ step }) => step.type === "heard");
    if (path.stops.length > pathPeersMax && farthest >= 0) path.stops.splice(farthest, 1);
  }

  #ask(stop: Stop, path: Path, link: LinkId, number: number, mono: number): LookupOrder {
    path.asked += 1;
    stop.step = { type: "asked", until: mono + questionMsMax, number, link };
    return { type: "ask", link, number, target: this.target };
  }

  /** One that has no link is dialed for the question, unless enough were. */
  #dialFor(stop: Stop, path: Path, isContact: boolean, mono: number): readonly LookupOrder[] {
    const { peer, addresses, wasDialed } = stop;
    const isOfUse = this.target !== this.#self || !isContact;
    const dialsMax = this.target === this.#self ? neighbourDialsMax : pathDialsMax;
    if (wasDialed || addresses.length === 0 || path.dials >= dialsMax || !isOfUse) {
      stop.step = { type: "passedOver" };
      return [];
    }
    path.dials += 1;
    stop.wasDialed = true;
    stop.step = { type: "linking", until: mono + questionLinkMsMax, left: new Set(addresses) };
    return [{ type: "dial", peer, addresses }];
  }

  #expire(mono: number): void {
    const isOver = mono >= this.#until;
    if (isOver || mono >= this.#hopeUntil) this.#hopes.clear();
    for (const stop of this.#stops()) {
      const isOpenStep = stop.step.type === "linking" || stop.step.type === "asked";
      const isLate = "until" in stop.step && mono >= stop.step.until;
      if (isLate || (isOver && isOpenStep)) stop.step = { type: "failed" };
      else if (isOver && stop.step.type === "heard") stop.step = { type: "passedOver" };
    }
  }

  #stops(): readonly Stop[] {
    return this.#paths.flatMap(({ stops }) => stops);
  }
}

function isOpen({ stops }: Path): boolean {
  return stops.filter(({ step }) => "until" in step).length >= lookupOpenPerPath;
}

function nextOf({ stops, asked }: Path): Stop | undefined {
  if (asked >= pathAskedMax) return undefined;
  return stops
    .filter(({ step }) => step.type !== "failed" && step.type !== "passedOver")
    .slice(0, bucketContacts)
    .find(({ step }) => step.type === "heard");
}
