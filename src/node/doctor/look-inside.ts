/** What a running node knows of itself, beside what anybody can see of its machine. */
import { isRelayed } from "../../base/relayed-address.ts";
import type { Config } from "../../config/settings.ts";
import type { Explanation, LimitStatus } from "../facade.ts";
import type { NetCheck } from "../netcheck.ts";
import { listenPorts } from "../netcheck-facts.ts";
import type { ClockFacts, DoctorFacts, PortFacts } from "./facts.ts";
import { lookAtMachine, thisProcess } from "./look.ts";

export interface LookedAtNode {
  config(): Config;
  announced(): readonly string[];
  /** Peers that are linked. */
  linked(): number;
  /** What this node alone says of an address. */
  whyHere(target: string): Promise<Explanation>;
  netcheck(): Promise<NetCheck>;
  clock(): Promise<ClockFacts>;
  upSeconds(): number;
  limits(): Promise<readonly LimitStatus[]>;
}

export async function lookFromNode(node: LookedAtNode): Promise<DoctorFacts> {
  const config = node.config();
  const announced = node.announced();
  const [machine, netcheck, clock, limits, peers] = await Promise.all([
    lookAtMachine(config, listenPorts(announced, config.p2pAnnounce)),
    node.netcheck(),
    node.clock(),
    node.limits(),
    Promise.all(config.p2pDial.map(async (address) => ({ address, why: await node.whyHere(address) }))),
  ]);
  return {
    process: thisProcess(),
    node: { type: "running", pid: process.pid, upSeconds: node.upSeconds() },
    configProblems: [],
    ...machine,
    limits,
    ports: listened(netcheck, announced),
    network: { ...machine.network, reach: netcheck.reach },
    discovery: { mdns: netcheck.mdns, linked: node.linked() },
    peers,
    clock: { offsetMs: clock.offsetMs, doubted: clock.doubted },
  };
}

/** UDP ports are taken at the driver's word: the system's tables of TCP do not have them. */
function listened({ ports }: NetCheck, announced: readonly string[]): readonly PortFacts[] | undefined {
  if (ports === undefined) return undefined;
  const tcp = ports.flatMap(({ port, listeners }) => (listeners > 0 ? [{ protocol: "tcp", port } as const] : []));
  const found = announced.flatMap((address) => (isRelayed(address) ? [] : (/\/udp\/(\d+)/.exec(address)?.[1] ?? [])));
  const udp = [...new Set(found)].map((port) => ({ protocol: "udp", port: Number(port) }) as const);
  return [...tcp, ...udp].map((each) => ({ what: "p2p", host: "", state: "own", ...each }));
}
