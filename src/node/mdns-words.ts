/**
 * What the counts of mDNS mean: whether something on this machine drops its packets, whether nobody else is there, or
 * whether it works. What is sent to a group comes back to whoever sent it, so hearing nothing at all is no silence of others.
 */
import type { MdnsHealth, MdnsPlaceHealth } from "../drivers/libp2p/mdns-health.ts";

/** Packets sent before their echoes are missed. Guess: those of the first 3 s; a single one may be lost. */
const sentMin = 3;

/** Where not even our own packets come back, in words; undefined where nowhere. */
export function mdnsBlocked({ places }: MdnsHealth): string | undefined {
  const blocked = outer(places).filter(isBlocked);
  if (blocked.length === 0) return undefined;
  return `${named(blocked)}: not even our own packets come back, so something on this machine drops UDP port 5353`;
}

/** What was heard. */
export function mdnsHeard({ places, otherNetworks }: MdnsHealth): string {
  const [sent, heard] = [sum(places, "sent"), sum(places, "heard")];
  const working = outer(places).filter((place) => place.echoes + place.heard > 0);
  const others = heard === 0 ? "nobody else was heard" : `${heard} announcements of others heard`;
  const where = working.length === 0 ? "" : ` on ${named(working)}`;
  const { nodes, names } = otherNetworks;
  const foreign = nodes === 0 ? "" : `; ${nodes} of other networks: ${names.join(", ")}`;
  return `${sent} packets sent, ${others}${where}${foreign}`;
}

function isBlocked({ sent, echoes, heard, failure }: MdnsPlaceHealth): boolean {
  return failure === undefined && sent >= sentMin && echoes + heard === 0;
}

function outer(places: readonly MdnsPlaceHealth[]): readonly MdnsPlaceHealth[] {
  return places.filter(({ loopback }) => !loopback);
}

function named(places: readonly MdnsPlaceHealth[]): string {
  return places.map((place) => `${place.interface} (IP${place.family})`).join(", ");
}

function sum(places: readonly MdnsPlaceHealth[], count: "sent" | "heard"): number {
  return places.reduce((total, place) => total + place[count], 0);
}
