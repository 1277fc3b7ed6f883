/**
 * Looks at a machine and, where one runs, at a node. What both ways share is here; what a running node alone knows it
 * adds. Nothing is changed by looking, but for a small file on the disk that is timed and removed.
 */
import { existsSync, statSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isLoopback } from "../../config/text-formats.ts";
import type { Config } from "../../config/settings.ts";
import { mdnsOff } from "../../drivers/libp2p/mdns-health.ts";
import { probePeer, type ProbeOutcome } from "../../drivers/libp2p/peer-probe.ts";
import { type BindOutcome, tryBind, tryBindUdp } from "../../drivers/system/bind-try.ts";
import { lookAtDisk } from "../../drivers/system/disk-look.ts";
import { droppingRules } from "../../drivers/system/firewall-look.ts";
import { lookAtNetwork } from "../../drivers/system/network-look.ts";
import { listenAddresses } from "../node-options.ts";
import { describePortHolder } from "../port-holder.ts";
import { programVersion } from "../version.ts";
import { adviceOn, headlineOf } from "../why.ts";
import type { DoctorFacts, FolderFacts, PeerFacts, PortFacts, ProcessFacts } from "./facts.ts";
import { holderOfFolder } from "../../drivers/storage/data-folder.ts";
import { storeLayout } from "../../drivers/storage/store-layout.ts";

const mdnsPort = 5353;

/** The process that holds a data folder, in words; undefined where none does. */
export function holderOf(dataDir: string): string | undefined {
  return holderOfFolder(dataDir);
}

export function thisProcess(): ProcessFacts {
  return {
    nodeVersion: process.version,
    programVersion,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** Where a mistake in the configuration keeps everything else from being known. */
export function factsOfMistakes(configProblems: readonly string[]): DoctorFacts {
  return {
    process: thisProcess(),
    node: { type: "absent" },
    configProblems,
    folder: undefined,
    disk: undefined,
    limits: undefined,
    ports: undefined,
    network: undefined,
    discovery: undefined,
    peers: undefined,
    clock: undefined,
    firewall: [],
  };
}

/** The machine as a node with that configuration would find it. `node` says why none answers. */
export async function lookWithoutNode(
  config: Config,
  node: Exclude<DoctorFacts["node"], { type: "running" }>,
): Promise<DoctorFacts> {
  const holdsPorts = node.type === "silent"; // its ports are taken by itself, which is no news
  const [ports, common, peers] = await Promise.all([
    holdsPorts ? undefined : lookAtPorts(config),
    lookAtMachine(config, []),
    Promise.all(config.p2pDial.map(lookAtPeer)),
  ]);
  return {
    process: thisProcess(),
    node,
    configProblems: [],
    limits: undefined,
    ports,
    ...common,
    discovery: config.p2pMdns ? undefined : { mdns: mdnsOff, linked: 0 },
    peers: peers.filter((each) => each !== undefined),
    clock: undefined,
  };
}

type Machine = Pick<DoctorFacts, "folder" | "disk" | "firewall"> & {
  readonly network: NonNullable<DoctorFacts["network"]>;
};

/** What can be seen with or without a node. `listenPorts` are those it listens on. */
export async function lookAtMachine(config: Config, listenPorts: readonly number[]): Promise<Machine> {
  const folder = await lookAtFolder(config.dataDir);
  const dialed = config.p2pDial.map((address) => Number(/\/(?:tcp|udp)\/(\d+)/.exec(address)?.[1]));
  const [disk, look, firewall] = await Promise.all([
    folder.trouble === undefined ? lookAtDisk(nearestFolder(config.dataDir)) : undefined,
    lookAtNetwork(listenPorts),
    droppingRules([mdnsPort, config.p2pPort, ...dialed].filter((port) => port > 0)),
  ]);
  const hosts = config.p2pListen;
  return {
    folder,
    disk,
    firewall,
    network: {
      look,
      family: config.p2pFamily,
      loopbackOnly: hosts.length > 0 && hosts.every(isLoopback),
      linksMax: config.peersMaxLinks,
      reach: undefined,
    },
  };
}

async function lookAtFolder(path: string): Promise<FolderFacts> {
  const exists = existsSync(path);
  const layout = exists ? storeLayout(join(path, "store", "data.sqlite")) : undefined;
  const newer = layout !== undefined && layout.version > layout.known ? layout : undefined;
  return { path, exists, trouble: await troubleOf(path), newer };
}

async function troubleOf(path: string): Promise<string | undefined> {
  const folder = nearestFolder(path);
  if (!statSync(folder).isDirectory()) return `${folder} is a file, not a folder.`;
  const writable = await access(folder, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable) return `${folder} cannot be written by this user.`;
  for (const name of ["identity.key", "api-token"]) {
    const mode = (statSync(join(path, name), { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
    if ((mode & 0o077) !== 0)
      return `${join(path, name)} can be read by others (mode ${mode.toString(8)}): chmod 600 it.`;
  }
  return undefined;
}

/** The folder itself, or the one above it that exists. */
function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}

/** Where the node would listen, each port once. */
async function lookAtPorts(config: Config): Promise<readonly PortFacts[]> {
  const addresses = listenAddresses(config).flatMap((address) => {
    const [, , host = "", protocol, port] = address.split("/");
    return { what: "p2p", protocol: protocol === "udp" ? "udp" : "tcp", host, port: Number(port) } as const;
  });
  const { httpHost: host, httpPort: port } = config;
  const looks = new Map<string, PortFacts>();
  for (const wanted of [...addresses, { what: "http", protocol: "tcp", host, port } as const]) {
    const key = `${wanted.what} ${wanted.protocol} ${wanted.port}`;
    const state = await tryPort(wanted.protocol, wanted.host, wanted.port);
    if (state === "noSuchAddress" && wanted.host === "::") continue; // without IPv6 on the machine, IPv4 is enough
    if (looks.has(key) && (state === "free" || looks.get(key)?.state !== "free")) continue;
    const holder = state === "held" && wanted.protocol === "tcp" ? await describePortHolder(wanted.port) : undefined; // UDP is not looked up
    looks.set(key, { ...wanted, state, holder });
  }
  return [...looks.values()];
}

function tryPort(protocol: "tcp" | "udp", host: string, port: number): Promise<BindOutcome> {
  return protocol === "tcp" ? tryBind(host, port) : tryBindUdp(host, port);
}

async function lookAtPeer(address: string): Promise<PeerFacts | undefined> {
  const outcome = await probePeer(address);
  return outcome.type === "notTried" ? undefined : { address, why: wordsFor(outcome) };
}

function wordsFor(outcome: Exclude<ProbeOutcome, { type: "notTried" }>): PeerFacts["why"] {
  if (outcome.type === "answered") return { cause: "connected", conclusion: "A libp2p node answers there.", next: "" };
  const { failure: cause, detail } = outcome;
  return { cause, conclusion: `${headlineOf(cause)}: ${detail}.`, next: adviceOn(cause) };
}
