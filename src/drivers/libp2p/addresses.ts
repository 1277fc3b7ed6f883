/**
 * Multiaddrs as text from users, files and the network: what they name, and whether this node may
 * use them.
 */
import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import { type AddressFamily, familyRefusal } from "../../base/address-family.ts";
import type { PeerId } from "../../base/brand.ts";
import { Fault } from "../../base/fault.ts";
import type { TransportName } from "./driver-types.ts";
import { wordsOf } from "./words-of.ts";

/** The address, or why the text is none. */
export function parseAddress(text: string): Multiaddr | { readonly problem: string } {
  try {
    const address = multiaddr(text);
    const hasPorts = address.getComponents().every(({ name, value }) => !isPortName(name) || isDigits(value));
    return hasPorts ? address : { problem: `a port of ${text} is no number` };
  } catch (cause) {
    return { problem: wordsOf(cause) };
  }
}

/** The library takes the very text `NaN` for a port, because it is written as it was read. */
function isPortName(name: string): boolean {
  return name === "tcp" || name === "udp";
}

function isDigits(text: string | undefined): boolean {
  return text !== undefined && /^[0-9]+$/.test(text);
}

/** The peer an address names last, or undefined. */
export function peerOf(address: Multiaddr): PeerId | undefined {
  return address.getComponents().findLast((component) => component.name === "p2p")?.value as PeerId | undefined;
}

export interface AddressParts {
  readonly kind: "ip4" | "ip6" | "dns" | "dns4" | "dns6";
  readonly host: string;
  readonly transport: TransportName;
  readonly port: number;
}

/** Host, transport and port of an address that is of one of our transports, or undefined. */
export function partsOf(address: Multiaddr): AddressParts | undefined {
  const components = address.getComponents().filter(({ name }) => name !== "ip6zone");
  const [host, port, ...over] = components.at(-1)?.name === "p2p" ? components.slice(0, -1) : components;
  const kind = hostKinds.find((each) => each === host?.name);
  const transport = transports[[port?.name, ...over.map(({ name }) => name)].join("/")];
  if (kind === undefined || host?.value === undefined || transport === undefined) return undefined;
  return { kind, host: host.value, transport, port: Number(port?.value) };
}

/** An own address with our name at its end. */
export function namedBy(address: string, self: PeerId): string {
  return address.endsWith(`/p2p/${self}`) ? address : `${address}/p2p/${self}`;
}

/** The TCP port of an address, or undefined. */
export function portOf(address: Multiaddr): number | undefined {
  const port = address.getComponents().find((component) => component.name === "tcp")?.value;
  return port === undefined ? undefined : Number(port);
}

const hostKinds = ["ip4", "ip6", "dns", "dns4", "dns6"] as const;

/** By the protocols behind the host. */
const transports: Readonly<Record<string, TransportName>> = { tcp: "tcp", "udp/quic-v1": "quic", "tcp/ws": "ws" };

/** Throws `invalid_address` for an address that this node cannot listen on or announce. */
export function checkOwnAddress(text: string, family: AddressFamily): void {
  const address = parseAddress(text);
  const problem = "problem" in address ? address.problem : familyRefusal(address.toString(), family);
  if (problem !== undefined) throw new Fault("invalid_address", `${text}: ${problem}`, { address: text });
}
