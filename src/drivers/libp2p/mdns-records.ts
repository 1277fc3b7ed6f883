/**
 * What a node says of itself over mDNS, and how much of what others say is believed.
 *
 * An announcement is a PTR from the service to the node's instance, an SRV with its port, and a
 * TXT with `network=<name>`, `nid=<first 16 hex digits of the network id>` and one
 * `dnsaddr=<multiaddr with peer id>` for each address. Only the TXT is read; the other two are
 * for general tools. Everything heard is untrusted: counts and sizes are bounded before a string
 * is looked at, and what does not parse is skipped.
 *
 * Source: RFC 6763 (DNS-SD); `dnsaddr=` as in https://github.com/libp2p/specs/blob/master/discovery/mdns.md
 */
import { multiaddr } from "@multiformats/multiaddr";
import type { ResponsePacket } from "multicast-dns";
import { BlockList, isIPv4, isIPv6 } from "node:net";
import type { PeerId } from "../../base/brand.ts";
import { utf8Decode, utf8Encode } from "../../base/bytes.ts";
import { authorOf } from "../../codec/peer-id.ts";
import { parseAddress, peerOf, portOf } from "./addresses.ts";
import {
  mdnsAddressesMax,
  mdnsNetworkNameMax,
  mdnsRecordsMax,
  mdnsStringBytesMax,
  mdnsStringsMax,
  mdnsTtlSeconds,
} from "./limits.ts";

export const serviceName = "_p2p-sync._tcp.local";

/** A record to send. */
export type OwnRecord = NonNullable<ResponsePacket["answers"]>[number];

/** The fields of a heard DNS record that are used here, as `dns-packet` has them. */
export interface DnsRecord {
  readonly type: string;
  readonly name: string;
  readonly ttl?: number | undefined;
  readonly data?: unknown;
}

export interface Announcement {
  readonly networkName: string;
  /** First 16 hex digits of the network id. */
  readonly networkTag: string;
  readonly addresses: readonly { readonly address: string; readonly peer: PeerId }[];
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");
/** Addresses nobody can be dialed at: unspecified, multicast, broadcast. */
const undialable = new BlockList();
undialable.addSubnet("0.0.0.0", 8, "ipv4");
undialable.addSubnet("224.0.0.0", 3, "ipv4");
undialable.addAddress("::", "ipv6");
undialable.addSubnet("ff00::", 8, "ipv6");

export function isLoopbackHost(host: string): boolean {
  return isIn(loopback, host);
}

export function networkTagOf(networkId: string): string {
  return networkId.slice(0, 16);
}

/** The records that announce a node on one interface; none where it has no address there. */
export function recordsFor(
  peer: PeerId,
  network: { readonly name: string; readonly id: string },
  addresses: readonly string[],
): OwnRecord[] {
  const first = addresses[0];
  if (first === undefined) return [];
  const instance = `${peer}.${serviceName}`;
  const strings = [
    `network=${network.name.slice(0, mdnsNetworkNameMax)}`,
    `nid=${networkTagOf(network.id)}`,
    ...addresses.slice(0, mdnsAddressesMax).map((address) => `dnsaddr=${address}`),
  ];
  const fitting = strings.filter((text) => utf8Encode(text).length <= mdnsStringBytesMax);
  const port = portOf(multiaddr(first)) ?? 0;
  return [
    { name: serviceName, type: "PTR", ttl: mdnsTtlSeconds, data: instance },
    {
      name: instance,
      type: "SRV",
      ttl: mdnsTtlSeconds,
      flush: true,
      data: { port, target: `${peer}.local`, priority: 0, weight: 0 },
    },
    { name: instance, type: "TXT", ttl: mdnsTtlSeconds, flush: true, data: fitting },
  ];
}

/** Announcements in the records of one packet. `isFromThisHost` lets loopback addresses pass. */
export function announcementsIn(records: readonly DnsRecord[], isFromThisHost: boolean): Announcement[] {
  const found: Announcement[] = [];
  for (const record of records.slice(0, mdnsRecordsMax)) {
    if (record.type !== "TXT" || record.ttl === 0 || !isOfService(record.name)) continue;
    const announcement = announcementOf(stringsOf(record.data), isFromThisHost);
    if (announcement !== undefined) found.push(announcement);
  }
  return found;
}

/** Peers whose records in a packet have the lifetime 0: they say farewell. */
export function departedIn(records: readonly DnsRecord[]): readonly string[] {
  const gone = records
    .slice(0, mdnsRecordsMax)
    .filter(({ type, ttl, name }) => type === "TXT" && ttl === 0 && isOfService(name));
  return gone.map(({ name }) => name.split(".")[0] ?? "");
}

/** Whether a question asks for our service. */
export function asksForService(question: { readonly name: string; readonly type: string }): boolean {
  return question.name.toLowerCase() === serviceName && (question.type === "PTR" || question.type === "ANY");
}

function announcementOf(strings: readonly string[], isFromThisHost: boolean): Announcement | undefined {
  let networkName = "";
  let networkTag: string | undefined;
  const addresses: { address: string; peer: PeerId }[] = [];
  for (const text of strings) {
    const split = text.indexOf("=");
    const [key, value] = [text.slice(0, split), text.slice(split + 1)];
    if (key === "network") networkName = printable(value);
    else if (key === "nid" && /^[0-9a-f]{16}$/.test(value)) networkTag = value;
    else if (key === "dnsaddr" && addresses.length < mdnsAddressesMax) {
      const peer = peerAt(value, isFromThisHost);
      if (peer !== undefined) addresses.push({ address: value, peer });
    }
  }
  return networkTag === undefined ? undefined : { networkName, networkTag, addresses };
}

/** The Ed25519 peer at a dialable TCP address by number, or undefined. */
function peerAt(text: string, isFromThisHost: boolean): PeerId | undefined {
  const address = parseAddress(text);
  if ("problem" in address) return undefined;
  const [ip, tcp, p2p, ...more] = address.getComponents();
  const host = ip?.value ?? "";
  if (
    (ip?.name !== "ip4" && ip?.name !== "ip6") ||
    tcp?.name !== "tcp" ||
    tcp.value === "0" ||
    p2p?.name !== "p2p" ||
    more.length > 0
  )
    return undefined;
  if (isIn(undialable, host) || (isIn(loopback, host) && !isFromThisHost)) return undefined;
  const peer = peerOf(address);
  return peer !== undefined && authorOf(peer) !== undefined ? peer : undefined;
}

function isIn(list: BlockList, host: string): boolean {
  if (isIPv4(host)) return list.check(host, "ipv4");
  return isIPv6(host) && list.check(host, "ipv6");
}

function isOfService(name: string): boolean {
  return name.toLowerCase().endsWith(`.${serviceName}`);
}

function stringsOf(data: unknown): string[] {
  const parts: readonly unknown[] = Array.isArray(data) ? data.slice(0, mdnsStringsMax) : [data];
  return parts.flatMap((part) => {
    if (!(part instanceof Uint8Array) || part.length > mdnsStringBytesMax) return [];
    const text = utf8Decode(part);
    return text === undefined ? [] : [text];
  });
}

/** A text from the network that may be shown: no control characters, not too long. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").slice(0, mdnsNetworkNameMax);
}
