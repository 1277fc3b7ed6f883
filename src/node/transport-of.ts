/** Over what an address is dialed, in two words such as `tcp/ip4`. */

/** The host part of the address is what decides; `unknown` of what this node could not dial at all. */
export function transportOf(address: string): string {
  const parts = address.split("/");
  const host = hostParts.find((part) => parts.includes(part));
  return host === undefined || !parts.includes("tcp") ? "unknown" : `tcp/${host}`;
}

const hostParts = ["ip4", "ip6", "dns4", "dns6", "dns", "dnsaddr"];
