/**
 * Where mDNS speaks: one place for each network interface and family of addresses. A socket sends to one interface
 * only, and joins the group of one family. The loopback has a place in IPv4 alone: in IPv6 it has no groups.
 *
 * Source: RFC 6762 sections 3 and 5: the groups 224.0.0.251 and ff02::fb, port 5353.
 */
import multicastDns, { type MulticastDNS } from "multicast-dns";
import { createSocket } from "node:dgram";
import { BlockList } from "node:net";
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import type { AddressFamily } from "../../base/address-family.ts";
import { mdnsPlacesMax } from "./limits.ts";
import { dropImplausible } from "./mdns-packets.ts";

export interface PlaceName {
  /** Another one once the interface was taken away and came back, or has another IPv4 address. */
  readonly key: string;
  readonly interface: string;
  readonly family: "v4" | "v6";
  readonly isLoopback: boolean;
  /** As the system wants the interface named. */
  readonly host: string;
  /** Whether a packet from this sender came to this interface, as far as its address tells. */
  isFrom(sender: string): boolean;
}

const groups = { v4: "224.0.0.251", v6: "ff02::fb" } as const;

export function placesNow(family: AddressFamily, interfaces = networkInterfaces()): readonly PlaceName[] {
  const places = Object.entries(interfaces).flatMap(([name, addresses = []]) => {
    const v4 = family === "v6only" ? undefined : addresses.find((each) => each.family === "IPv4");
    const v6 = family === "v4" ? undefined : addresses.find((each) => each.family === "IPv6" && !each.internal);
    return [...(v4 === undefined ? [] : [placeOfV4(name, v4)]), ...(v6 === undefined ? [] : [placeOfV6(name, v6)])];
  });
  return places.slice(0, mdnsPlacesMax);
}

/** Throws, or emits `error`, where the system does not let it. */
export function openPlace({ family, host }: PlaceName): MulticastDNS {
  const type = family === "v4" ? "udp4" : "udp6";
  // of its own family alone: a socket for both would hear everything twice
  const socket = createSocket({ type, reuseAddr: true, ipv6Only: family === "v6" });
  dropImplausible(socket);
  const bind = family === "v4" ? "0.0.0.0" : "::";
  return multicastDns({ type, socket, ip: groups[family], interface: host, bind, loopback: true });
}

function placeOfV4(name: string, { address, netmask, internal }: NetworkInterfaceInfo): PlaceName {
  const subnet = new BlockList();
  const bits = netmask.split(".").reduce((sum, part) => sum + Number(part).toString(2).replaceAll("0", "").length, 0);
  subnet.addSubnet(address, bits, "ipv4");
  return {
    key: `v4 ${name} ${address}`,
    ...{ interface: name, family: "v4", isLoopback: internal, host: address },
    isFrom: (sender) => subnet.check(sender, "ipv4"),
  };
}

/** Its packets come from an address of the interface, which they name behind `%`. */
function placeOfV6(name: string, info: NetworkInterfaceInfo): PlaceName {
  const scope = info.family === "IPv6" ? info.scopeid : 0;
  return {
    key: `v6 ${name} ${scope}`,
    ...{ interface: name, family: "v6", isLoopback: info.internal, host: `::%${name}` },
    isFrom: (sender) => sender.endsWith(`%${name}`) || !sender.includes("%"),
  };
}
