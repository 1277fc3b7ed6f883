/**
 * The address book: where peers may be dialed that nobody configured. Whoever is dialed from it was told of by
 * others, and some of them lie: an attacker who fills it with addresses of his own would have all our links.
 * So it is made like the address manager of Bitcoin (Heilman et al., Eclipse Attacks on Bitcoin's
 * Peer-to-Peer Network, 2015).
 *
 * 1. An address has one place, given by a keyed hash: of a *new* one by who told of it and by its network, of a
 *    *tried* one, at which a link once stood, by its network. So one teller, or one network, reaches a share of the
 *    places only, and nobody knows which.
 * 2. A place that is taken is given to another only if what is there is not worth keeping: it failed several times in a row. An
 *    address that finds no tried place stays new.
 * 3. A pick takes a new or a tried address with equal chance, whichever are more, each network with equal chance,
 *    however many of its addresses are known, and rarely one that failed.
 * 4. The addresses of our own last links are anchors: dialed first after a start, for whoever makes us
 *    start again must not thereby make us choose anew.
 */
import type { Instant, PeerId } from "../../base/brand.ts";
import { type IpRange, ipOfMultiaddr, isInRange, networkOf } from "../../base/ip-range.ts";
import type { Prng } from "../../base/prng.ts";
import { relayOf } from "../../base/relayed-address.ts";
import type { KeyedNumber } from "../../crypto/keyed-number.ts";
import type { KnownAddress } from "../../ports/known-address.ts";
import type { EffectSink } from "../effects.ts";
import {
  anchorsMax,
  bucketPlaces,
  bucketsPerNetwork,
  bucketsPerTeller,
  chancePerFailure,
  bookFailuresCounted,
  goneFailures,
  justTriedChance,
  justTriedMs,
  newBuckets,
  rewriteMsMin,
  triedBuckets,
  worthlessFailures,
} from "./limits.ts";

interface Entry {
  kept: KnownAddress;
  place: string;
  /** The /16 or /32 it lies in; an exempt address is its own. */
  readonly network: string;
  /** In a row, since this process began. */
  failures: number;
  /** Monotonic time of its last dial. */
  triedAt: number | undefined;
}

/** What may be told of the book. */
export interface BookSize {
  readonly fresh: number;
  readonly tried: number;
}

export interface BookOptions {
  readonly self: PeerId;
  readonly place: KeyedNumber;
  readonly prng: Prng;
  /** Where addresses lie close together by nature: each of them counts as a network of its own. A place once given is kept. */
  readonly exempt: () => readonly IpRange[];
}

export class AddressBook {
  readonly #options: BookOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #places = new Map<string, Entry>();

