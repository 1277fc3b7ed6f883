/** The systems that are compared: what they are, what they promise, and how they are loaded. */
import type { System } from "./contract.ts";

/**
 * What each does to the disk was counted, not read: `strace -f -e trace=fsync,fdatasync` of one node
 * that makes 50 puts one after the other and then one batch of 200.
 */
const peerbitPolicy = {
  signatures: "each entry",
  writers: "several",
  transport: "libp2p over TCP, Noise",
} as const;

export const systems: readonly System[] = [
  {
    name: "ours",
    title: "P2P Sync",
    versions: "this checkout, built",
    folder: undefined,
    policy: {
      fsync: "yes (50 syncs, then 1)",
      signatures: "each put or batch",
      writers: "several",
      transport: "libp2p over TCP, Noise",
    },
    targets: undefined,
    load: async () => (await import("./ours/adapter.ts")).ours("strict"),
  },
  {
    name: "ours-relaxed",
    title: "P2P Sync, relaxed",
    versions: "this checkout, built",
    folder: undefined,
    policy: {
      fsync: "no, later",
      signatures: "each put or batch",
      writers: "several",
      transport: "libp2p over TCP, Noise",
    },
    targets: undefined, // shown beside those that do not sync either, and never judged
    load: async () => (await import("./ours/adapter.ts")).ours("relaxed"),
  },
  {
    name: "peerbit",
    title: "Peerbit",
    versions: "peerbit 5.3.22, @peerbit/document 13.1.29",
    folder: "peerbit",
    policy: { fsync: "yes (231 syncs, then 809)", ...peerbitPolicy },
    targets: { sharing: 5, others: 5 },
    load: async () => (await import("./peerbit/adapter.ts")).peerbit("default"),
  },
  {
    name: "peerbit-fast",
    title: "Peerbit, rust preset",
    versions: "peerbit 5.3.22, @peerbit/document 13.1.29",
    folder: "peerbit",
    policy: { fsync: "yes (50 syncs, then 200)", ...peerbitPolicy },
    targets: { sharing: 5, others: 5 },
    load: async () => (await import("./peerbit/adapter.ts")).peerbit("fast"),
  },
  {
    name: "orbitdb",
    title: "OrbitDB",
    versions: "@orbitdb/core 4.0.0, helia 6.0.22",
    folder: "orbitdb",
    policy: { fsync: "no (0 syncs)", signatures: "each put", writers: "several", transport: "libp2p over TCP, Noise" },
    targets: { sharing: 10, others: 10 },
    load: async () => (await import("./orbitdb/adapter.ts")).orbitdb(),
  },
  {
    name: "hyperbee",
    title: "Hyperbee",
    versions: "hypercore 11.37.1, hyperbee 2.27.3",
    folder: "hypercore",
    policy: {
      fsync: "no (0 syncs)",
      signatures: "each put or batch",
      writers: "one",
      transport: "its stream over TCP, Noise",
    },
    targets: { sharing: 2, others: 1 / 1.5 },
    load: async () => (await import("./hypercore/adapter.ts")).hyperbee(),
  },
  {
    name: "iroh",
    title: "iroh-docs",
    versions: "@number0/iroh 0.35.0",
    folder: "iroh",
    policy: { fsync: "no, later (0 syncs)", signatures: "each put, twice", writers: "several", transport: "QUIC" },
    targets: { sharing: 2, others: 1 / 1.5 },
    load: async () => (await import("./iroh/adapter.ts")).iroh(),
  },
];

export function systemNamed(name: string): System {
  const found = systems.find((system) => system.name === name);
  if (found === undefined)
    throw new Error(`there is no system "${name}"; there are ${systems.map((system) => system.name).join(", ")}`);
  return found;
}
