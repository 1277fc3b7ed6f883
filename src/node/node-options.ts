/** What the parts of a node are told, from the one configuration. */
import type { NetworkId, PeerId } from "../base/brand.ts";
import { Fault } from "../base/fault.ts";
import { linkFrameBytesMax } from "../codec/limits.ts";
import type { LiveOptions } from "../core/replica/live-options.ts";
import { parseIpRange } from "../base/ip-range.ts";
import { parseLogLevels } from "../config/log-levels.ts";
import { trieCacheBytesMax } from "../core/replica/limits.ts";
import { limitOf } from "../config/size-value.ts";
import { type Config, settings } from "../config/settings.ts";
import type { AddressFamily } from "../base/address-family.ts";
import type { LiveDriverOptions, NetworkDriverOptions } from "../drivers/libp2p/driver-types.ts";
import { gossipQueuesBytesMax, inputBytesMax } from "../drivers/libp2p/limits.ts";
import { openLogFile } from "../drivers/observe/log-file.ts";
import { createLogger, type Logger } from "../drivers/observe/logger.ts";
import type { DataFolder } from "../drivers/storage/data-folder.ts";
import { type MemoryPlan, planMemory } from "./memory/plan.ts";
import { requestBytesMax } from "./replica-client.ts";
import type { ThreadFaults, ThreadOptions } from "./thread-messages.ts";
import { programVersion } from "./version.ts";

/** The open network keeps this topic, so that any node of it is understood; others add their id. */
const openNetworkName = "p2p-sync";

const hourMs = 3_600_000;

export function memoryPlanOf(config: Config): MemoryPlan {
  return planMemory(limitOf(settings.limitsMaxMemory, config.limitsMaxMemory), {
    cacheMiB: config.storageCacheMib,
    trieBytes: trieCacheBytesMax,
    requestBytes: requestBytesMax,
    inputBytes: inputBytesMax,
    gossipBytes: gossipQueuesBytesMax,
    youngMiB: undefined,
  });
}

export function threadOptionsOf(
  config: Config,
  folder: DataFolder,
  network: NetworkId,
  plan: MemoryPlan,
  faults: ThreadFaults | undefined,
): ThreadOptions {
  return {
    storePath: folder.storePath,
    durability: config.storageDurability,
    cacheMiB: plan.cacheMiB,
    trieCacheBytes: plan.trieBytes,
    identitySeed: folder.identitySeed,
    network,
    networkName: config.networkName,
    agent: `p2p-sync/${programVersion}`,
    horizonDays: config.networkHorizonDays,
    ...liveOptionsOf(config),
    banMsSteps: [config.peersBanSeconds * 1000, config.peersBanAgainSeconds * 1000, undefined],
    outboundWanted: config.peersOutbound,
    exchange: config.peersExchange,
    usesRelays: config.p2pRelay === "use" || config.p2pRelay === "both",
    routing: config.p2pDht,
    outboxLimits: {
      ttlMs: config.peersOutboxSeconds * 1000,
      messagesMax: config.peersOutboxMessages,
      bytesMax: config.peersOutboxKib * 1024,
    },
    clockOffsetMs: config.testClockOffsetMs,
    faults,
  };
}

/** What a running replica takes over. */
export function liveOptionsOf(config: Config): LiveOptions {
  return {
    pullEveryMs: config.syncIntervalSeconds * 1000,
    first: config.syncFirst,
    cutOffMs: config.peersCutOffSeconds * 1000,
    validators: config.peersValidators as readonly PeerId[],
    peerLimits: {
      links: config.peersMaxLinks,
      attempts: config.peersAttempts,
      backoffMsMin: config.peersBackoffSeconds * 1000,
      backoffMsMax: Math.max(config.peersBackoffSeconds, config.peersBackoffMaxSeconds) * 1000,
      searchMs: config.peersSearchSeconds * 1000,
      breaker: {
        failures: config.peersBreakerFailures,
        resetMsMin: config.peersBreakerSeconds * 1000,
        resetMsMax: Math.max(config.peersBreakerSeconds, config.peersBreakerMaxSeconds) * 1000,
      },
      reconnectMs: hourMs / config.peersReconnectsPerHour,
    },
    exemptRanges: config.peersExemptRanges.flatMap((range) => parseIpRange(range) ?? []),
    detector: { enabled: config.peersDetector, probeMs: config.peersProbeMs },
    disk: {
      maxBytes: limitOf(settings.limitsMaxDisk, config.limitsMaxDisk),
      reserveBytes: limitOf(settings.limitsDiskReserve, config.limitsDiskReserve) ?? 0,
    },
  };
}

