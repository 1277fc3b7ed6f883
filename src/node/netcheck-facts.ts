/** Gathers what a check of the network stands on. */
import { parseIpRange } from "../base/ip-range.ts";
import { isRelayed } from "../base/relayed-address.ts";
import type { Config } from "../config/settings.ts";
import type { MdnsHealth } from "../drivers/libp2p/mdns-health.ts";
import type { MissingTransport } from "../drivers/libp2p/transports.ts";
import { lookAtNetwork } from "../drivers/system/network-look.ts";
import type { MappingState } from "../drivers/system/port-mapping/port-mapper.ts";
import { checkNetwork, type NetCheck, type NetCheckFacts } from "./netcheck.ts";
import type { SeenLink } from "./network-finding.ts";
import type { ClosedLink, LinkResources } from "./peers-facade.ts";

/** The parts of a running node that know. */
export interface CheckedNode {
  links(): readonly LinkResources[];
  /** Links that ended, the latest first. */
  closed(): readonly ClosedLink[];
  config(): Config;
  announced(): readonly string[];
  /** Why mDNS does not work somewhere. */
  mdnsFailure(): string | undefined;
  mdnsHealth(): MdnsHealth;
  missingTransports(): readonly MissingTransport[];
  /** The port that the router forwards. */
  mapping(): MappingState;
  relaying(): { readonly guests: number; readonly circuits: number };
}

export async function checkNetworkNow(
  node: CheckedNode,
  { clock, reach, candidates }: Pick<NetCheckFacts, "clock" | "reach" | "candidates">,
): Promise<NetCheck> {
  const { p2pRelay, p2pAnnounce, p2pFamily, p2pTransports, peersExemptRanges } = node.config();
  const [announced, mdnsFailure] = [node.announced(), node.mdnsFailure()];
  return checkNetwork({
    look: await lookAtNetwork(listenPorts(announced, p2pAnnounce)),
    announced,
    configured: p2pAnnounce,
    family: p2pFamily,
    links: seenLinks(node),
    local: peersExemptRanges.flatMap((range) => parseIpRange(range) ?? []),
    mdns: { failure: mdnsFailure, health: node.mdnsHealth() },
    transports: { configured: p2pTransports, missing: node.missingTransports() },
    clock,
    reach,
    candidates,
    mapping: node.mapping(),
    relay: p2pRelay,
    ...node.relaying(),
  });
}

/** Ports of this machine: those of announced addresses that nobody else, such as a router, listens on. */
export function listenPorts(announced: readonly string[], configured: readonly string[]): readonly number[] {
  const own = announced.filter(
    (address) => !isRelayed(address) && !configured.some((outer) => address.startsWith(outer)),
  );
  return [...new Set(own.flatMap((address) => Number(/\/tcp\/([0-9]+)/.exec(address)?.[1] ?? 0) || []))];
}

/** Links that stand, and those that ended lately: both tell who could dial in. */
function seenLinks(node: CheckedNode): readonly SeenLink[] {
  const standing = node.links().filter(({ admitted }) => admitted);
  const ended = node.closed().filter(({ lastedMs }) => lastedMs !== undefined);
  return [
    ...standing.map(({ peer, direction, address, observedAs }) => ({
      peer,
      direction,
      address,
      observed: observedAs,
      standing: true,
    })),
    ...ended.map(({ peer, direction, address }) => ({
      peer,
      direction,
      address,
      observed: undefined,
      standing: false,
    })),
  ];
}
