/**
 * Whom this node can name to others, in the buckets of Kademlia: members that are linked, and some that were. Who has
 * been there for long is likely to stay, so a newcomer without a link never takes an old one's place.
 *
 * 1. Only who was admitted is a contact, at addresses that it told of itself or at which it was dialed.
 * 2. Linked members are always kept; of others a bucket has room for as many as make 20 with them.
 */
import type { PeerId } from "../../../base/brand.ts";
import { bucketContacts, contactAddressesMax, contactFailuresMax } from "./limits.ts";
import { type Position, bucketOf, distance, positionOf } from "./position.ts";

export interface Contact {
  readonly peer: PeerId;
  readonly position: Position;
  readonly bucket: number;
  /** Without the peer's name. */
  addresses: readonly string[];
  links: number;
  /** Dials in a row that failed. */
  failures: number;
}

export class Contacts {
  readonly #self: Position;
  readonly #contacts = new Map<PeerId, Contact>();

  constructor(self: PeerId, remembered: Iterable<{ readonly peer: PeerId; readonly address: string }>) {
    this.#self = positionOf(self);
    for (const { peer, address } of remembered) {
      if (peer === self) continue;
      this.add(peer, [address]);
      this.#tidy(peer);
    }
  }

  get size(): number {
    return this.#contacts.size;
  }

  get(peer: PeerId): Contact | undefined {
    return this.#contacts.get(peer);
  }

  linked(peer: PeerId): void {
    const contact = this.add(peer, []);
    contact.links += 1;
    contact.failures = 0;
    this.#tidy(peer);
  }

  unlinked(peer: PeerId): void {
    const contact = this.#contacts.get(peer);
    if (contact === undefined) return;
    contact.links -= 1;
    this.#tidy(peer);
  }

  /** Nobody answered at an address of it. */
  failed(peer: PeerId): void {
    const contact = this.#contacts.get(peer);
    if (contact === undefined || contact.links > 0) return;
    contact.failures += 1;
    if (contact.failures >= contactFailuresMax) this.#contacts.delete(peer);
  }

  /** Where it is to be found: the addresses known before count less. */
  add(peer: PeerId, addresses: readonly string[]): Contact {
    const position = positionOf(peer);
    const bucket = bucketOf(this.#self, position);
    const contact = this.#contacts.get(peer) ?? { peer, position, bucket, addresses: [], links: 0, failures: 0 };
    contact.addresses = [...new Set([...addresses, ...contact.addresses])].slice(0, contactAddressesMax);
    this.#contacts.set(peer, contact);
    return contact;
  }

  /** The nearest of those that can be named, the nearest first. */
  near(target: Position, count: number): readonly Contact[] {
    return [...this.#contacts.values()]
      .filter(({ addresses, links }) => addresses.length > 0 || links > 0)
      .map((contact) => ({ contact, far: distance(target, contact.position) }))
      .sort((one, other) => one.far - other.far)
      .slice(0, count)
      .map(({ contact }) => contact);
  }

  /** Where the bucket of this peer is too full, the one goes that is least worth: it failed, or else came last. */
  #tidy(peer: PeerId): void {
    const bucket = this.#contacts.get(peer)?.bucket;
    const all = [...this.#contacts.values()].filter((each) => each.bucket === bucket);
    if (all.length <= bucketContacts) return;
    const idle = all.filter(({ links }) => links === 0);
    const worst = idle.reduce<Contact | undefined>(
      (found, each) => (found === undefined || each.failures >= found.failures ? each : found),
      undefined,
    );
    if (worst !== undefined) this.#contacts.delete(worst.peer);
  }
}
