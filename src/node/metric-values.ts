/** Metrics that are read when somebody asks for them, from the node's status and its peers. */
import type { CandidateSnapshot } from "../core/peers/connections/machine.ts";
import type { OutboxSnapshot } from "../core/sync/outbox/machine.ts";
import type { NetworkDriver, Traffic } from "../drivers/libp2p/driver-types.ts";
import type { MdnsHealth } from "../drivers/libp2p/mdns-health.ts";
import type { Metrics } from "../drivers/observe/metrics.ts";
import type { Counters } from "../ports/network.ts";
import type { LimitStatus, PeerStatus, Status } from "./facade.ts";
import { programVersion } from "./version.ts";

/** What only replica and peer book know of links. */
export function setLinkMetrics(
  metrics: Metrics,
  candidates: readonly CandidateSnapshot[],
  handshakeSuccessRate: number,
  linksMax: number,
): void {
  const failures = candidates.map((candidate) => candidate.failures);
  metrics.set("max_connections", linksMax);
  metrics.set("handshake_success_rate", handshakeSuccessRate);
  const mean = failures.reduce((sum, each) => sum + each, 0) / Math.max(1, failures.length);
  metrics.set("reconnection_attempts_per_peer", mean, { stat: "mean" });
  metrics.set("reconnection_attempts_per_peer", Math.max(0, ...failures), { stat: "max" });
  for (const stat of ["min", "median", "max"]) metrics.set("blockchain_height_distribution", 0, { stat });
}

/** What waits for members that were lost. */
export function setOutboxMetrics(metrics: Metrics, outboxes: readonly OutboxSnapshot[]): void {
  metrics.set("outbox_messages", sumOf(outboxes.map(({ messages }) => messages)));
  metrics.set("outbox_bytes", sumOf(outboxes.map(({ bytes }) => bytes)));
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, each) => sum + each, 0);
}

export function setMetrics(metrics: Metrics, status: Status, peers: readonly PeerStatus[]): void {
  for (const [name, value] of Object.entries(status.counters) as [keyof Counters, number][]) metrics.set(name, value);
  metrics.set("build_info", 1, { version: programVersion });
  metrics.set("entries", status.entries);
  metrics.set("held_back", status.heldBack);
  metrics.set("clock_offset_seconds", (status.clock.offsetMs ?? 0) / 1000);
  metrics.set("network_health", { healthy: 0, degraded: 1, critical: 2 }[status.networkHealth.level]);
  setLimits(metrics, status.limits);
  metrics.clear("peers");
  for (const [state, inState] of Map.groupBy(peers, (peer) => peer.state))
    metrics.set("peers", inState.length, { state });
}

function setLimits(metrics: Metrics, limits: readonly LimitStatus[]): void {
  for (const name of ["limit_bytes", "limit_used_bytes", "limit_state"] as const) metrics.clear(name);
  for (const { setting: key, part, used, limit, state } of limits) {
    const setting = part === undefined ? key : `${key} ${part}`;
    metrics.set("limit_used_bytes", used, { setting });
    metrics.set("limit_state", { ok: 0, near: 1, slowing: 2, refusing: 3 }[state], { setting });
    if (limit !== undefined) metrics.set("limit_bytes", limit, { setting });
  }
}

/** Counters that the driver keeps and that are carried over whole. */
export function setTraffic(metrics: Metrics, { frames, gossip }: Traffic): void {
  const perProtocol = Object.entries(frames);
  metrics.restate(
    "frames_sent_total",
    "protocol",
    perProtocol.map(([protocol, sent]) => [protocol, sent.frames]),
  );
  metrics.restate(
    "frame_bytes_sent_total",
    "protocol",
    perProtocol.map(([protocol, sent]) => [protocol, sent.bytes]),
  );
  metrics.restate("gossip_messages_sent_total", "why", Object.entries(gossip.sent));
  metrics.restate("gossip_messages_received_total", "verdict", Object.entries(gossip.received));
}

/** What only the driver knows. */
export function setNetworkMetrics(
  metrics: Metrics,
  driver: Pick<NetworkDriver, "traffic" | "gossipPeers" | "mdnsHealth">,
): void {
  setMdns(metrics, driver.mdnsHealth());
  setTraffic(metrics, driver.traffic());
  const { mesh, subscribed } = driver.gossipPeers();
  metrics.set("gossip_peers", mesh.length, { in: "mesh" });
  metrics.set("gossip_peers", subscribed.length, { in: "topic" });
}

function setMdns(metrics: Metrics, { places, otherNetworks }: MdnsHealth): void {
  for (const family of ["v4", "v6"] as const) {
    const outer = places.filter((place) => place.family === family && !place.loopback);
    for (const what of ["sent", "echoes", "heard"] as const)
      metrics.set("mdns_packets", sumOf(outer.map((place) => place[what])), { family, what });
    metrics.set("mdns_failing_places", outer.filter(({ failure }) => failure !== undefined).length, { family });
  }
  metrics.set("mdns_other_network_nodes", otherNetworks.nodes);
}
