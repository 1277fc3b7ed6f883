/**
 * Finding a peer of which only the id is known, by Kademlia over links: every member knows many members near its own
 * place in the space of ids and a few far away, so each one asked knows somebody nearer. What is found is only a candidate
 * for `connections`, which dials; who lives there is proven by the handshake.
 *
 * 1. Only admitted members are asked, answered and named to others, at addresses that they told of themselves or at
 *    which they were dialed.
 * 2. Each link is told our own addresses once it is admitted, and again when they change.
 * 3. A peer that the user wants is looked for whenever it is not linked: after 2 s, then twice as long each time, up to
 *    a minute, and soon after any other member comes.
 * 4. Now and then our own neighbours are looked for, so that lookups of others end with them.
 * 5. Of one link 20 questions at once and 10 a second are answered.
 *
 * Source: Kademlia (Maymounkov and Mazières 2002); https://github.com/libp2p/specs/blob/master/kad-dht/README.md
 */
import type { Instant, PeerId, Time } from "../../../base/brand.ts";
import type { IpRange } from "../../../base/ip-range.ts";
import type { Prng } from "../../../base/prng.ts";
import { knownPeersMax } from "../../../codec/limits.ts";
import { type KnownPeer, type PeersMessage, encodePeers } from "../../../codec/peers.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { EffectSink } from "../../effects.ts";
import { bareAddress } from "../address-book.ts";
import { isToldAddress, reachOf } from "../told-address.ts";
import { Contacts } from "./contacts.ts";
import {
  answerEveryMsMin,
  answersAtOnceMax,
  bucketContacts,
  contactAddressesMax,
  lookAgainMsMax,
  lookAgainMsMin,
  lookupsMax,
  neighboursAfterMs,
  neighboursEveryMs,
  neighboursJitter,
  tellSelfEveryMsMin,
  wantedPeersMax,
} from "./limits.ts";
import { type FoundAddress, Lookup, type LookupOrder } from "./lookup.ts";
import { positionOf } from "./position.ts";

export type RoutingInput =
  /** `dialedAt` where this node dialed it. */
  | {
      readonly type: "linked";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly address: string;
      readonly dialed: boolean;
    }
  | { readonly type: "linkLost"; readonly link: LinkId }
  | { readonly type: "dialFailed"; readonly peer: PeerId; readonly address: string }
  | { readonly type: "message"; readonly link: LinkId; readonly message: RoutingMessage }
  | { readonly type: "listening"; readonly addresses: readonly string[] }
  | { readonly type: "timePassed" };

export type RoutingMessage = Extract<PeersMessage, { type: "findPeer" | "nearPeers" }>;

export type RoutingFact =
  /** An address at which a peer may be that is to be dialed. */
  | { readonly type: "candidate"; readonly peer: PeerId; readonly address: string }
  /** This link was dialed for a question, which is answered. */
  | { readonly type: "spare"; readonly link: LinkId; readonly peer: PeerId }
  | {
      readonly type: "lookupEnded";
      readonly peer: PeerId;
      readonly found: boolean;
      readonly asked: number;
      readonly ms: number;
    };

export interface RoutingOptions {
  readonly self: PeerId;
  readonly enabled: boolean;
  readonly prng: Prng;
  /** Local networks. */
  readonly local: () => readonly IpRange[];
  /** Members linked before this start, and where. */
  readonly remembered: Iterable<{ readonly peer: PeerId; readonly address: string }>;
  /** What the address book knows of a peer. */
  addressesOf(peer: PeerId): readonly string[];
}

/** How the search for a peer that the user wants stands. */
export interface WantedSnapshot {
  readonly peer: PeerId;
  readonly state: "linked" | "looking" | "waiting";
  /** Time to the next lookup, while it waits. */
  readonly inMs: number;
  readonly lookups: number;
  /** Of the lookup under way, or of the last. */
  readonly startedAt: Instant | undefined;
  readonly answered: readonly PeerId[];
  readonly failed: number;
  readonly found: readonly FoundAddress[];
}

