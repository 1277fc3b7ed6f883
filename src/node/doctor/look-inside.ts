/** What a running node knows of itself, beside what anybody can see of its machine. */
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
    ports: listened(netcheck),
    network: { ...machine.network, reach: netcheck.reach },
    discovery: { mdns: netcheck.mdns, linked: node.linked() },
    peers,
    clock: { offsetMs: clock.offsetMs, doubted: clock.doubted },
  };
}

function listened({ ports }: NetCheck): readonly PortFacts[] | undefined {
  return ports
    ?.filter(({ listeners }) => listeners > 0)
    .map(({ port }) => ({ what: "p2p", host: "", port, state: "own" }));
}
