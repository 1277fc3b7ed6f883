/** What ports, addresses, discovery, peers, clocks and open files show. */
import { ownSkewMsMax } from "../../core/peers/limits.ts";
import { mdnsBlocked, mdnsHeard } from "../mdns-words.ts";
import { causeOfWhy, type DoctorCause, doctorCauses } from "./causes.ts";
import type { AreaFinding } from "./diagnosis.ts";
import type { DoctorFacts, FirewallRule, NetworkFacts, PortFacts, PortState } from "./facts.ts";

/** Difference of clocks from which on it is told, in ms. Guess: a clock set by NTP is a hundred times better. */
const clockOffMsMin: number = ownSkewMsMax / 6;
/** Share of the open files allowed from which on it is told. Guess: half of the rest is gone with one crowd. */
const openShareMax = 0.8;
/** Open files of a node without links: store, log, sockets, modules. Source: 40 to 60 seen. */
const filesAlone = 64;
const mdnsPort = 5353;

type Cause = AreaFinding["causes"][number];

export function portsArea({ ports, node }: DoctorFacts): AreaFinding {
  if (ports === undefined) return { seen: undefined, causes: [] };
  if (node.type === "running" && ports.length === 0) {
    const { meaning, whatToDo } = doctorCauses.not_listening;
    return { seen: "nothing", causes: [{ code: "not_listening", subject: "", message: meaning, next: whatToDo }] };
  }
  return { seen: ports.map(wordsOfPort).join(", "), causes: ports.flatMap(portCause) };
}

const wordsOfState: Readonly<Record<PortState, string>> = {
  free: "free",
  own: "listened on",
  held: "held by another",
  forbidden: "forbidden",
  noSuchAddress: "not an address of this machine",
};

function wordsOfPort({ what, protocol, host, port, state }: PortFacts): string {
  const place = `${host.includes(":") ? `[${host}]` : host}:${port === 0 ? "any" : port}`;
  return `${what} ${place} (${protocol.toUpperCase()}) ${wordsOfState[state]}`;
}

const causeOfPort: Readonly<Record<PortState, "port_held" | "port_forbidden" | "listen_address" | undefined>> = {
  free: undefined,
  own: undefined,
  held: "port_held",
  forbidden: "port_forbidden",
  noSuchAddress: "listen_address",
};

function portCause({ what, protocol, host, port, state, holder }: PortFacts): readonly Cause[] {
  const code = causeOfPort[state];
  if (code === undefined) return [];
  const message = {
    port_held: `The ${what} port ${port} (${protocol.toUpperCase()}) is held by ${holder ?? "another program"}.`,
    port_forbidden: `This user may not listen on the ${what} port ${port}.`,
    listen_address: `No interface of this machine has the address ${host}, on which ${what} is to listen.`,
  }[code];
  return [{ code, subject: `${what} port ${port}`, message, next: doctorCauses[code].whatToDo }];
}

export function addressesArea({ network }: DoctorFacts): AreaFinding {
  if (network === undefined) return { seen: undefined, causes: [] };
  const outer = outerAddresses(network);
  const listed = outer.map(({ address, name }) => `${address} (${name})`).join(", ");
  const seen = `family ${network.family}: ${outer.length === 0 ? "the loopback only" : listed}`;
  if (network.loopbackOnly) return { seen, causes: [] };
  if (outer.length === 0) {
    const { meaning, whatToDo } = doctorCauses.no_address;
    return { seen, causes: [{ code: "no_address", subject: network.family, message: meaning, next: whatToDo }] };
  }
  if (network.reach?.verdict !== "behindNat") return { seen, causes: [] };
  const { reason, next } = network.reach;
  return { seen, causes: [{ code: "behind_nat", subject: "", message: `Behind a NAT: ${reason}.`, next }] };
}

function outerAddresses({ look, family }: NetworkFacts): NetworkFacts["look"]["interfaces"] {
  const unwanted = { dual: undefined, v4: "v6", v6only: "v4" }[family];
  return look.interfaces.filter((each) => !each.internal && each.family !== unwanted);
}

