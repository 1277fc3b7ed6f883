/**
 * How long a member that was lost may go without a dial. What cuts off many at once, such as a
 * network that falls in two, ends for all at once: so a few are asked often, and their return
 * speaks for those who went with them. Those lost last are asked, since whoever went long ago may never return.
 */
import type { PeerId } from "../../../base/brand.ts";
import { lostTogetherMs, probeEveryMs, probedMembersMax } from "../limits.ts";
import type { PeerLimits } from "../peer-limits.ts";

export interface Lost {
  readonly peer: PeerId | undefined;
  /** When a good link to the peer was last lost. */
  readonly lostAt: number | undefined;
}

/** Whether an address is dialed every 5 s: its peer is one of those lost last. */
export function isProbed(one: Lost, all: Iterable<Lost>, linked: ReadonlySet<PeerId>): boolean {
  if (one.lostAt === undefined) return false;
  const lostLater = new Set<PeerId>();
  for (const other of all)
    if (other.peer !== undefined && !linked.has(other.peer) && isLostAfter(other, one)) lostLater.add(other.peer);
  return lostLater.size < probedMembersMax;
}

/** The longest wait in ms between two dials of an address. */
export function longestWait(
  one: Lost,
  all: Iterable<Lost>,
  linked: ReadonlySet<PeerId>,
  { backoffMsMax, searchMs }: Pick<PeerLimits, "backoffMsMax" | "searchMs">,
): number {
  if (one.lostAt === undefined) return backoffMsMax;
  return isProbed(one, all, linked) ? probeEveryMs : searchMs;
}

/** Whether what took the one away may have taken the other. */
export function wereLostTogether(oneAt: number, otherAt: number): boolean {
  return Math.abs(oneAt - otherAt) <= lostTogetherMs;
}

/** Peers lost in the same moment are put in one order all the same. */
function isLostAfter(one: Lost, other: Lost): boolean {
  if (one.lostAt === undefined || other.lostAt === undefined) return false;
  return one.lostAt === other.lostAt ? (one.peer ?? "") > (other.peer ?? "") : one.lostAt > other.lostAt;
}
