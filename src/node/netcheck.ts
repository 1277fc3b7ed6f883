/**
 * What lies between this node and others: interfaces, ports, routes, a NAT, and whether peers elsewhere can dial it.
 *
 * A machine cannot see its own NAT; peers can. Each tells from where our connection came to it (libp2p's identify).
 * A single one may lie, or stand behind the same router, so an address is believed only where peers of two different
 * networks saw the same. That somebody from outside dialed in is the one sure proof of being reachable.
 */
import { isOutside } from "../base/address-scope.ts";
import type { PeerId } from "../base/brand.ts";
import { type IpBytes, type IpRange, ipOfMultiaddr, networkOf, parseIp, rangeText } from "../base/ip-range.ts";
import type { MdnsHealth } from "../drivers/libp2p/mdns-health.ts";
import type { MissingTransport } from "../drivers/libp2p/transports.ts";
import { wordsOfMissing } from "./missing-transport.ts";
import type { AddressFamily } from "../base/address-family.ts";
import type { NetworkLook } from "../drivers/system/network-look.ts";
import { mdnsHeard } from "./mdns-words.ts";
import { isRelayed } from "../base/relayed-address.ts";
import type { ReachSnapshot } from "../core/peers/reach/machine.ts";
import type { NetworkFinding, SeenLink } from "./network-finding.ts";
import { mappingCheck, relaysCheck, relayedChecks, type RelayFacts } from "./netcheck-relays.ts";

export interface NetCheckFacts extends RelayFacts {
  readonly look: NetworkLook;
  /** Where this node can be dialed, as it tells others. */
  readonly announced: readonly string[];
  /** Told by the operator to be announced. */
  readonly configured: readonly string[];
  readonly family: AddressFamily;
  readonly links: readonly SeenLink[];
  /** Local networks: addresses in them say nothing of the internet. */
  readonly local: readonly IpRange[];
  readonly mdns: { readonly failure: string | undefined; readonly health: MdnsHealth };
  readonly transports: { readonly configured: readonly string[]; readonly missing: readonly MissingTransport[] };
  readonly clock: { readonly offsetMs: number | undefined; readonly doubted: boolean };
}

/** What lies between a node and others: interfaces, ports, routes, NAT, and whether others can dial it. */
export interface NetCheck {
  /** `degraded` where something should be looked at. */
  readonly status: "ok" | "degraded";
  readonly reach: Reach;
  readonly interfaces: readonly (NetworkLook["interfaces"][number] & { readonly announced: boolean })[];
  readonly announced: readonly string[];
  readonly observed: readonly ObservedAddress[];
  readonly ports: NetworkLook["ports"];
  readonly descriptors: NetworkLook["descriptors"];
  readonly routes: NetworkLook["routes"];
  readonly mdns: MdnsHealth;
  readonly checks: readonly NetworkFinding[];
}

/** Whether others can dial this node, why that is believed, and what to do. */
export interface Reach {
  /** `unreachable` where peers tried to dial this node and could not, and nothing tells of a NAT. */
  readonly verdict: "reachable" | "behindNat" | "unreachable" | "unknown";
  readonly reason: string;
  /** What to do; empty where nothing is to be done. */
  readonly next: string;
}

/** An address outside local networks from which peers say our connections come. */
export interface ObservedAddress {
  readonly address: string;
  readonly peers: number;
  /** Different networks those peers are in: from two on it is believed. */
  readonly networks: number;
  /** It is an address of this machine: no NAT is between. */
  readonly own: boolean;
}

/** Networks of peers that have to agree on an address. Source: decided for the product. */
const networksMin = 2;
/** Share of the limit of open files from which on it is told. Guess: half of the rest is gone with one testnet more. */
const descriptorShareMax = 0.8;

const mapAdvice =
  "Switch NAT-PMP or UPnP on in the router, or forward the TCP port there and name the outer address with p2p.announce; until then others reach this node by way of relays.";

const firewallAdvice = "If peers cannot dial it: open the TCP port in the firewall.";

export function checkNetwork(facts: NetCheckFacts): NetCheck {
  const observed = observedAddresses(facts);
  const reach = judgeReach(facts, observed);
  const checks = [
    interfacesCheck(facts),
    transportsCheck(facts),
    listeningCheck(facts),
    announcedCheck(facts),
    routeCheck(facts),
    natCheck(facts, observed),
    reachCheck(reach),
    mappingCheck(facts),
    relaysCheck(facts),
    ...relayedChecks(facts.links, facts),
    mdnsCheck(facts),
    descriptorsCheck(facts),
    connectionsCheck(facts),
    clockCheck(facts),
  ];
  const { interfaces, ports, descriptors, routes } = facts.look;
  return {
    status: checks.every(({ status }) => status === "ok") ? "ok" : "degraded",
    reach,
    interfaces: interfaces.map((each) => ({ ...each, announced: isAnnounced(each.address, facts) })),
    announced: facts.announced,
    observed,
    ports,
    descriptors,
    routes,
    mdns: facts.mdns.health,
    checks,
  };
}

