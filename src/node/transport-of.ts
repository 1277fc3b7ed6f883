/** Over what an address is dialed, in two words such as `tcp/ip4` or `quic/ip6`; `relayed` by way of another member. */
import { isRelayed } from "../base/relayed-address.ts";

/** `unknown` of what this node could not dial at all. */
export function transportOf(address: string): string {
  if (isRelayed(address)) return "relayed";
  const parts = address.split("/").slice(1);
  const [kind = "", , protocol, , ...over] = parts[0] === "ip6zone" ? parts.slice(2) : parts;
  if (over.at(-2) === "p2p") over.splice(-2);
  const transport = transports[[protocol, ...over].join("/")];
  return hosts.has(kind) && transport !== undefined ? `${transport}/${kind}` : "unknown";
}

const transports: Readonly<Record<string, string>> = { tcp: "tcp", "udp/quic-v1": "quic", "tcp/ws": "ws" };

const hosts: ReadonlySet<string> = new Set(["ip4", "ip6", "dns4", "dns6", "dns"]);
