/**
 * What addresses that members tell each other may be, and how far from here they mean something: one of this machine
 * only on it, one of a local network within it. What is told by somebody who is further away than the address lies is
 * not for us, and the other way round.
 */
import { isOutside } from "../../base/address-scope.ts";
import { type IpRange, ipOfMultiaddr, isLoopback } from "../../base/ip-range.ts";
import { isRelayed, relayedBy, relayOf } from "../../base/relayed-address.ts";
import { authorOf } from "../../codec/peer-id.ts";
import { bareAddress } from "./address-book.ts";

/** This machine, a local network, everywhere. */
type Reach = 0 | 1 | 2;

/** A relayed address means as much as that of its relay. */
export function reachOf(address: string, local: readonly IpRange[]): Reach {
  const ip = ipOfMultiaddr(relayOf(address)?.address ?? address);
  if (ip === undefined) return 2;
  if (isLoopback(ip)) return 0;
  return isOutside(ip, local) ? 2 : 1;
}

/** One IP address and a port of TCP, QUIC or WebSockets at which somebody can be dialed, or a relay with such an address. */
export function isToldAddress(address: string): boolean {
  const relay = relayOf(address);
  if (isRelayed(address))
    return (
      relay !== undefined &&
      address === relayedBy(relay.address) &&
      authorOf(relay.peer) !== undefined &&
      isToldAddress(bareAddress(relay.address))
    );
  const [, , , protocol, port = "", ...over] = address.split("/");
  const ip = ipOfMultiaddr(address);
  if (ip === undefined || ip.every((byte) => byte === 0) || !transports.has([protocol, ...over].join("/")))
    return false;
  return /^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535;
}

const transports: ReadonlySet<string> = new Set(["tcp", "udp/quic-v1", "tcp/ws"]);
