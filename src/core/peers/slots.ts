/**
 * Places for links: how many there are, and that no single owner of many addresses takes them all.
 *
 * 1. Some places are kept for peers that this node dials itself: whoever only dials in cannot fill all.
 * 2. Of one neighbourhood (a /24 of IPv4, a /48 of IPv6) at most two may dial in, unless it is exempt: addresses
 *    of a LAN lie close together by nature, those of an attacker because they are cheap that way.
 * 3. Who is allowed by rule is only bound by the number of all places.
 */
import { type IpRange, ipOfMultiaddr, isInRange, neighbourhoodOf } from "../../base/ip-range.ts";
import type { Direction } from "../../ports/network.ts";
import { linksMax, neighbourhoodLinksMax, outboundReserved } from "./limits.ts";

/** One link as far as places go. */
export interface Seat {
  readonly direction: Direction;
  readonly address: string;
}

const inboundMax: number = linksMax - outboundReserved;

export class Slots {
  readonly #exempt: readonly IpRange[];

  /** `exempt`: where any number of peers may dial in from. */
  constructor(exempt: readonly IpRange[]) {
    this.#exempt = exempt;
  }

  /** Why there is no place for one more beside those taken, in words; undefined where there is one. */
  refusal(fresh: Seat, isAllowed: boolean, taken: readonly Seat[]): string | undefined {
    if (taken.length >= linksMax) return `all ${linksMax} places for peers are taken`;
    if (fresh.direction === "outbound" || isAllowed) return undefined;
    if (taken.filter(({ direction }) => direction === "inbound").length >= inboundMax)
      return `all ${inboundMax} places for peers that dial in are taken`;
    const near = this.#neighbourhood(fresh);
    if (near === undefined) return undefined;
    const beside = taken.filter((seat) => this.#neighbourhood(seat) === near).length;
    return beside < neighbourhoodLinksMax ? undefined : `${beside} peers of ${near} are linked already`;
  }

  #neighbourhood({ address }: Seat): string | undefined {
    const ip = ipOfMultiaddr(address);
    if (ip === undefined || this.#exempt.some((range) => isInRange(ip, range))) return undefined;
    return neighbourhoodOf(ip);
  }
}
