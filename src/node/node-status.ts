/** What a node is and how it stands: what the replica says of itself, and what only the process knows. */
import type { Author, PeerId } from "../base/brand.ts";
import { authorOf } from "../codec/peer-id.ts";
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { Counters, Info, LimitStatus, NetworkHealth, NodeState, Status } from "./facade.ts";
import { progressOf } from "./sync-progress.ts";
import { programVersion } from "./version.ts";

interface ProcessFacts {
  readonly peerId: PeerId;
  readonly network: string;
  /** What the node is doing while nobody is linked. */
  readonly alone: NodeState;
  readonly uptimeMs: number;
  readonly setAside: number;
  readonly networkHealth: NetworkHealth;
  readonly limits: readonly LimitStatus[];
  readonly counters: Counters;
}

export function statusOf(snapshot: ReplicaSnapshot, facts: ProcessFacts): Status {
  const { summary, values, heldBack, conflicts, age, admitted, clock } = snapshot;
  return {
    peerId: facts.peerId,
    network: facts.network,
    state: admitted.length > 0 ? "Connected" : facts.alone,
    entries: values,
    root: Buffer.from(summary.root).toString("hex"),
    peers: admitted.length,
    heldBack,
    sync: progressOf(snapshot),
    uptimeSeconds: Math.floor(facts.uptimeMs / 1000),
    clock: { offsetMs: clock.offsetMs, refusingWrites: clock.doubted },
    conflicts,
    networkHealth: facts.networkHealth,
    age,
    setAside: facts.setAside,
    limits: facts.limits,
    counters: facts.counters,
  };
}

type OwnInfo = Omit<Info, "version" | "nodeVersion" | "peerId" | "author" | "p2p">;

export function infoOf(driver: { readonly peerId: PeerId; addresses(): readonly string[] }, own: OwnInfo): Info {
  return {
    version: programVersion,
    nodeVersion: process.version,
    peerId: driver.peerId,
    author: authorOf(driver.peerId) as Author,
    p2p: driver.addresses(),
    ...own,
  };
}