/** What a running driver takes over. */
export function liveDriverOptionsOf(config: Config): LiveDriverOptions {
  return {
    bandwidthMax: limitOf(settings.limitsMaxBandwidth, config.limitsMaxBandwidth),
    peerRates: {
      bytesPerSecond: limitOf(settings.limitsPeerBandwidth, config.limitsPeerBandwidth) ?? Infinity,
      messagesPerSecond: config.limitsPeerMessages,
    },
    linksMax: config.peersMaxLinks,
    pingEveryMs: config.peersPingSeconds * 1000,
    staleAfterMs: config.p2pPeerTimeoutSeconds * 1000,
    mdns: config.p2pMdns,
  };
}

export function driverOptionsOf(
  config: Config,
  folder: DataFolder,
  network: NetworkId,
  plan: MemoryPlan,
  listeners: Pick<NetworkDriverOptions, "onEvent" | "onFact">,
): NetworkDriverOptions {
  const scope = network.slice(0, 16);
  return {
    identitySeed: folder.identitySeed,
    protocolScope: scope,
    gossipTopic: config.networkName === openNetworkName ? openNetworkName : `${openNetworkName}/${scope}`,
    listen: listenAddresses(config),
    announce: config.p2pAnnounce,
    family: config.p2pFamily,
    transports: config.p2pTransports,
    encrypters: config.p2pEncrypters,
    ...liveDriverOptionsOf(config),
    dialMs: config.p2pDialTimeoutSeconds * 1000,
    relays: config.p2pRelay === "serve" || config.p2pRelay === "both",
    frameBytesMax: limitOf(settings.limitsMaxFrame, config.limitsMaxFrame) ?? linkFrameBytesMax,
    inputBytesMax: plan.inputBytes,
    gossipBytesMax: plan.gossipBytes,
    network: { name: config.networkName, id: network },
    dropGossip: config.testDropGossip,
    version: programVersion,
    ...listeners,
  };
}

/** Throws `invalid_config`, or `data_dir_unusable` for a log file that cannot be. */
export function loggerOf(config: Config): Logger {
  const levels = parseLogLevels(config.logLevel);
  if (!levels.ok)
    throw new Fault(
      "invalid_config",
      `log.level ${JSON.stringify(config.logLevel)} is not a level or a list of module=level`,
    );
  const toStderr = (line: string): void => void process.stderr.write(line);
  return createLogger(
    levels.value,
    config.logFormat,
    config.logFile === "" ? toStderr : openLogFile(config.logFile, toStderr),
  );
}

const over = {
  tcp: ({ p2pPort }: Config) => `tcp/${p2pPort}`,
  quic: ({ p2pPort }: Config) => `udp/${p2pPort}/quic-v1`,
  ws: ({ p2pWsPort }: Config) => `tcp/${p2pWsPort}/ws`,
} as const;

/** An address per host and transport; without hosts, all interfaces of the chosen families. QUIC has the UDP port of the same number. */
export function listenAddresses(config: Config): readonly string[] {
  const any = { dual: ["0.0.0.0", "::"], v4: ["0.0.0.0"], v6only: ["::"] }[config.p2pFamily as AddressFamily];
  const hosts = config.p2pListen.length > 0 ? config.p2pListen : any;
  return config.p2pTransports.flatMap((transport) =>
    hosts.map((host) => `/${host.includes(":") ? "ip6" : "ip4"}/${host}/${over[transport](config)}`),
  );
}