export function discoveryArea({ discovery, firewall }: DoctorFacts): AreaFinding {
  if (discovery === undefined) return { seen: undefined, causes: [] };
  const { mdns, linked } = discovery;
  if (!mdns.enabled) return { seen: "mDNS is off", causes: [] };
  const blocked = mdnsBlocked(mdns);
  const { nodes, names } = mdns.otherNetworks;
  const hint = hintOn(firewall, mdnsPort);
  const cause = (code: DoctorCause, message: string, before = ""): Cause => ({
    code,
    subject: "",
    message,
    next: `${before}${doctorCauses[code].whatToDo}`,
  });
  const causes = [
    ...(blocked === undefined ? [] : [cause("mdns_blocked", `mDNS is blocked on ${blocked}.`, hint)]),
    ...mdns.places.flatMap(({ interface: name, failure }) =>
      failure === undefined ? [] : [cause("mdns_failed", `mDNS does not work on ${name}: ${failure}.`, hint)],
    ),
    ...(nodes === 0 || linked > 0
      ? []
      : [cause("other_network", `${nodes} nodes of other networks are on this LAN: ${names.join(", ")}.`)]),
  ];
  return { seen: `mDNS: ${mdnsHeard(mdns)}`, causes };
}

export function peersArea({ peers, firewall }: DoctorFacts): AreaFinding {
  if (peers === undefined) return { seen: undefined, causes: [] };
  const causes = peers.flatMap(({ address, why: { cause, conclusion, next } }): readonly Cause[] => {
    const code = causeOfWhy[cause];
    if (code === undefined) return [];
    const hint = code === "peer_silent" ? hintOn(firewall, Number(/\/(?:tcp|udp)\/(\d+)/.exec(address)?.[1])) : "";
    return [{ code, subject: address, message: conclusion, next: `${hint}${next}` }];
  });
  const seen =
    peers.length === 0
      ? "none is configured"
      : `${peers.length - causes.length} of ${peers.length} configured are well`;
  return { seen, causes };
}

export function clockArea({ clock }: DoctorFacts): AreaFinding {
  if (clock === undefined) return { seen: undefined, causes: [] };
  const { offsetMs, doubted } = clock;
  if (offsetMs === undefined) return { seen: "not compared: that takes three linked peers", causes: [] };
  const seen = `${Math.round(offsetMs)} ms off the peers' median`;
  const code = doubted ? "clock_wrong" : Math.abs(offsetMs) >= clockOffMsMin ? "clock_off" : undefined;
  if (code === undefined) return { seen, causes: [] };
  const message = `This clock is ${(offsetMs / 1_000).toFixed(1)} s off the peers' median${doubted ? ", and writes are refused" : ""}.`;
  return { seen, causes: [{ code, subject: "", message, next: doctorCauses[code].whatToDo }] };
}

export function openFilesArea({ network, node }: DoctorFacts): AreaFinding {
  const use = network?.look.descriptors;
  if (network === undefined || use === undefined) return { seen: undefined, causes: [] };
  if (use.limit === undefined) return { seen: `${use.open} open, without a limit`, causes: [] };
  const wanted = filesAlone + 2 * network.linksMax; // a link and the dial that replaces it
  const many = node.type === "running" && use.open >= openShareMax * use.limit;
  const seen = node.type === "running" ? `${use.open} of ${use.limit} open` : `${use.limit} allowed`;
  if (use.limit >= wanted && !many) return { seen, causes: [] };
  const message = many
    ? `${use.open} of ${use.limit} allowed files are open.`
    : `${use.limit} open files are allowed, and ${network.linksMax} links want ${wanted}.`;
  return { seen, causes: [{ code: "open_files", subject: "", message, next: doctorCauses.open_files.whatToDo }] };
}

/** The rules that drop that port, before what else there is to do. */
function hintOn(rules: readonly FirewallRule[], port: number): string {
  const [rule] = rules.filter((each) => each.port === port);
  const [rest] = rules.filter((each) => each.port === undefined);
  const found = rule ?? rest;
  return found === undefined ? "" : `The packet filter here says "${found.rule}" (${found.place}). `;
}
