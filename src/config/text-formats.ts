/**
 * Rules for settings that are text. Each function answers undefined for good text, else what is
 * wrong in words that go on after the setting's name ("must …", "is …").
 */
import { authorOf } from "../codec/peer-id.ts";
import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";
import { parseIpRange } from "../base/ip-range.ts";
import { isRelayed, relayedBy, relayOf } from "../base/relayed-address.ts";
import { isValidKey } from "../codec/op.ts";
import { parseLogLevels } from "./log-levels.ts";
import type { TextFormat } from "./setting-types.ts";

const networkNameLengthMax = 64; // the name is part of every protocol id; Limit: guess
const pathLengthMax = 4096; // Source: PATH_MAX of Linux, limits.h
const addressLengthMax = 512; // Limit: guess; the longest real multiaddr with a peer id has about 150

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4"); // Source: RFC 1122 section 3.2.1.3
loopback.addAddress("::1", "ipv6"); // Source: RFC 4291 section 2.5.3

export const textComplaints: Readonly<Record<TextFormat, (text: string) => string | undefined>> = {
  networkName(text) {
    if (text.length > networkNameLengthMax || !/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(text)) {
      return `must have 1 to ${networkNameLengthMax} characters out of a-z 0-9 . _ - and begin and end with a letter or digit`;
    }
    return undefined;
  },
  path(text) {
    return text.length > pathLengthMax || text.includes("\0")
      ? `must be a path of at most ${pathLengthMax} characters`
      : undefined;
  },
  listenHost(text) {
    return isIP(text) === 0 ? "must be an IPv4 or IPv6 address of this machine, such as 192.168.1.5 or ::" : undefined;
  },
  loopbackHost(text) {
    return isLoopback(text)
      ? undefined
      : "must be a loopback address (127.0.0.1, ::1 or localhost): any other needs TLS, which this version does not have";
  },
  address(text) {
    return isDialableAddress(text)
      ? undefined
      : "must be an address such as /ip4/192.168.1.5/tcp/4001 or /dns4/host.example/tcp/4001, optionally followed by /p2p/<peer id>";
  },
  dialAddress(text) {
    return isDialableAddress(text) || isPeerAlone(text)
      ? undefined
      : "must be an address such as /ip4/192.168.1.5/tcp/4001, optionally followed by /p2p/<peer id>, or /p2p/<peer id> alone";
  },
  keyPrefix(text) {
    return isValidKey(text) ? undefined : "must be the beginning of a key: 1 to 256 bytes without control characters";
  },
  ipRange(text) {
    return parseIpRange(text) === undefined
      ? "must be an IP address or a range such as 10.0.0.0/8 or fd00::/8, with no bits behind the prefix"
      : undefined;
  },
  peerId(text) {
    return authorOf(text) === undefined
      ? "must be a peer id such as 12D3KooW…, as p2p-sync status shows it"
      : undefined;
  },
  logLevels(text) {
    const parsed = parseLogLevels(text);
    return parsed.ok
      ? undefined
      : "must be a level (trace, debug, info, warn, error, fatal, silent), module=level pairs, or both, separated by commas";
  },
};

export function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  if (isIPv4(host)) return loopback.check(host, "ipv4");
  return isIPv6(host) && loopback.check(host, "ipv6");
}

/**
 * Whether the text is a multiaddr of TCP, QUIC or a WebSocket, or of a peer by way of a relay that has one;
 * the network driver has the last word when it dials.
 */
export function isDialableAddress(text: string): boolean {
  if (text.length > addressLengthMax) return false;
  if (!isRelayed(text)) return isPlace(text);
  const relay = relayOf(text);
  if (relay === undefined || !isPlace(relay.address)) return false;
  return isPeerAlone(text.slice(relayedBy(relay.address).length));
}

/** Whether the text says where a host listens, with or without a peer id. */
function isPlace(text: string): boolean {
  const [before, protocol, host, transport, port, ...over] = text.split("/");
  if (before !== "" || !isHostFor(protocol, host) || !isDialablePort(port)) return false;
  const peer = over.at(-2) === "p2p" ? over.splice(-2)[1] : undefined;
  if (peer !== undefined && !/^[1-9A-HJ-NP-Za-km-z]{46,64}$/.test(peer)) return false;
  return transports.has([transport, ...over].join("/"));
}

const transports: ReadonlySet<string> = new Set(["tcp", "udp/quic-v1", "tcp/ws"]);

/** Whether the text names a peer, `/p2p/<peer id>`, and no place. */
export function isPeerAlone(text: string): boolean {
  return text.startsWith("/p2p/") && authorOf(text.slice("/p2p/".length)) !== undefined;
}

function isHostFor(protocol: string | undefined, host: string | undefined): boolean {
  if (host === undefined) return false;
  switch (protocol) {
    case "ip4":
      return isIPv4(host);
    case "ip6":
      return isIPv6(host);
    case "dns":
    case "dns4":
    case "dns6":
      return host.length <= 253 && /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(host); // Source: RFC 1035 section 2.3.4
    default:
      return false;
  }
}

function isDialablePort(port: string | undefined): boolean {
  return port !== undefined && /^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65535;
}
