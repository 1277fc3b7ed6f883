/** Which IP versions a node uses, and which addresses that leaves out. */
export type AddressFamily = "dual" | "v4" | "v6only";

/** Why an address, as the text of a multiaddr, must not be used under this family, or undefined. */
export function familyRefusal(address: string, family: AddressFamily): string | undefined {
  const kind = address.split("/")[1] ?? "";
  if (family === "v4" && ["ip6", "ip6zone", "dns6"].includes(kind))
    return "this node uses IPv4 only (family v4), and the address is an IPv6 one";
  if (family === "v6only" && ["ip4", "dns4"].includes(kind))
    return "this node uses IPv6 only (family v6only), and the address is an IPv4 one";
  return undefined;
}
