/**
 * Three hosts on one LAN, a node on each, nothing configured: they find each other by multicast
 * DNS alone and share keys. Spoken to by the command, inside each host, as a person there would.
 */
import { spawn } from "node:child_process";
import type { PeerView } from "../../src/api/views.ts";
import { command, type NodeProcess, Nursery } from "../support/real-node.ts";
import { until } from "../support/until.ts";
import { Lan } from "./lan.ts";

export interface NetReport {
  readonly nodes: number;
  readonly linkedMs: number;
  /** Where each node says its peers are. */
  readonly addresses: readonly string[];
  readonly sharedMs: number;
}

interface Host {
  readonly name: string;
  readonly namespace: string;
  readonly process: NodeProcess;
  readonly id: string;
}

const hosts = 3;
/** Guess: five times the first question and its answer on an idle machine. */
const deadlineMs = 30_000;

/** Throws what did not hold; leaves no namespace and no process. */
export async function findAndShare(say: (line: string) => void): Promise<NetReport> {
  const lan = new Lan();
  const nursery = new Nursery();
  nursery.beforeRemoval(() => lan.release());
  try {
    const names = Array.from({ length: hosts }, (_, n) => `host${n + 1}`);
    const all = await Promise.all(names.map((name, n) => startOn(lan.addHost(`10.77.0.${n + 1}/24`), name, nursery)));
    say(`${hosts} nodes run, each on a host of its own, started without any address`);
    const ready = performance.now();
    const addresses = await untilAllLinked(all);
    const linkedMs = performance.now() - ready;
    say(`all are linked: ${addresses.join(", ")}`);
    const sharing = performance.now();
    for (const host of all) await run(host, ["put", `from ${host.name}`, `written on ${host.name}`]);
    for (const reader of all)
      for (const writer of all) await untilReads(reader, `from ${writer.name}`, `written on ${writer.name}`);
    say("every node reads what the others wrote");
    await run(all[0] as Host, ["delete", "from host2"]);
    for (const reader of all) await untilReads(reader, "from host2", undefined);
    say("a deleted key is gone on all");
    return { nodes: hosts, linkedMs, addresses, sharedMs: performance.now() - sharing };
  } finally {
    await nursery.end();
  }
}

async function startOn(namespace: string, name: string, nursery: Nursery): Promise<Host> {
  const wrap = ["ip", "netns", "exec", namespace];
  const process = nursery.spawn(name, { wrap, port: 4001, httpPort: 9001, listen: undefined, mdns: true });
  const { peer } = await process.ready();
  return { name, namespace, process, id: peer };
}

/** Resolves with the addresses under which the nodes know each other. */
async function untilAllLinked(all: readonly Host[]): Promise<readonly string[]> {
  const addresses = new Set<string>();
  for (const host of all) {
    let seen: unknown;
    const linked = async (): Promise<boolean> => {
      const { peers } = JSON.parse((await run(host, ["peers", "--json"])).stdout) as {
        readonly peers: readonly PeerView[];
      };
      seen = peers.map(({ id, state, lastError }) => ({ id, state, lastError }));
      const connected = peers.filter(({ state }) => state === "Connected" || state === "Syncing");
      for (const { address } of connected) addresses.add(/10\.77\.0\.\d/.exec(address ?? "")?.[0] ?? String(address));
      return all.every(({ id }) => id === host.id || connected.some((peer) => peer.id === id));
    };
    await until(`${host.name} is linked to all others`, linked, { deadlineMs, seen: () => seen });
  }
  return [...addresses].sort();
}

async function untilReads(host: Host, key: string, value: string | undefined): Promise<void> {
  const reads = async (): Promise<boolean> => {
    const { code, stdout } = await run(host, ["get", key]);
    return value === undefined ? code === 4 : code === 0 && stdout === value;
  };
  await until(`${host.name} reads ${key} as ${value}`, reads, { deadlineMs });
}

/** A command as typed on that host. */
async function run(
  host: Host,
  words: readonly string[],
): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const parameters = ["netns", "exec", host.namespace, command, ...words, "--data-dir", host.process.options.dataDir];
  const child = spawn("ip", parameters, { stdio: ["ignore", "pipe", "ignore"] });
  let stdout = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout }));
  });
}