function judgeReach(facts: NetCheckFacts, observed: readonly ObservedAddress[]): Reach {
  const dialedIn = new Set(
    facts.links.flatMap(({ direction, address, peer }) =>
      direction === "inbound" && outside(address, facts) !== undefined ? [peer] : [],
    ),
  );
  if (dialedIn.size > 0)
    return {
      verdict: "reachable",
      reason: `${peers(dialedIn.size)} from outside the local networks dialed in`,
      next: "",
    };
  const told = tellsOf(facts.reach);
  if (facts.reach.verdict === "reachable") return { verdict: "reachable", reason: told, next: "" };
  const believed = observed.filter(({ networks }) => networks >= networksMin);
  if (facts.reach.verdict === "unreachable") {
    const elsewhere = observed.find(({ own }) => !own);
    if (elsewhere === undefined) return { verdict: "unreachable", reason: told, next: firewallAdvice };
    const seen = `peers see this node at ${elsewhere.address}, which is no address of this machine`;
    return { verdict: "behindNat", reason: `${told}; ${seen}`, next: mapAdvice };
  }
  const behind = believed.find(({ own }) => !own);
  if (behind !== undefined) {
    const reason = `peers of ${behind.networks} networks see this node at ${behind.address}, which is no address of this machine, and nobody from outside has dialed in`;
    return { verdict: "behindNat", reason, next: mapAdvice };
  }
  const [own] = believed;
  if (own !== undefined)
    return {
      verdict: "unknown",
      reason: `peers see this node at ${own.address}, its own address, but nobody from outside has dialed in yet`,
      next: firewallAdvice,
    };
  const [seenOnce] = observed;
  if (seenOnce !== undefined)
    return {
      verdict: "unknown",
      reason: `only peers of one network say where they see this node (${seenOnce.address}); two have to agree`,
      next: "Link a peer in another network, then ask again.",
    };
  return {
    verdict: "unknown",
    reason: "no peer outside the local networks is linked, so nobody could tell",
    next: "On one local network nothing is to be done; else link a peer elsewhere, then ask again.",
  };
}

function observedAddresses(facts: NetCheckFacts): readonly ObservedAddress[] {
  const seen = new Map<string, { ip: IpBytes; peers: Set<PeerId>; networks: Set<string> }>();
  for (const { peer, address, observed } of facts.links) {
    const [ip, teller] = [outside(observed ?? "", facts), ipOfMultiaddr(address)];
    if (ip === undefined || teller === undefined || isRelayed(address)) continue;
    const text = hostText(ip);
    const entry = seen.get(text) ?? { ip, peers: new Set(), networks: new Set() };
    entry.peers.add(peer);
    entry.networks.add(networkOf(teller));
    seen.set(text, entry);
  }
  return Array.from(seen, ([address, entry]) => ({
    address,
    peers: entry.peers.size,
    networks: entry.networks.size,
    own: facts.look.interfaces.some((each) => textOfHost(each.address) === address),
  })).toSorted((a, b) => b.networks - a.networks || b.peers - a.peers);
}

/** The address in a direct multiaddr, where it lies outside local networks. */
function outside(address: string, { local }: NetCheckFacts): IpBytes | undefined {
  const ip = isRelayed(address) ? undefined : ipOfMultiaddr(address);
  return ip !== undefined && isOutside(ip, local) ? ip : undefined;
}

function interfacesCheck({ look: { interfaces }, family }: NetCheckFacts): NetworkFinding {
  const name = "interfaces";
  const external = interfaces.filter(({ internal }) => !internal);
  const used = external.filter((each) => family === "dual" || each.family === (family === "v4" ? "v4" : "v6"));
  const counted = `${count("v4", external)}, ${count("v6", external)}`;
  if (used.length === 0)
    return degraded(name, `no address of family ${family} beside the loopback: connect this machine to a network`);
  return ok(name, counted);
}

function count(family: "v4" | "v6", addresses: NetworkLook["interfaces"]): string {
  const found = addresses.filter((each) => each.family === family);
  return found.length === 0
    ? `no IP${family}`
    : `IP${family}: ${found.map(({ name, address }) => `${address} (${name})`).join(", ")}`;
}

function listeningCheck({ look: { ports }, announced }: NetCheckFacts): NetworkFinding {
  const name = "listening";
  if (announced.length === 0) return degraded(name, "no address is listened on, so nobody can dial this node");
  if (ports === undefined) return ok(name, "not known on this system");
  const silent = ports.filter(({ listeners }) => listeners === 0);
  if (silent.length > 0)
    return degraded(
      name,
      `nothing listens on TCP port ${silent.map(({ port }) => port).join(", ")}: start the node again`,
    );
  return ok(name, `TCP port ${ports.map(({ port }) => port).join(", ")}`);
}

