/**
 * What a running node does with a configuration that was read again: each changed key takes effect, needs a
 * restart, or is refused with the reason. The table says which part takes which key; its type makes a live setting
 * that nobody takes a compile error.
 */
import { type Config, type LiveSettingName, type SettingName, settingNames, settingOf } from "../config/settings.ts";
import type { SettingValue } from "../config/setting-types.ts";

/** Who takes a changed setting. */
export type Taker = "log" | "replica" | "network" | "links" | "memory" | "dials";

export const takerOf: Readonly<Record<LiveSettingName, Taker>> = {
  logLevel: "log",
  logFormat: "log",
  logFile: "log",
  syncIntervalSeconds: "replica",
  syncFirst: "replica",
  peersCutOffSeconds: "replica",
  peersAttempts: "replica",
  peersBackoffSeconds: "replica",
  peersBackoffMaxSeconds: "replica",
  peersValidators: "replica",
  peersDetector: "replica",
  peersProbeMs: "replica",
  limitsMaxDisk: "replica",
  limitsDiskReserve: "replica",
  limitsMaxMemory: "memory",
  limitsMaxBandwidth: "network",
  limitsPeerBandwidth: "network",
  limitsPeerMessages: "network",
  p2pDial: "dials",
  p2pMdns: "network",
  p2pPeerTimeoutSeconds: "network",
  peersPingSeconds: "network",
  peersMaxLinks: "links",
  peersExemptRanges: "replica",
};

export interface SettingChange {
  readonly key: string;
  readonly from: SettingValue;
  readonly to: SettingValue;
  readonly outcome: "applied" | "restart" | "refused";
  /** Why it was refused. */
  readonly reason: string | undefined;
}

/** Takes all of its settings from the second configuration; throws where it cannot, and is as before then. */
export type Takers = Readonly<Record<Taker, (before: Config, after: Config) => void>>;

export interface Reload {
  /** The configuration now in force. */
  readonly config: Config;
  /** One for each key whose value is another, in the order of the file. */
  readonly changes: readonly SettingChange[];
}

export function reloadConfig(running: Config, wanted: Config, takers: Takers): Reload {
  const changed = settingNames.filter((name) => JSON.stringify(running[name]) !== JSON.stringify(wanted[name]));
  let config = running;
  const refusals = new Map<Taker, string>();
  for (const taker of new Set(changed.flatMap((name) => (isLive(name) ? [takerOf[name]] : [])))) {
    const names = changed.filter((name) => isLive(name) && takerOf[name] === taker);
    const after = Object.freeze({ ...config, ...Object.fromEntries(names.map((name) => [name, wanted[name]])) });
    try {
      takers[taker](config, after);
      config = after;
    } catch (error) {
      refusals.set(taker, error instanceof Error ? error.message : String(error));
    }
  }
  return { config, changes: changed.map((name) => changeOf(name, running, wanted, refusals)) };
}

function changeOf(
  name: SettingName,
  running: Config,
  wanted: Config,
  refusals: ReadonlyMap<Taker, string>,
): SettingChange {
  const reason = isLive(name) ? refusals.get(takerOf[name]) : undefined;
  const outcome = !isLive(name) ? "restart" : reason === undefined ? "applied" : "refused";
  return { key: settingOf(name).key, from: running[name], to: wanted[name], outcome, reason };
}

function isLive(name: SettingName): name is LiveSettingName {
  return settingOf(name).reload === "live";
}
