/**
 * Every metric of the node, once: name, kind, labels, help. `docs/METRICS.md` is made from it. The
 * prefix `p2p_sync_` is put in front of each name; process and Node.js metrics come beside them.
 * Labels have few values by construction: no keys, no peer ids.
 */
export interface MetricDefinition {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

export const metricPrefix = "p2p_sync_";

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

export const metricDefinitions = {
  mdns_packets: {
    kind: "gauge",
    help: "mDNS packets sent, our own announcements heard (echoes), and those of others, on the interfaces that stand, loopback left out.",
    labels: ["family", "what"],
  },
  mdns_failing_places: { kind: "gauge", help: "Interfaces on which mDNS cannot send or hear.", labels: ["family"] },
  mdns_other_network_nodes: { kind: "gauge", help: "Nodes of other networks heard by mDNS since start.", labels: [] },
  routing_contacts: { kind: "gauge", help: "Peers this node can name to others that look for somebody.", labels: [] },
  build_info: { kind: "gauge", help: "Always 1; the version is in the label.", labels: ["version"] },
  total_connections: { kind: "gauge", help: "Links opened since start, both directions.", labels: [] },
  active_connections: { kind: "gauge", help: "Links open now.", labels: [] },
  messages_sent: { kind: "gauge", help: "Frames and gossip messages sent since start.", labels: [] },
  messages_received: { kind: "gauge", help: "Frames and gossip messages received since start.", labels: [] },
  bytes_sent: { kind: "gauge", help: "Bytes written to the sockets of peers since start.", labels: [] },
  bytes_received: { kind: "gauge", help: "Bytes read from the sockets of peers since start.", labels: [] },
  blocks_propagated: { kind: "gauge", help: "Blocks passed on since start; 0 without a ledger.", labels: [] },
  transactions_propagated: { kind: "gauge", help: "Batches published or passed on by gossip since start.", labels: [] },
  frames_sent_total: {
    kind: "counter",
    help: "Frames sent by protocol; of gossip its RPCs, with or without messages.",
    labels: ["protocol"],
  },
  frame_bytes_sent_total: {
    kind: "counter",
    help: "Bytes of these frames with their length prefixes, before encryption.",
    labels: ["protocol"],
  },
  gossip_messages_sent_total: {
    kind: "counter",
    help: "Copies of gossip messages sent: of own ones, forwarded, or asked for.",
    labels: ["why"],
  },
  gossip_messages_received_total: {
    kind: "counter",
    help: "Copies of gossip messages received, by verdict; duplicates have none.",
    labels: ["verdict"],
  },
  gossip_peers: {
    kind: "gauge",
    help: "Peers that gossip can reach, and those that messages of others are forwarded to.",
    labels: ["in"],
  },
  entries: { kind: "gauge", help: "Live keys with a value.", labels: [] },
  versions: { kind: "gauge", help: "Live versions, tombstones included.", labels: [] },
  held_back: { kind: "gauge", help: "Batches held back because they come from the future.", labels: [] },
  peers: { kind: "gauge", help: "Peers and addresses known, by state.", labels: ["state"] },
  limit_bytes: {
    kind: "gauge",
    help: "What limits allow, by the setting; a limit that is off has none. Those of bandwidth are bytes a second.",
    labels: ["setting"],
  },
  limit_used_bytes: {
    kind: "gauge",
    help: "What is used of them; of limits.disk_reserve what is free.",
    labels: ["setting"],
  },
  limit_state: {
    kind: "gauge",
    help: "How each limit stands: 0 ok, 1 near, 2 slowing, 3 refusing.",
    labels: ["setting"],
  },
  clock_offset_seconds: {
    kind: "gauge",
    help: "Median of the peers' clocks minus ours; 0 with fewer than three peers.",
    labels: [],
  },
  notes_total: { kind: "counter", help: "Facts noted, by kind (see the log for their words).", labels: ["kind"] },
  batches_merged_total: { kind: "counter", help: "Batches merged, by how they came.", labels: ["via"] },
  entries_merged_total: { kind: "counter", help: "Entries that became live, by how they came.", labels: ["via"] },
  batches_refused_total: { kind: "counter", help: "Batches refused, by reason.", labels: ["reason"] },
  conflicts_total: {
    kind: "counter",
    help: "Writes that met without having seen each other, since the store was made.",
    labels: [],
  },
  dials_total: {
    kind: "counter",
    help: "Dials, by result: admitted, the family of a failure, or the code of a refusal.",
    labels: ["result"],
  },
  disconnects_total: {
    kind: "counter",
    help: "Ends of admitted links, by who said goodbye and why; nobody and closed where a link broke.",
    labels: ["by", "code"],
  },
  link_repairs_total: {
    kind: "counter",
    help: "Links that the node believed in and that did not stand, or the reverse, by kind: gone, unknown.",
    labels: ["kind"],
  },
  handshake_success_rate: {
    kind: "gauge",
    help: "Share of the handshakes since start that led to an admitted link; 1 while there was none.",
    labels: [],
  },
  handshake_failure_reasons: {
    kind: "counter",
    help: "Handshakes that led to no admitted link, by reason; a second link to one peer is no failure.",
    labels: ["reason"],
  },
  network_health: {
    kind: "gauge",
    help: "How the network is, as seen from here: 0 healthy, 1 degraded, 2 critical; `status` names the causes.",
    labels: [],
  },
  max_connections: { kind: "gauge", help: "Admitted links this node takes at most.", labels: [] },
  reconnection_attempts_per_peer: {
    kind: "gauge",
    help: "Failed dials in a row of the addresses that are known: the mean and the largest.",
    labels: ["stat"],
  },
  blockchain_height_distribution: {
    kind: "gauge",
    help: "Lowest, median and highest height of the members; 0 without a ledger.",
    labels: ["stat"],
  },
  goodbyes_total: { kind: "counter", help: "Goodbyes, by who said them and why.", labels: ["by", "code"] },
  penalties_total: { kind: "counter", help: "Misbehaviour of peers, by reason.", labels: ["reason"] },
  network_partition_events: { kind: "counter", help: "Partitions, by what was noticed of them.", labels: ["fact"] },
  partition_conflicts_total: {
    kind: "counter",
    help: "Writes of one side of a partition that lost to one of the other.",
    labels: [],
  },
  suspicions_total: {
    kind: "counter",
    help: "Verdicts of the failure detector: suspected, unreachableDirectly, selfDoubted.",
    labels: ["kind"],
  },
  peers_replica_seconds_total: {
    kind: "counter",
    help: "Time of the replica's thread spent on what peers sent; a peer over its share is read more slowly.",
    labels: [],
  },
  outbox_messages: {
    kind: "gauge",
    help: "Messages that wait for members that were lost, and are sent when they are back.",
    labels: [],
  },
  outbox_bytes: { kind: "gauge", help: "Bytes of these messages, counted for each member.", labels: [] },
  outbox_sent_total: {
    kind: "counter",
    help: "Messages that had waited for a member and were sent at its return.",
    labels: [],
  },
  outbox_dropped_total: {
    kind: "counter",
    help: "Messages that waited for a member and will not be sent, by the policy that dropped them and their priority; pulls bring them.",
    labels: ["reason", "priority"],
  },
  pulls_total: { kind: "counter", help: "Pulls, by how they ended.", labels: ["how"] },
  gossip_merge_seconds: {
    kind: "histogram",
    help: "From a gossip message's arrival until its batches are merged.",
    labels: [],
    buckets: seconds,
  },
  write_seconds: {
    kind: "histogram",
    help: "From a local write's request until it is durable.",
    labels: [],
    buckets: seconds,
  },
  state_seconds: {
    kind: "histogram",
    help: "How long a link stayed in a state, by the state it left.",
    labels: ["state"],
    buckets: seconds,
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricDefinitions;
