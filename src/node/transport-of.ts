/** Over what an address is dialed, in two words such as `tcp/ip4`. */

/** `unknown` of what this node could not dial at all. */
export function transportOf(address: string): string {
  const [, first = "", , second = "", ...rest] = address.split("/");
  const [host, transport] = first === "ip6zone" ? [second, rest[1]] : [first, second];
  return hosts.has(host) && transport === "tcp" ? `tcp/${host}` : "unknown";
}

const hosts: ReadonlySet<string> = new Set(["ip4", "ip6", "dns4", "dns6", "dns"]);
