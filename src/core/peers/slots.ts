/**
 * Places for links: how many there are, that no single owner of many addresses takes them all, and who gives way.
 *
 * 1. Some places are kept for peers that this node dials itself, and some for validators where there are any: whoever
 *    only dials in cannot fill all.
 * 2. Of one neighbourhood (a /24 of IPv4, a /48 of IPv6) at most two may dial in, unless it is exempt: addresses
 *    of a LAN lie close together by nature, those of an attacker because they are cheap that way. Of those that come by way
 *    of one relay at most eight may: it could invent them all.
 * 3. Who is allowed by rule, and validators, are only bound by the number of all places.
 * 4. Where all places for those who dial in are taken, a newcomer takes the place of the youngest link of the
 *    network that has most of them. Those that brought most news, answer fastest or stand longest never give way: an attacker would
 *    have to be a better peer than they are. So places that an attacker fills are filled with his own links only.
 *    Whose neighbourhood is full takes nobody's place.
 */
import { type IpRange, ipOfMultiaddr, isInRange, neighbourhoodOf, networkOf } from "../../base/ip-range.ts";
import type { LinkId, Direction } from "../../ports/network.ts";
import { isRelayed, relayOf } from "../../base/relayed-address.ts";
import { type PeerClass, rankOf } from "./classes.ts";
import {
  evictedAfterMsMin,
  linksMax,
  neighbourhoodLinksMax,
  outboundReserved,
  protectedEach,
  relayedLinksMax,
  validatorsReservedMax,
} from "./limits.ts";

/** One link as far as places go. */
export interface Seat {
  readonly direction: Direction;
  readonly address: string;
  /** It belongs to a validator, for whom places are kept. */
  readonly validator?: boolean | undefined;
}

/** A seat that is taken, and what speaks for whoever sits there. */
export interface TakenSeat extends Seat {
  readonly link: LinkId;
  /** Monotonic time of its admission. */
  readonly since: number;
  readonly class: PeerClass;
  /** By rule: it never gives way. */
  readonly allowed: boolean;
  /** Shares from 0 to 1. */
  readonly usefulness: number;
  readonly promptness: number;
}

export interface SlotsOptions {
  /** Where any number of peers may dial in from. */
  readonly exempt: readonly IpRange[];
  /** How many validators there are. */
  readonly validators: number;
  /** All places; the usual number where it is left out. */
  readonly links?: number | undefined;
}

export class Slots {
  readonly #options: () => SlotsOptions;

  constructor(options: () => SlotsOptions) {
    this.#options = options;
  }

  /** All places. */
  get links(): number {
    return this.#options().links ?? linksMax;
  }

  /** Places kept for validators, those that they have taken among them. */
  get #reserved(): number {
    return Math.min(this.#options().validators, validatorsReservedMax);
  }

  /** Why there is no place for one more beside those taken, in words; undefined where there is one. `isWelcome`: a validator, or allowed by rule. */
  refusal(fresh: Seat, isWelcome: boolean, taken: readonly Seat[]): string | undefined {
    const kept = Math.max(0, this.#reserved - taken.filter(({ validator }) => validator === true).length);
    const most = isWelcome ? this.links : Math.max(1, this.links - kept);
    const inboundMax = Math.max(1, this.links - outboundReserved - kept);
    if (taken.length >= most) return `all ${most} places for peers are taken`;
    if (fresh.direction === "outbound" || isWelcome) return undefined;
    if (taken.filter(({ direction }) => direction === "inbound").length >= inboundMax)
      return `all ${inboundMax} places for peers that dial in are taken`;
    return this.#tooNear(fresh, taken);
  }

  /** The link that gives way to a newcomer that dialed in, or undefined where all that could are worth more. `isWelcome` as above. */
  evicted(fresh: Seat, isWelcome: boolean, taken: readonly TakenSeat[], mono: number): LinkId | undefined {
    if (fresh.direction === "outbound" || (!isWelcome && this.#tooNear(fresh, taken) !== undefined)) return undefined;
    let open = taken.filter(
      ({ direction, allowed, since, class: peerClass }) =>
        direction === "inbound" &&
        !allowed &&
        rankOf(peerClass) > rankOf("trusted") &&
        mono - since >= evictedAfterMsMin,
    );
    for (const merit of [
      (seat: TakenSeat) => seat.usefulness,
      (seat: TakenSeat) => seat.promptness,
      (seat: TakenSeat) => -seat.since,
    ]) {
      const best = new Set(open.toSorted((a, b) => merit(b) - merit(a)).slice(0, protectedEach));
      open = open.filter((seat) => !best.has(seat));
    }
    const sizes = new Map<string, number>();
    for (const seat of open) sizes.set(this.#networkOf(seat), (sizes.get(this.#networkOf(seat)) ?? 0) + 1);
    const most = Math.max(...sizes.values());
    const crowd = open.filter((seat) => sizes.get(this.#networkOf(seat)) === most);
    return crowd.toSorted((a, b) => b.since - a.since)[0]?.link;
  }

  /** Links for which there is no place any more: those of the lowest class, of these the least useful, of these the youngest; allowed ones last. */
  surplus(taken: readonly TakenSeat[]): readonly LinkId[] {
    const least = taken.toSorted(
      (a, b) =>
        Number(a.allowed) - Number(b.allowed) ||
        rankOf(b.class) - rankOf(a.class) ||
        a.usefulness - b.usefulness ||
        b.since - a.since,
    );
    return least.slice(0, Math.max(0, taken.length - this.links)).map(({ link }) => link);
  }

  #tooNear(fresh: Seat, taken: readonly Seat[]): string | undefined {
    const near = this.#neighbourhood(fresh);
    if (near === undefined) return undefined;
    const beside = taken.filter((seat) => this.#neighbourhood(seat) === near).length;
    const most = isRelayed(fresh.address) ? relayedLinksMax : neighbourhoodLinksMax;
    return beside < most ? undefined : `${beside} peers of ${near} are linked already`;
  }

  #neighbourhood({ address }: Seat): string | undefined {
    const relay = relayOf(address);
    if (relay !== undefined) return `relay ${relay.peer}`;
    const ip = ipOfMultiaddr(address);
    if (ip === undefined || this.#isExempt(address)) return undefined;
    return neighbourhoodOf(ip);
  }

  /** Of exempt addresses each is its own. */
  #networkOf({ address }: Seat): string {
    const relay = relayOf(address);
    if (relay !== undefined) return `relay ${relay.peer}`;
    const ip = ipOfMultiaddr(address);
    return ip === undefined || this.#isExempt(address) ? address : networkOf(ip);
  }

  #isExempt(address: string): boolean {
    const ip = ipOfMultiaddr(address);
    return ip !== undefined && this.#options().exempt.some((range) => isInRange(ip, range));
  }
}
