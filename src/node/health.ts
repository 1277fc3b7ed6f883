/** The checks behind `/health`: each says what it saw, or what is wrong and what to do. */
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { Health, HealthCheck, LimitStatus, NetworkHealth } from "./facade.ts";
import { limitsCheck } from "./limit-status.ts";
import { networkCheck } from "./network-health.ts";

export interface HealthFacts {
  readonly snapshot: ReplicaSnapshot;
  /** Addresses this node was told to dial. */
  readonly configuredPeers: number;
  readonly listening: readonly string[];
  readonly mdnsFailure: string | undefined;
  readonly network: NetworkHealth;
  readonly limits: readonly LimitStatus[];
  /** Free bytes on the data folder's disk. */
  readonly diskFreeBytes: number;
}

/** Free bytes below which the disk is reported. Guess: a day of a busy node. */
export const diskWarnBytes: number = 512 * 1024 * 1024;
/** Free bytes below which writes are about to fail. Guess. */
export const diskCriticalBytes: number = 32 * 1024 * 1024;

export function judgeHealth(facts: HealthFacts): Health {
  const checks = [
    storageCheck(facts),
    limitsCheck(facts.limits),
    clockCheck(facts),
    freshnessCheck(facts),
    peersCheck(facts),
    networkCheck(facts.network),
    listenCheck(facts),
    discoveryCheck(facts),
  ];
  const worst = checks.some(({ status }) => status === "critical")
    ? "critical"
    : checks.some(({ status }) => status === "degraded")
      ? "degraded"
      : "ok";
  return { status: worst, checks };
}

function storageCheck({ diskFreeBytes }: HealthFacts): HealthCheck {
  const free = `${Math.floor(diskFreeBytes / 1024 / 1024)} MiB free`;
  if (diskFreeBytes < diskCriticalBytes)
    return {
      name: "storage",
      status: "critical",
      message: `${free}: writes are about to fail; free space on the data folder's disk now`,
    };
  if (diskFreeBytes < diskWarnBytes)
    return { name: "storage", status: "degraded", message: `${free}: free space on the data folder's disk` };
  return { name: "storage", status: "ok", message: free };
}

function clockCheck({ snapshot: { clock, heldBack } }: HealthFacts): HealthCheck {
  const seconds = Math.round((clock.offsetMs ?? 0) / 1000);
  if (clock.doubted)
    return {
      name: "clock",
      status: "critical",
      message: `this clock is ${seconds} s off the median of the peers and writes are refused; set the clock, then run p2p-sync clock repair`,
    };
  if (heldBack > 0)
    return {
      name: "clock",
      status: "degraded",
      message: `${heldBack} batches come from the future and are held back; a peer's clock is ahead`,
    };
  return {
    name: "clock",
    status: "ok",
    message:
      clock.offsetMs === undefined
        ? "fewer than three peers to compare with"
        : `${clock.offsetMs} ms off the median of the peers`,
  };
}

function freshnessCheck({ snapshot: { age, apart, reconciledAt, admitted } }: HealthFacts): HealthCheck {
  const name = "freshness";
  if (apart.length > 0) {
    const most = Math.max(...apart.map(({ entries }) => entries));
    const who =
      apart.length === 1 ? `a peer does not take (${most})` : `${apart.length} peers do not take (up to ${most})`;
    return {
      name,
      status: "degraded",
      message: `old entries here that ${who}: see p2p-sync stale, then decide with p2p-sync adopt PEER`,
    };
  }
  if (age !== "stale") return { name, status: "ok", message: age };
  if (admitted.length > 0)
    return {
      name,
      status: "degraded",
      message:
        "away from the others for over half a horizon, and no current member has been compared with yet: see p2p-sync stale",
    };
  if (reconciledAt === undefined) return { name, status: "ok", message: "no other member has been met yet" };
  return {
    name,
    status: "degraded",
    message:
      "away from the others for over half a horizon: link a member that was not (p2p-sync peers); see p2p-sync stale",
  };
}

function peersCheck({ snapshot: { admitted }, configuredPeers }: HealthFacts): HealthCheck {
  if (admitted.length === 0 && configuredPeers > 0)
    return {
      name: "peers",
      status: "degraded",
      message: `none of the ${configuredPeers} configured peers is linked; see p2p-sync peers for the reason of each`,
    };
  return { name: "peers", status: "ok", message: `${admitted.length} linked` };
}

function listenCheck({ listening }: HealthFacts): HealthCheck {
  if (listening.length === 0)
    return {
      name: "listening",
      status: "degraded",
      message: "no address is listened on, so nobody can dial this node",
    };
  return { name: "listening", status: "ok", message: listening.join(" ") };
}

function discoveryCheck({ mdnsFailure }: HealthFacts): HealthCheck {
  if (mdnsFailure !== undefined)
    return {
      name: "discovery",
      status: "degraded",
      message: `mDNS does not work here (${mdnsFailure}); name peers with --dial instead`,
    };
  return { name: "discovery", status: "ok", message: "no trouble seen" };
}