interface Talk {
  readonly peer: PeerId;
  readonly address: string;
  /** Monotonic time at which it has used up nothing any more. */
  busyUntil: number;
}

interface Wanted {
  lookups: number;
  /** Lookups in a row without a link. */
  vain: number;
  lookAt: number;
  last: Lookup | undefined;
}

export class Routing {
  readonly #options: RoutingOptions;
  readonly #contacts: Contacts;
  readonly #talks = new Map<LinkId, Talk>();
  readonly #linkOf = new Map<PeerId, LinkId>();
  readonly #wanted = new Map<PeerId, Wanted>();
  readonly #lookups = new Set<Lookup>();
  #own: readonly string[] = [];
  #tellSelfAt: number | undefined;
  #toldSelfAt: number = -Infinity;
  #neighboursAt: number | undefined;
  #numbers = 0;

  constructor(options: RoutingOptions) {
    this.#options = options;
    this.#contacts = new Contacts(options.self, options.remembered);
  }

  get enabled(): boolean {
    return this.#options.enabled;
  }

  get contacts(): number {
    return this.#contacts.size;
  }

  isWanted(peer: PeerId): boolean {
    return this.#wanted.has(peer);
  }

  /** The user wants a link to this peer. False where too many are wanted. */
  want(peer: PeerId, now: Time): boolean {
    const known = this.#wanted.get(peer);
    if (known !== undefined) [known.lookAt, known.vain] = [now.mono, 0];
    else if (this.#wanted.size >= wantedPeersMax) return false;
    else this.#wanted.set(peer, { lookups: 0, vain: 0, lookAt: now.mono, last: undefined });
    return true;
  }

  unwant(peer: PeerId): boolean {
    for (const lookup of this.#lookups) if (lookup.target === peer) this.#lookups.delete(lookup);
    return this.#wanted.delete(peer);
  }

  step(input: RoutingInput, now: Time, out: EffectSink): readonly RoutingFact[] {
    if (!this.#options.enabled) return [];
    const facts: RoutingFact[] = [];
    switch (input.type) {
      case "linked":
        this.#linked(input, now, out);
        break;
      case "linkLost":
        this.#lost(input.link, now);
        break;
      case "dialFailed":
        this.#contacts.failed(input.peer);
        for (const lookup of this.#lookups) lookup.dialFailed(input.peer, bareAddress(input.address));
        break;
      case "message":
        if (input.message.type === "findPeer") this.#answer(input.link, input.message, now, out);
        else this.#told(input.link, input.message, now, facts);
        break;
      case "listening":
        this.#own = input.addresses.map(bareAddress).filter(isToldAddress).slice(0, contactAddressesMax);
        this.#tellSelfAt = Math.max(now.mono, this.#toldSelfAt + tellSelfEveryMsMin);
        break;
      case "timePassed":
        break;
    }
    this.#evaluate(now, facts, out);
    return facts;
  }

  nextDeadline(): number | undefined {
    if (!this.#options.enabled || this.#talks.size === 0) return undefined;
    const deadlines = [...this.#lookups].map((lookup) => lookup.nextDeadline());
    if (this.#tellSelfAt !== undefined) deadlines.push(this.#tellSelfAt);
    if (this.#lookups.size < lookupsMax) {
      if (this.#neighboursAt !== undefined) deadlines.push(this.#neighboursAt);
      for (const [peer, { lookAt }] of this.#wanted) if (this.#isMissing(peer)) deadlines.push(lookAt);
    }
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  snapshot(now: Time): readonly WantedSnapshot[] {
    return [...this.#wanted].map(([peer, { last, lookups, lookAt }]) => {
      const isLooking = [...this.#lookups].some(({ target }) => target === peer);
      return {
        peer,
        state: this.#linkOf.has(peer) ? "linked" : isLooking ? "looking" : "waiting",
        inMs: Math.max(0, lookAt - now.mono),
        lookups,
        startedAt: last?.startedAt,
        answered: last?.answered ?? [],
        failed: last?.failed ?? 0,
        found: last?.found ?? [],
      };
    });
  }

  #linked(
    { link, peer, address, dialed }: Extract<RoutingInput, { type: "linked" }>,
    now: Time,
    out: EffectSink,
  ): void {
    this.#talks.set(link, { peer, address, busyUntil: now.mono });
    this.#linkOf.set(peer, link);
    this.#contacts.linked(peer);
    const bare = bareAddress(address);
    if (dialed && isToldAddress(bare)) this.#contacts.add(peer, [bare]);
    this.#neighboursAt ??= now.mono + this.#options.prng.jittered(neighboursAfterMs, neighboursJitter);
    for (const lookup of this.#lookups) lookup.linked(peer);
    for (const wanted of this.#wanted.values()) wanted.lookAt = Math.min(wanted.lookAt, now.mono + lookAgainMsMin);
    this.#tellSelf(link, address, out);
  }

  #lost(link: LinkId, now: Time): void {
    const talk = this.#talks.get(link);
    if (talk === undefined) return;
    this.#talks.delete(link);
    this.#contacts.unlinked(talk.peer);
    for (const lookup of this.#lookups) lookup.linkLost(link);
    if (this.#linkOf.get(talk.peer) !== link) return;
    const other = [...this.#talks].find(([, { peer }]) => peer === talk.peer)?.[0];
    if (other === undefined) this.#linkOf.delete(talk.peer);
    else this.#linkOf.set(talk.peer, other);
    const wanted = this.#wanted.get(talk.peer);
    if (wanted !== undefined) [wanted.lookAt, wanted.vain] = [now.mono + lookAgainMsMin, 0];
  }

  /** Only what the peer says of itself makes a contact; what it says of others is for the lookup that asked. */
  #told(
    link: LinkId,
    { number, peers }: RoutingMessage & { type: "nearPeers" },
    now: Time,
    facts: RoutingFact[],
  ): void {
    const talk = this.#talks.get(link);
    if (talk === undefined) return;
    const reach = reachOf(talk.address, this.#options.local());
    const usable = peers.filter(
      ({ address }) => isToldAddress(address) && reachOf(address, this.#options.local()) >= reach,
    );
    const own = usable.filter(({ peer }) => peer === talk.peer).map(({ address }) => address);
    if (own.length > 0) this.#contacts.add(talk.peer, own);
    for (const lookup of this.#lookups) {
      const heard = lookup.told(link, number, usable, now);
      if (heard === undefined) continue;
      for (const address of heard.fresh) facts.push({ type: "candidate", peer: lookup.target, address });
      if (heard.wasDialed && !this.#wanted.has(talk.peer)) facts.push({ type: "spare", link, peer: talk.peer });
      return;
    }
  }

  #answer(link: LinkId, { number, target }: RoutingMessage & { type: "findPeer" }, now: Time, out: EffectSink): void {
    const talk = this.#talks.get(link);
    if (talk === undefined) return;
    const busyUntil = Math.max(talk.busyUntil, now.mono);
    if (busyUntil - now.mono > (answersAtOnceMax - 1) * answerEveryMsMin) return;
    talk.busyUntil = busyUntil + answerEveryMsMin;
    const wanted = this.#contacts.get(target);
    const near = this.#contacts.near(positionOf(target), bucketContacts + 2);
    const others = near.filter(({ peer }) => peer !== target && peer !== talk.peer).slice(0, bucketContacts);
    const peers = [
      ...(wanted === undefined ? [] : known(target, wanted.addresses)),
      ...known(this.#options.self, this.#own),
      ...others.flatMap(({ peer, addresses }) => known(peer, addresses.slice(0, 1))),
      ...others.flatMap(({ peer, addresses }) => known(peer, addresses.slice(1, 2))),
    ];
    this.#send(link, talk.address, number, peers, out);
  }

  #tellSelf(link: LinkId, address: string, out: EffectSink): void {
    if (this.#own.length > 0) this.#send(link, address, 0, known(this.#options.self, this.#own), out);
  }

  #send(link: LinkId, at: string, number: number, peers: readonly KnownPeer[], out: EffectSink): void {
    const reach = reachOf(at, this.#options.local());
    const telling = peers.filter(({ address }) => reachOf(address, this.#options.local()) >= reach);
    send(link, { type: "nearPeers", number, peers: telling.slice(0, knownPeersMax) }, out);
  }

  #evaluate(now: Time, facts: RoutingFact[], out: EffectSink): void {
    if (this.#talks.size === 0) return;
    if (this.#tellSelfAt !== undefined && now.mono >= this.#tellSelfAt) {
      [this.#tellSelfAt, this.#toldSelfAt] = [undefined, now.mono];
      for (const [link, { address }] of this.#talks) this.#tellSelf(link, address, out);
    }
    this.#begin(now, facts);
    for (const lookup of this.#lookups) {
      const orders = lookup.advance(
        {
          linkOf: (peer) => this.#linkOf.get(peer),
          isContact: (peer) => this.#contacts.get(peer) !== undefined,
          nextNumber: () => this.#nextNumber(),
        },
        now,
      );
      for (const order of orders) this.#carryOut(order, facts, out);
      if (lookup.ended || this.#linkOf.has(lookup.target)) this.#end(lookup, now, facts);
    }
  }

  #carryOut(order: LookupOrder, facts: RoutingFact[], out: EffectSink): void {
    if (order.type === "ask") {
      send(order.link, { type: "findPeer", number: order.number, target: order.target }, out);
      return;
    }
    for (const address of order.addresses) facts.push({ type: "candidate", peer: order.peer, address });
  }

  #begin(now: Time, facts: RoutingFact[]): void {
    for (const [peer, wanted] of this.#wanted) {
      if (this.#lookups.size >= lookupsMax) return;
      if (!this.#isMissing(peer) || now.mono < wanted.lookAt) continue;
      wanted.lookups += 1;
      wanted.last = this.#start(peer, now);
      const known = [...(this.#contacts.get(peer)?.addresses ?? []), ...this.#options.addressesOf(peer)];
      const addresses = [...new Set(known.map(bareAddress))].slice(0, contactAddressesMax);
      wanted.last.hope(addresses, now);
      for (const address of addresses) facts.push({ type: "candidate", peer, address });
    }
    if (this.#neighboursAt === undefined || now.mono < this.#neighboursAt || this.#lookups.size >= lookupsMax) return;
    this.#neighboursAt = now.mono + this.#options.prng.jittered(neighboursEveryMs, neighboursJitter);
    this.#start(this.#options.self, now);
  }

  #start(target: PeerId, now: Time): Lookup {
    const seeds = this.#contacts.near(positionOf(target), bucketContacts);
    const lookup = new Lookup(this.#options.self, target, seeds, now);
    this.#lookups.add(lookup);
    return lookup;
  }

  #end(lookup: Lookup, now: Time, facts: RoutingFact[]): void {
    this.#lookups.delete(lookup);
    const wanted = this.#wanted.get(lookup.target);
    if (wanted === undefined) return;
    const found = this.#linkOf.has(lookup.target);
    const waitMs = Math.min(lookAgainMsMin * 2 ** wanted.vain, lookAgainMsMax);
    wanted.vain = found ? 0 : Math.min(wanted.vain + 1, 16);
    wanted.lookAt = now.mono + this.#options.prng.jittered(waitMs, neighboursJitter);
    const ms = now.wall - lookup.startedAt;
    facts.push({ type: "lookupEnded", peer: lookup.target, found, asked: lookup.answered.length + lookup.failed, ms });
  }

  /** Wanted, and neither linked nor looked for. */
  #isMissing(peer: PeerId): boolean {
    if (this.#linkOf.has(peer)) return false;
    for (const { target } of this.#lookups) if (target === peer) return false;
    return true;
  }

  #nextNumber(): number {
    return (this.#numbers = (this.#numbers + 1) >>> 0);
  }
}

function known(peer: PeerId, addresses: readonly string[]): readonly KnownPeer[] {
  return addresses.map((address) => ({ peer, address }));
}

function send(link: LinkId, message: PeersMessage, out: EffectSink): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "peers", frame: encodePeers(message) } });
}
