/**
 * Addresses by way of a relay, `/ip4/1.2.3.4/tcp/4001/p2p/RELAY/p2p-circuit`, with or without
 * `/p2p/PEER` at the end: the first part says where the relay is, and nothing of where the peer is.
 *
 * Source: https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md
 */
const mark = "/p2p-circuit";

/** A relay as a relayed address names it. */
export interface NamedRelay {
  readonly peer: string;
  /** Where it is dialed, with its peer id. */
  readonly address: string;
}

export function isRelayed(address: string): boolean {
  return address.includes(mark);
}

/** The relay of a relayed address; undefined of all else, and of what names no relay, or several. */
export function relayOf(address: string): NamedRelay | undefined {
  const [relay = "", rest, ...more] = address.split(mark);
  const peer = /\/p2p\/([^/]+)$/.exec(relay)?.[1];
  return rest === undefined || more.length > 0 || peer === undefined ? undefined : { peer, address: relay };
}

/** The address, without a name at its end, of whoever has a place at the relay. */
export function relayedBy(relayAddress: string): string {
  return `${relayAddress}${mark}`;
}
