/**
 * Telling each other where peers may be dialed: each member asks those it is linked with now and then, and puts what
 * it hears into its address book. So it is enough to know one member to find all.
 *
 * 1. A link is asked once it is admitted and about every 10 min after that, while links are wanted after 5, 15 and 45 s and then every minute; only the answer to the question that is
 *    open is taken, once.
 * 2. A question is answered at most every 3 s on a link, with our own addresses first, then members that this node
 *    relays, then a sample of the book, drawn anew every minute for all who ask.
 * 3. Addresses travel only as far as they mean something: those of this machine to itself, those of a local network
 *    within it. What is heard from further away than it lies is thrown away. Names are not told: they may be secrets
 *    of the operator who gave them, and nobody would take them.
 */
import type { PeerId, Time } from "../../../base/brand.ts";
import type { IpRange } from "../../../base/ip-range.ts";
import type { Prng } from "../../../base/prng.ts";
import { isRelayed, relayedBy } from "../../../base/relayed-address.ts";
import { knownPeersMax } from "../../../codec/limits.ts";
import type { KnownPeer, PeersMessage } from "../../../codec/peers.ts";
import type { KnownAddress } from "../../../ports/known-address.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { EffectSink } from "../../effects.ts";
import { type AddressBook, bareAddress } from "../address-book.ts";
import { isToldAddress, reachOf } from "../told-address.ts";
import {
  askPeersEveryMs,
  askPeersJitter,
  askPeersSoonMs,
  askPeersWantingMs,
  guestsToldMax,
  ownAddressesToldMax,
  sampleKeptMs,
  sampledAtOnce,
  tellPeersEveryMsMin,
} from "./limits.ts";

interface Talk {
  readonly peer: PeerId;
  /** Where the peer is. */
  readonly address: string;
  askAt: number;
  /** Asked so far. */
  questions: number;
  /** The open question. */
  asked: number | undefined;
  toldAt: number;
}

export interface ExchangeOptions {
  readonly self: PeerId;
  readonly enabled: boolean;
  readonly prng: Prng;
  readonly book: AddressBook;
  /** Whether a few more addresses would be welcome. */
  wantsAddresses(): boolean;
  /** Local networks. */
  readonly local: () => readonly IpRange[];
}

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #talks = new Map<LinkId, Talk>();
  #own: readonly string[] = [];
  /** Members that this node relays. */
  #guests: readonly PeerId[] = [];
  #numbers = 0;
  #sampled: readonly KnownAddress[] = [];
  #sampledAt: number = -Infinity;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Where this node listens now. */
  listening(addresses: readonly string[]): void {
    this.#own = addresses.map(bareAddress);
  }

  guestsChanged(guests: readonly PeerId[]): void {
    this.#guests = guests;
  }

  admitted(link: LinkId, peer: PeerId, address: string, now: Time): void {
    if (this.#options.enabled)
      this.#talks.set(link, { peer, address, askAt: now.mono, questions: 0, asked: undefined, toldAt: -Infinity });
  }

  linkLost(link: LinkId): void {
    this.#talks.delete(link);
  }

  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const { askAt } of this.#talks.values()) next = Math.min(next ?? Infinity, askAt);
    return next;
  }

  /** The questions that are due. */
  due(now: Time): readonly { readonly link: LinkId; readonly message: PeersMessage }[] {
    const questions: { readonly link: LinkId; readonly message: PeersMessage }[] = [];
    for (const [link, talk] of this.#talks) {
      if (now.mono < talk.askAt) continue;
      const soonMs = Math.min(askPeersSoonMs * 3 ** talk.questions, askPeersWantingMs);
      const waitMs = this.#options.wantsAddresses() ? soonMs : askPeersEveryMs;
      talk.questions += 1;
      talk.askAt = now.mono + this.#options.prng.jittered(waitMs, askPeersJitter);
      talk.asked = this.#numbers = (this.#numbers + 1) >>> 0;
      questions.push({ link, message: { type: "askPeers", number: talk.asked } });
    }
    return questions;
  }

  /** What is answered to a question; nothing where it comes too soon, or we do not tell. */
  answer(link: LinkId, number: number, now: Time): PeersMessage | undefined {
    const talk = this.#talks.get(link);
    if (talk === undefined || now.mono < talk.toldAt + tellPeersEveryMsMin) return undefined;
    talk.toldAt = now.mono;
    const { self } = this.#options;
    const reach = reachOf(talk.address, this.#options.local());
    const isToTell = (address: string): boolean =>
      isToldAddress(address) && reachOf(address, this.#options.local()) >= reach;
    const own = this.#own
      .filter(isToTell)
      .slice(0, ownAddressesToldMax)
      .map((address): KnownPeer => ({ peer: self, address }));
    const others = this.#sample(now)
      .map(({ peer, address }): KnownPeer => ({ peer, address: bareAddress(address) }))
      .filter(({ peer, address }) => peer !== talk.peer && isToTell(address));
    const guests = this.#relayed(own.map(({ address }) => address)).filter(({ peer }) => peer !== talk.peer);
    return { type: "knownPeers", number, peers: [...own, ...guests, ...others].slice(0, knownPeersMax) };
  }

  /** Takes an answer. Returns how many addresses are in the book that were not. */
  told(link: LinkId, number: number, peers: readonly KnownPeer[], now: Time, out: EffectSink): number {
    const talk = this.#talks.get(link);
    if (talk === undefined || talk.asked !== number) return 0;
    talk.asked = undefined;
    let fresh = 0;
    for (const { peer, address } of peers) {
      if (!this.isTellable(address, link)) continue;
      if (this.#options.book.told(peer, address, talk.address, now.wall, out)) fresh += 1;
    }
    return fresh;
  }

  /** Whether an address means something on this link. */
  isTellable(address: string, link: LinkId): boolean {
    const talk = this.#talks.get(link);
    return (
      talk !== undefined &&
      isToldAddress(address) &&
      reachOf(address, this.#options.local()) >= reachOf(talk.address, this.#options.local())
    );
  }

  /** Those who are reached by way of this node, at the first of its addresses that is no relayed one itself. */
  #relayed(own: readonly string[]): readonly KnownPeer[] {
    const [at] = own.filter((address) => !isRelayed(address));
    if (at === undefined) return [];
    const address = relayedBy(`${at}/p2p/${this.#options.self}`);
    return this.#guests.slice(0, guestsToldMax).map((peer) => ({ peer, address }));
  }

  /** Of a large book the same for everybody for a while, or whoever asks often enough would read all of it. */
  #sample(now: Time): readonly KnownAddress[] {
    if (this.#sampled.length < sampledAtOnce || now.mono >= this.#sampledAt + sampleKeptMs) {
      this.#sampledAt = now.mono;
      this.#sampled = this.#options.book.sample(sampledAtOnce);
    }
    return this.#sampled;
  }
}