  constructor(options: BookOptions, known: readonly KnownAddress[]) {
    this.#options = options;
    for (const kept of known) {
      const entry = this.#entryOf(kept);
      if (!this.#places.has(entry.place)) this.#put(entry);
    }
  }

  get size(): BookSize {
    let tried = 0;
    for (const { kept } of this.#entries.values()) if (kept.table === "tried") tried += 1;
    return { fresh: this.#entries.size - tried, tried };
  }

  /** Somebody tells of an address; `teller` is where that one is, undefined for the operator. Returns whether it is in the book from now on. */
  told(peer: PeerId, at: string, teller: string | undefined, now: Instant, out: EffectSink): boolean {
    const address = namedAddress(peer, at);
    if (peer === this.#options.self || this.#entries.has(address)) return false;
    const toldBy = teller === undefined ? "" : this.networkOf(teller);
    const kept: KnownAddress = {
      address,
      peer,
      table: "new",
      toldBy,
      addedAt: now,
      linkedAt: undefined,
      anchor: false,
    };
    return this.#settle(this.#entryOf(kept), out);
  }

  dialed(peer: PeerId | undefined, address: string, mono: number): void {
    const entry = this.#at(peer, address);
    if (entry !== undefined) entry.triedAt = mono;
  }

  failed(peer: PeerId | undefined, address: string): void {
    const entry = this.#at(peer, address);
    if (entry !== undefined) entry.failures += 1;
  }

  /** A link of our own dialing was admitted there. */
  linked(peer: PeerId, at: string, now: Instant, out: EffectSink): void {
    const address = namedAddress(peer, at);
    if (peer === this.#options.self) return;
    const known = this.#entries.get(address);
    const toldBy = known?.kept.toldBy ?? "";
    const isFresh = known?.kept.table === "tried";
    if (known !== undefined) known.failures = 0;
    if (isFresh && now - (known.kept.linkedAt ?? 0) < rewriteMsMin && now >= (known.kept.linkedAt ?? 0)) return;
    const kept: KnownAddress = {
      address,
      peer,
      table: "tried",
      toldBy,
      addedAt: known?.kept.addedAt ?? now,
      linkedAt: now,
      anchor: known?.kept.anchor ?? false,
    };
    const entry: Entry = { ...this.#entryOf(kept), triedAt: known?.triedAt };
    const there = this.#places.get(entry.place);
    if (there !== undefined && there !== known && (there.failures < goneFailures || there.kept.anchor)) {
      if (known === undefined) this.told(peer, address, undefined, now, out);
      return;
    }
    if (known !== undefined) this.#remove(known);
    this.#settle(entry, out);
  }

  /** An address to dial, by chance; `isWanted` says which may be. */
  pick(isWanted: (peer: PeerId, address: string) => boolean, mono: number, only?: "new"): KnownAddress | undefined {
    const { prng } = this.#options;
    const { fresh, tried } = this.size;
    const table = only ?? (tried > 0 && (fresh === 0 || prng.chance(0.5)) ? "tried" : "new");
    if ((table === "new" ? fresh : tried) === 0) return undefined;
    const open = [...this.#entries.values()].filter(
      ({ kept }) => kept.table === table && isWanted(kept.peer, kept.address),
    );
    const crowds = new Map<string, number>();
    for (const { network } of open) crowds.set(network, (crowds.get(network) ?? 0) + 1);
    const weights = open.map((entry) => chanceOf(entry, mono) / (crowds.get(entry.network) ?? 1));
    let left = prng.unit() * weights.reduce((sum, weight) => sum + weight, 0);
    const index = weights.findIndex((weight) => (left -= weight) <= 0);
    return (open[index] ?? open.at(-1))?.kept;
  }

  /** Addresses to tell others of: those that failed are kept for ourselves. */
  sample(count: number): readonly KnownAddress[] {
    const good = [...this.#entries.values()].filter(({ failures }) => failures === 0).map(({ kept }) => kept);
    const picked: KnownAddress[] = [];
    while (picked.length < count && good.length > 0)
      picked.push(...good.splice(this.#options.prng.below(good.length), 1));
    return picked;
  }

  addressesOf(peer: PeerId): readonly string[] {
    return [...this.#entries.values()].filter(({ kept }) => kept.peer === peer).map(({ kept }) => kept.address);
  }

  anchors(): readonly KnownAddress[] {
    return [...this.#entries.values()].filter(({ kept }) => kept.anchor).map(({ kept }) => kept);
  }

  /** The addresses of our own links that stand, the longest first. Nothing to do where they are the anchors already. */
  setAnchors(standing: readonly { readonly peer: PeerId; readonly dialedAt: string }[], out: EffectSink): void {
    const addresses = standing.map(({ peer, dialedAt }) => namedAddress(peer, dialedAt));
    const wanted = new Set(addresses.filter((address) => this.#entries.has(address)).slice(0, anchorsMax));
    if (wanted.size === 0) return; // the anchors of a node that lost all its links are those it had
    for (const entry of this.#entries.values()) {
      const anchor = wanted.has(entry.kept.address);
      if (anchor === entry.kept.anchor) continue;
      entry.kept = { ...entry.kept, anchor };
      out.push({ type: "persist", write: { type: "setAddress", known: entry.kept } });
    }
  }

  /** Drops an address, or all of a peer. Returns how many. */
  forget(target: string, out: EffectSink): number {
    const dropped = [...this.#entries.values()].filter(
      ({ kept }) => kept.address === target || bareAddress(kept.address) === target || kept.peer === target,
    );
    for (const entry of dropped) this.#drop(entry, out);
    return dropped.length;
  }

  list(): readonly KnownAddress[] {
    return [...this.#entries.values()].map(({ kept }) => kept);
  }

  /** Takes its place, unless what is there is worth more. */
  #settle(entry: Entry, out: EffectSink): boolean {
    const there = this.#places.get(entry.place);
    const failuresMax = entry.kept.table === "new" ? worthlessFailures : goneFailures;
    if (there !== undefined && (there.failures < failuresMax || there.kept.anchor)) return false;
    if (there !== undefined) this.#drop(there, out);
    this.#put(entry);
    out.push({ type: "persist", write: { type: "setAddress", known: entry.kept } });
    return true;
  }

  #drop(entry: Entry, out: EffectSink): void {
    this.#remove(entry);
    out.push({ type: "persist", write: { type: "dropAddress", address: entry.kept.address } });
  }

  #put(entry: Entry): void {
    this.#entries.set(entry.kept.address, entry);
    this.#places.set(entry.place, entry);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.kept.address);
    this.#places.delete(entry.place);
  }

  /** A configured address may not name its peer. */
  #at(peer: PeerId | undefined, address: string): Entry | undefined {
    return this.#entries.get(peer === undefined ? address : namedAddress(peer, address));
  }

  #entryOf(kept: KnownAddress): Entry {
    const network = this.networkOf(kept.address);
    return { kept, network, place: this.#placeOf(kept), failures: 0, triedAt: undefined };
  }

  #placeOf({ table, address, toldBy }: KnownAddress): string {
    const { place } = this.#options;
    const network = this.networkOf(address);
    const way =
      table === "new"
        ? String(place("way", network, toldBy) % bucketsPerTeller)
        : String(place("way", address) % bucketsPerNetwork);
    const bucket =
      table === "new" ? place("new", toldBy, way) % newBuckets : place("tried", network, way) % triedBuckets;
    return placeName(table, bucket, place("place", table, String(bucket), address) % bucketPlaces);
  }

  /** The /16 or /32 an address lies in, or the address itself where it is exempt or a name; of relayed ones, those of a relay's network together. */
  networkOf(address: string): string {
    const relay = relayOf(address);
    if (relay !== undefined) return `relayed ${this.networkOf(relay.address)}`;
    const ip = ipOfMultiaddr(address);
    if (ip === undefined) return address.split("/").slice(1, 3).join("/");
    if (this.#options.exempt().some((range) => isInRange(ip, range))) return address;
    return networkOf(ip);
  }
}

/** Without the peer's name at its end. */
export function bareAddress(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, "");
}

/** As it is dialed, so that nobody else is taken for the peer. */
function namedAddress(peer: PeerId, address: string): string {
  return `${bareAddress(address)}/p2p/${peer}`;
}

function placeName(table: string, bucket: number, place: number): string {
  return `${table}/${bucket}/${place}`;
}

function chanceOf({ failures, triedAt }: Entry, mono: number): number {
  const recent = triedAt !== undefined && mono - triedAt < justTriedMs ? justTriedChance : 1;
  return recent * chancePerFailure ** Math.min(failures, bookFailuresCounted);
}