function announcedCheck({ announced, configured }: NetCheckFacts): NetworkFinding {
  const also = configured.length === 0 ? "" : `; ${configured.length} of them by p2p.announce`;
  return ok("announced", `${announced.length === 1 ? "1 address" : `${announced.length} addresses`}${also}`);
}

function routeCheck({ look: { routes } }: NetCheckFacts): NetworkFinding {
  const name = "default route";
  if (routes === undefined) return ok(name, "not known on this system");
  if (routes.length === 0) return ok(name, "none: only peers on local networks can be reached");
  return ok(name, routes.map((route) => `IP${route.family} by ${route.interface}`).join(", "));
}

function natCheck({ look: { interfaces } }: NetCheckFacts, observed: readonly ObservedAddress[]): NetworkFinding {
  const name = "NAT";
  const [first] = observed.filter(({ networks }) => networks >= networksMin);
  if (first === undefined)
    return ok(name, observed.length === 0 ? "not known: no peer outside told" : "not known: one network told");
  const inner = interfaces.filter(({ internal }) => !internal).map(({ address }) => address);
  return ok(
    name,
    first.own ? `none: seen at ${first.address}` : `yes: seen at ${first.address}, here it is ${inner.join(", ")}`,
  );
}

function reachCheck({ verdict, reason, next }: Reach): NetworkFinding {
  const words = { reachable: "reachable", behindNat: "behind NAT", unreachable: "unreachable", unknown: "unknown" }[
    verdict
  ];
  const message = `${words}: ${reason}${next === "" ? "" : `. ${next}`}`;
  return verdict === "behindNat" || verdict === "unreachable"
    ? degraded("reachability", message)
    : ok("reachability", message);
}

function transportsCheck({ transports: { configured, missing } }: NetCheckFacts): NetworkFinding {
  const name = "transports";
  return missing.length === 0 ? ok(name, configured.join(", ")) : degraded(name, missing.map(wordsOfMissing).join(" "));
}

function mdnsCheck({ mdns: { failure, health } }: NetCheckFacts): NetworkFinding {
  const name = "mDNS";
  if (!health.enabled) return ok(name, "off");
  if (failure === undefined) return ok(name, mdnsHeard(health));
  return degraded(name, `does not work on ${failure}; let UDP port 5353 through, or name peers with --dial`);
}

function descriptorsCheck({ look: { descriptors } }: NetCheckFacts): NetworkFinding {
  const name = "open files";
  if (descriptors === undefined) return ok(name, "not known on this system");
  const { open, limit } = descriptors;
  if (limit === undefined) return ok(name, `${open}, without a limit`);
  const words = `${open} of ${limit}`;
  return open < limit * descriptorShareMax ? ok(name, words) : degraded(name, `${words}: raise it with ulimit -n`);
}

function connectionsCheck({ look: { ports }, links }: NetCheckFacts): NetworkFinding {
  const standing = links.filter((link) => link.standing && link.direction === "outbound").length;
  const onPorts =
    ports?.map(({ port, connections }) => `${connections} on port ${port}`).join(", ") ?? "not known on this system";
  return ok("connections", `${onPorts}; ${standing} of our own dialing`);
}

function clockCheck({ clock: { offsetMs, doubted } }: NetCheckFacts): NetworkFinding {
  if (doubted) return degraded("clock", `${offsetMs} ms off the peers' median: set it, best by NTP`);
  return ok("clock", offsetMs === undefined ? "not compared yet" : `${offsetMs} ms off the peers' median`);
}

/** What peers said when they were asked to dial back. */
function tellsOf({ witnesses }: ReachSnapshot): string {
  const counts = new Map<string, number>();
  for (const { outcome } of witnesses) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const words = Array.from(counts, ([outcome, count]) => `${peers(count)} ${dialBackWords[outcome] ?? outcome}`);
  return words.join(", ");
}

const dialBackWords: Readonly<Record<string, string>> = {
  reached: "asked to dial back reached this node",
  dialedIn: "dialed in",
  refused: "asked to dial back got a refusal",
  timeout: "asked to dial back got no answer",
  unreachable: "asked to dial back found no way",
  wrongPeer: "asked to dial back found somebody else",
};

function isAnnounced(address: string, { announced }: NetCheckFacts): boolean {
  const own = textOfHost(address);
  return announced.some((each) => {
    const ip = isRelayed(each) ? undefined : ipOfMultiaddr(each);
    return ip !== undefined && hostText(ip) === own;
  });
}

function textOfHost(address: string): string | undefined {
  const ip = parseIp(address.replace(/%.*/, ""));
  return ip === undefined ? undefined : hostText(ip);
}

function hostText(ip: IpBytes): string {
  return rangeText({ ip, bits: ip.length * 8 });
}

function peers(count: number): string {
  return count === 1 ? "1 peer" : `${count} peers`;
}

function ok(name: string, message: string): NetworkFinding {
  return { name, status: "ok", message };
}

function degraded(name: string, message: string): NetworkFinding {
  return { name, status: "degraded", message };
}
