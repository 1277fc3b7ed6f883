/** What a running node tells of itself as a whole: status, health, metrics. */
import { statfs } from "node:fs/promises";
import type { Config } from "../config/settings.ts";
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { NetworkDriver } from "../drivers/libp2p/driver-types.ts";
import type { Metrics } from "../drivers/observe/metrics.ts";
import type { SqliteReader } from "../drivers/storage/sqlite-reader.ts";
import type { Border } from "./border.ts";
import type { Counters, Health, NetworkHealth, NodeState, Status } from "./facade.ts";
import { judgeHealth } from "./health.ts";
import { limitsOf } from "./limit-status.ts";
import { setLinkMetrics, setMetrics, setNetworkMetrics, setOutboxMetrics } from "./metric-values.ts";
import type { MemoryBudget } from "./memory/budget.ts";
import { statusOf } from "./node-status.ts";
import type { ReplicaClient } from "./replica-client.ts";

/** The parts that know; each throws `stopping` where the node has it no more. */
export interface ReportedNode {
  client(): ReplicaClient;
  reader(): SqliteReader;
  driver(): NetworkDriver;
  border(): Border;
  config(): Config;
  readonly metrics: Metrics;
  memory(): MemoryBudget;
  /** What the node is doing while nobody is linked. */
  state(): NodeState;
  dataDir(): string;
  network(snapshot: ReplicaSnapshot): Promise<NetworkHealth>;
}

export class Reports {
  readonly #node: ReportedNode;
  readonly #startedMono = performance.now();

  constructor(node: ReportedNode) {
    this.#node = node;
  }

  async status(): Promise<Status> {
    const node = this.#node;
    const snapshot = await node.client().snapshot();
    return statusOf(snapshot, {
      peerId: node.driver().peerId,
      network: node.config().networkName,
      alone: node.state(),
      uptimeMs: performance.now() - this.#startedMono,
      setAside: node.reader().aside.count(""),
      networkHealth: await node.network(snapshot),
      limits: limitsOf(snapshot, node.memory(), node.driver().bandwidth()),
      counters: this.#counters(),
    });
  }

  async health(): Promise<Health> {
    const node = this.#node;
    const [snapshot, disk] = await Promise.all([node.client().snapshot(), statfs(node.dataDir())]);
    return judgeHealth({
      snapshot,
      configuredPeers: node.config().p2pDial.length,
      listening: node.driver().addresses(),
      mdnsFailure: node.border().mdnsFailure,
      network: await node.network(snapshot),
      limits: limitsOf(snapshot, node.memory(), node.driver().bandwidth()),
      diskFreeBytes: disk.bavail * disk.bsize,
    });
  }

  async metrics(): Promise<string> {
    const node = this.#node;
    setMetrics(node.metrics, await this.status(), node.border().peers());
    setNetworkMetrics(node.metrics, node.driver());
    const { candidates, outboxes, contacts } = await node.client().snapshot();
    node.metrics.set("routing_contacts", contacts);
    setOutboxMetrics(node.metrics, outboxes);
    setLinkMetrics(node.metrics, candidates, node.border().handshakeSuccessRate, node.config().peersMaxLinks);
    return node.metrics.text();
  }

  #counters(): Counters {
    return {
      ...this.#node.driver().counters(),
      blocks_propagated: 0,
      transactions_propagated: this.#node.border().forwarded,
    };
  }
}
