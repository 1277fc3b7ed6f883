/**
 * How each limit stands, for the status page, the metrics and the health check: what is used of it, by its own name,
 * with what follows from that and how it is raised.
 */
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { BandwidthUse, NetworkDriver } from "../drivers/libp2p/driver-types.ts";
import type { MemoryBudget } from "./memory/budget.ts";
import type { HealthCheck, LimitStatus } from "./facade.ts";

export function limitsOf(
  { disk, options }: Pick<ReplicaSnapshot, "disk" | "options">,
  memory: Pick<MemoryBudget, "level" | "limitBytes" | "usedBytes">,
  { read, written }: ReturnType<NetworkDriver["bandwidth"]>,
): readonly LimitStatus[] {
  return [
    ...(disk === undefined ? [] : diskLimits(disk, options.disk?.maxBytes, options.disk?.reserveBytes)),
    memoryLimit(memory),
    bandwidthLimit("in", read),
    bandwidthLimit("out", written),
  ];
}

/** A limit of bandwidth that is used up is at work, and no trouble. */
export function limitsCheck(limits: readonly LimitStatus[]): HealthCheck {
  const name = "limits";
  const pressed = limits.filter(({ unit, state }) => unit === "bytes" && (state === "slowing" || state === "refusing"));
  if (pressed.length > 0)
    return {
      name,
      status: "degraded",
      message: pressed.map((limit) => `${limit.setting}: ${limit.message}`).join("; "),
    };
  const near = limits.filter(({ state }) => state === "near");
  if (near.length === 0) return { name, status: "ok", message: "nothing is near its limit" };
  return {
    name,
    status: "ok",
    message: `near: ${near.map(({ setting, message }) => `${setting} (${message})`).join("; ")}`,
  };
}

function diskLimits(
  disk: NonNullable<ReplicaSnapshot["disk"]>,
  max: number | undefined,
  reserveBytes = 0,
): readonly LimitStatus[] {
  const reserve = reserveBytes === 0 ? undefined : reserveBytes;
  const size: LimitStatus = {
    setting: "limits.max_disk",
    unit: "bytes",
    used: disk.usedBytes,
    limit: max,
    ...diskState(disk.level, max !== undefined && disk.pressedBy === "size"),
  };
  const free: LimitStatus = {
    setting: "limits.disk_reserve",
    unit: "bytes",
    used: disk.freeBytes,
    limit: reserve,
    ...diskState(disk.level, reserve !== undefined && disk.pressedBy === "free"),
  };
  return [size, free];
}

function memoryLimit({
  level,
  limitBytes,
  usedBytes,
}: Pick<MemoryBudget, "level" | "limitBytes" | "usedBytes">): LimitStatus {
  const message = {
    ok: "",
    slowing: "links are read slowly and nobody new is let in: raise it if this lasts",
    refusing: "puts are refused for a moment, links are read slowly: raise it if this lasts",
  }[level];
  return { setting: "limits.max_memory", unit: "bytes", used: usedBytes, limit: limitBytes, state: level, message };
}

function bandwidthLimit(part: "in" | "out", use: BandwidthUse): LimitStatus {
  const state = use.max !== undefined && use.isSlowing ? "slowing" : "ok";
  return {
    setting: "limits.max_bandwidth",
    part,
    unit: "bytes/s",
    used: use.bytesPerSecond,
    limit: use.max,
    state,
    message: state === "ok" ? "" : "data waits, what is urgent goes first: raise it if that is too slow",
  };
}

function diskState(
  level: NonNullable<ReplicaSnapshot["disk"]>["level"],
  presses: boolean,
): Pick<LimitStatus, "state" | "message"> {
  if (!presses || level === "ok") return { state: "ok", message: "" };
  if (level === "near") return { state: "near", message: "soon puts are refused: make room, or raise it" };
  const puts = "puts are refused, deletes are taken";
  if (level === "refusing") return { state: "refusing", message: `${puts}: make room, or raise it` };
  return { state: "refusing", message: `${puts}, and what peers have waits: make room, or raise it` };
}
