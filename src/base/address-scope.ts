/**
 * How far an IP address means something: everywhere, within one local network, or nowhere that a node could be.
 *
 * Source: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890, as of RFC 9780), column "Globally
 * Reachable"; and the multicast ranges (RFC 5771, RFC 4291), which are in registries of their own.
 */
import { assert } from "./assert.ts";
import { type IpBytes, type IpRange, isInRange, parseIpRange } from "./ip-range.ts";

/** `reserved`: given to nobody's machine, but for the laboratories that use it as if it were local. */
export type AddressScope = "global" | "local" | "reserved";

/** The first row that holds an address counts, so exceptions come before what they are excepted from. */
const rows: readonly (readonly [range: string, scope: AddressScope, use: string])[] = [
  ["0.0.0.0/8", "reserved", "this network, RFC 791"],
  ["10.0.0.0/8", "local", "private use, RFC 1918"],
  ["100.64.0.0/10", "local", "shared by the customers of a provider, RFC 6598"],
  ["127.0.0.0/8", "local", "loopback, RFC 1122"],
  ["169.254.0.0/16", "local", "one link, RFC 3927"],
  ["172.16.0.0/12", "local", "private use, RFC 1918"],
  ["192.0.0.9", "global", "port control anycast, RFC 7723"],
  ["192.0.0.10", "global", "TURN anycast, RFC 8155"],
  ["192.0.0.0/24", "reserved", "protocol assignments, RFC 6890"],
  ["192.0.2.0/24", "reserved", "TEST-NET-1, RFC 5737"],
  ["192.88.99.0/24", "reserved", "6to4 relays, given up, RFC 7526"],
  ["192.168.0.0/16", "local", "private use, RFC 1918"],
  ["198.18.0.0/15", "reserved", "benchmarks, RFC 2544"],
  ["198.51.100.0/24", "reserved", "TEST-NET-2, RFC 5737"],
  ["203.0.113.0/24", "reserved", "TEST-NET-3, RFC 5737"],
  ["224.0.0.0/4", "reserved", "multicast, RFC 5771"],
  ["240.0.0.0/4", "reserved", "future use and broadcast, RFC 1112"],
  ["::", "reserved", "unspecified, RFC 4291"],
  ["::1", "local", "loopback, RFC 4291"],
  ["64:ff9b:1::/48", "reserved", "translation within a network, RFC 8215"],
  ["100::/64", "reserved", "discarded, RFC 6666"],
  ["100:0:0:1::/64", "reserved", "dummy, RFC 9780"],
  ["2001:1::1", "global", "port control anycast, RFC 7723"],
  ["2001:1::2", "global", "TURN anycast, RFC 8155"],
  ["2001:1::3", "global", "DNS service registration anycast, RFC 9665"],
  ["2001:3::/32", "global", "AMT, RFC 7450"],
  ["2001:4:112::/48", "global", "AS112, RFC 7535"],
  ["2001:20::/28", "global", "ORCHIDv2, RFC 7343"],
  ["2001:30::/28", "global", "drone remote ids, RFC 9374"],
  ["2001::/23", "reserved", "protocol assignments, Teredo among them, RFC 2928"],
  ["2001:db8::/32", "reserved", "documentation, RFC 3849"],
  ["2002::/16", "reserved", "6to4, whose relays are given up, RFC 7526"],
  ["3fff::/20", "reserved", "documentation, RFC 9637"],
  ["5f00::/16", "reserved", "segment routing, RFC 9602"],
  ["fc00::/7", "local", "unique local, RFC 4193"],
  ["fe80::/10", "local", "one link, RFC 4291"],
  ["ff00::/8", "reserved", "multicast, RFC 4291"],
];

const table: readonly { readonly range: IpRange; readonly scope: AddressScope }[] = rows.map(([text, scope]) => {
  const range = parseIpRange(text);
  assert(range !== undefined, `${text} is a range`);
  return { range, scope };
});

export function scopeOf(ip: IpBytes): AddressScope {
  return table.find(({ range }) => isInRange(ip, range))?.scope ?? "global";
}

/** Whether an address means something outside of these networks, which an operator may have added to. */
export function isOutside(ip: IpBytes, local: readonly IpRange[]): boolean {
  return scopeOf(ip) === "global" && !local.some((range) => isInRange(ip, range));
}
