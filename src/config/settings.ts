/**
 * The one table of settings. Everything else about configuration is derived from it: the type
 * `Config`, the parsers of file, environment and flags, `config show`, the reference document and
 * the network's descriptor.
 *
 * - `key` is the dotted path in the TOML file; the environment name follows from it
 *   (`p2p.port` → `P2P_SYNC_P2P_PORT`, never the `P2P_SYNC_PORT` that container hosts set themselves).
 * - `network` settings must be equal on all members; `process` settings are one node's own business.
 * - `live` settings take effect when a running node reads its file again, `restart` ones do not.
 * - `hidden` settings exist for tests and are accepted only with `P2P_SYNC_TEST_FAULTS=1`.
 */
// tidy: long because it is one table
import type { Setting } from "./setting-types.ts";

/** In the order of the written file: top-level keys first, then section by section. */
export const settings = {
  dataDir: {
    key: "data_dir",
    group: "process",
    type: "text",
    format: "path",
    unit: "",
    default: "",
    flag: "--data-dir <DIR>",
    reload: "restart",
    effect: "Folder with identity, token and data; empty means $XDG_STATE_HOME/p2p-sync or ~/.local/state/p2p-sync.",
    source: "XDG Base Directory Specification 0.8",
  },
  networkName: {
    key: "network.name",
    group: "network",
    type: "text",
    format: "networkName",
    unit: "",
    default: "p2p-sync",
    flag: "--network <FILE|NAME>",
    reload: "restart",
    effect: "Name of the network; nodes with different names do not talk to each other.",
    source: "outside contract",
  },
  networkHorizonDays: {
    key: "network.horizon_days",
    group: "network",
    type: "integer",
    unit: "days",
    default: 30,
    min: 1,
    max: 3650,
    reload: "restart",
    effect:
      "Age after which deleted and expired entries are collected; a node away for more than half of it starts from a snapshot.",
    source: "guess",
  },
  p2pPort: {
    key: "p2p.port",
    group: "process",
    type: "integer",
    unit: "port",
    default: 4001,
    min: 0,
    max: 65535,
    flag: "--port <N>",
    reload: "restart",
    effect: "TCP port other nodes connect to; 0 picks a free one.",
    source: "outside contract",
  },
  p2pListen: {
    key: "p2p.listen",
    group: "process",
    type: "list",
    format: "listenHost",
    unit: "",
    default: [],
    itemsMin: 0,
    itemsMax: 16,
    flag: "--listen <HOST>",
    reload: "restart",
    effect: "IP addresses to listen on for other nodes; empty means every address of the family.",
    source: "guess",
  },
  p2pAnnounce: {
    key: "p2p.announce",
    group: "process",
    type: "list",
    format: "address",
    unit: "",
    default: [],
    itemsMin: 0,
    itemsMax: 16,
    flag: "--announce <MULTIADDR>",
    reload: "restart",
    effect:
      "Addresses told to other nodes instead of the ones found on this machine, for a node behind port forwarding.",
    source: "guess",
  },
  p2pDial: {
    key: "p2p.dial",
    group: "process",
    type: "list",
    format: "address",
    unit: "",
    default: [],
    itemsMin: 0,
    itemsMax: 256,
    flag: "--dial <MULTIADDR>",
    reload: "restart",
    effect: "Addresses of nodes to connect to and to keep connected.",
    source: "guess",
  },
  p2pFamily: {
    key: "p2p.family",
    group: "process",
    type: "choice",
    choices: ["dual", "v4", "v6only"],
    unit: "",
    default: "dual",
    flag: "--family <dual|v4|v6only>",
    reload: "restart",
    effect: "IP versions to listen on and to dial.",
    source: "outside contract",
  },
  p2pTransports: {
    key: "p2p.transports",
    group: "process",
    type: "choiceList",
    choices: ["tcp"],
    unit: "",
    default: ["tcp"],
    itemsMin: 1,
    itemsMax: 1,
    flag: "--transport <LIST>",
    reload: "restart",
    effect: "Transports, the preferred one first.",
    source: "outside contract",
  },
  p2pEncrypters: {
    key: "p2p.encrypters",
    group: "process",
    type: "choiceList",
    choices: ["noise", "tls"],
    unit: "",
    default: ["noise", "tls"],
    itemsMin: 1,
    itemsMax: 2,
    reload: "restart",
    effect: "Channel encryptions offered, the preferred one first.",
    source: "guess",
  },
  p2pDialTimeoutSeconds: {
    key: "p2p.dial_timeout_seconds",
    group: "process",
    type: "integer",
    unit: "s",
    default: 10,
    min: 1,
    max: 60,
    reload: "restart",
    effect: "How long one dial may take, from the first packet to an encrypted, multiplexed link.",
    source: "outside contract",
  },
  p2pPeerTimeoutSeconds: {
    key: "p2p.peer_timeout_seconds",
    group: "process",
    type: "integer",
    unit: "s",
    default: 120,
    min: 2,
    max: 3600,
    reload: "restart",
    effect:
      "How long a peer may leave pings unanswered before its link is closed as stale; it is pinged every peers.ping_seconds, or four times in that time.",
    source: "outside contract",
  },
  p2pMdns: {
    key: "p2p.mdns",
    group: "process",
    type: "boolean",
    unit: "",
    default: true,
    flag: "--no-mdns",
    reload: "restart",
    effect: "Find other nodes on the local network by multicast DNS.",
    source: "outside contract",
  },
  httpHost: {
    key: "http.host",
    group: "process",
    type: "text",
    format: "loopbackHost",
    unit: "",
    default: "127.0.0.1",
    reload: "restart",
    effect: "Loopback address the HTTP API listens on.",
    source: "outside contract",
  },
  httpPort: {
    key: "http.port",
    group: "process",
    type: "integer",
    unit: "port",
    default: 9001,
    min: 0,
    max: 65535,
    flag: "--http-port <N>",
    reload: "restart",
    effect: "TCP port of the HTTP API; 0 picks a free one.",
    source: "guess",
  },
  storageDurability: {
    key: "storage.durability",
    group: "process",
    type: "choice",
    choices: ["strict", "relaxed"],
    unit: "",
    default: "strict",
    flag: "--durability <strict|relaxed>",
    reload: "restart",
    effect: "strict confirms a write after it reached the disk; relaxed may lose confirmed writes in a power cut.",
    source: "promise 1 of the design",
  },
  storageCacheMib: {
    key: "storage.cache_mib",
    group: "process",
    type: "integer",
    unit: "MiB",
    default: 64,
    min: 2,
    max: 4096,
    reload: "restart",
    effect: "Memory the database may use to hold pages.",
    source: "guess",
  },
  syncIntervalSeconds: {
    key: "sync.interval_seconds",
    group: "process",
    type: "integer",
    unit: "s",
    default: 30,
    min: 1,
    max: 3600,
    reload: "restart",
    effect: "How often a node tells its peers what it has, to repair what gossip lost.",
    source: "design of frontier/1",
  },
  syncFirst: {
    key: "sync.first",
    group: "process",
    type: "list",
    format: "keyPrefix",
    unit: "",
    default: [],
    itemsMin: 0,
    itemsMax: 16,
    flag: "--first <PREFIX>",
    reload: "restart",
    effect: "Prefixes of keys that a node which joins, or was away, asks for before all others.",
    source: "guess",
  },
  peersCutOffSeconds: {
    key: "peers.cut_off_seconds",
    group: "process",
    type: "integer",
    unit: "s",
    default: 10,
    min: 1,
    max: 3600,
    reload: "restart",
    effect: "How long a member that vanished without a goodbye may be away before it counts as cut off.",
    source: "guess: longer than a restart",
  },
  peersOutbound: {
    key: "peers.outbound",
    group: "process",
    type: "integer",
    unit: "links",
    default: 8,
    min: 0,
    max: 25,
    reload: "restart",
    effect:
      "Links of this node's own dialing below which it dials addresses that other members told of; with 0 it dials none of those.",
    source: "guess: as many as a gossip mesh wants, and two more",
  },
  peersExchange: {
    key: "peers.exchange",
    group: "process",
    type: "boolean",
    unit: "",
    default: true,
    reload: "restart",
    effect: "Whether this node asks its peers for addresses of others, and tells them of its own and those it knows.",
    source: "decided for the product",
  },
  peersValidators: {
    key: "peers.validators",
    group: "process",
    type: "list",
    format: "peerId",
    unit: "",
    default: [],
    itemsMin: 0,
    itemsMax: 100,
    reload: "restart",
    effect: "Peers that are dialed before all others, never given up, and never lose their place to another.",
    source: "decided for the product",
  },
  peersPingSeconds: {
    key: "peers.ping_seconds",
    group: "process",
    type: "integer",
    unit: "s",
    default: 30,
    min: 1,
    max: 600,
    reload: "restart",
    effect:
      "How often a linked peer is pinged, at least; p2p.peer_timeout_seconds says after how long without an answer its link is closed.",
    source: "outside contract",
  },
  peersDetector: {
    key: "peers.detector",
    group: "process",
    type: "boolean",
    unit: "",
    default: false,
    flag: "--detector",
    reload: "restart",
    effect:
      "Suspect linked peers that give no sign of life within a second: told as an event, and after 5 s their link is made anew. Peers answer whether theirs is on or not.",
    source: "outside contract",
  },
  peersProbeMs: {
    key: "peers.probe_ms",
    group: "process",
    type: "integer",
    unit: "ms",
    default: 225,
    min: 50,
    max: 5000,
    reload: "restart",
    effect:
      "How long a link may be silent before the failure detector probes it; drawn anew each time, 11 % more or less.",
    source: "outside contract",
  },
  peersExemptRanges: {
    key: "peers.exempt_ranges",
    group: "process",
    type: "list",
    format: "ipRange",
    unit: "",
    default: [
      "127.0.0.0/8",
      "::1",
      "10.0.0.0/8",
      "172.16.0.0/12",
      "192.168.0.0/16",
      "169.254.0.0/16",
      "100.64.0.0/10",
      "fc00::/7",
      "fe80::/10",
    ],
    itemsMin: 0,
    itemsMax: 64,
    reload: "restart",
    effect:
      "Where any number of peers may dial in from: this machine and local networks. Of every other /24 of IPv4 and /48 of IPv6 only two may.",
    source: "RFC 1122, 1918, 3927, 4193, 4291, 6598",
  },
  logLevel: {
    key: "log.level",
    group: "process",
    type: "text",
    format: "logLevels",
    unit: "",
    default: "info",
    flag: "--log-level <SPEC>",
    reload: "live",
    effect: "trace, debug, info, warn, error, fatal or silent; per module as in info,net=debug,sync=warn.",
    source: "levels of pino",
  },
  logFormat: {
    key: "log.format",
    group: "process",
    type: "choice",
    choices: ["text", "json"],
    unit: "",
    default: "text",
    flag: "--log-format <text|json>",
    reload: "restart",
    effect: "Log lines for people or for machines.",
    source: "outside contract",
  },
  logFile: {
    key: "log.file",
    group: "process",
    type: "text",
    format: "path",
    unit: "",
    default: "",
    flag: "--log-file <FILE>",
    reload: "restart",
    effect: "File that log lines are appended to, made with its folders; empty means standard error.",
    source: "outside contract",
  },
  testDropGossip: {
    key: "test.drop_gossip",
    group: "process",
    type: "boolean",
    unit: "",
    default: false,
    reload: "restart",
    hidden: true,
    effect: "Drop every gossip message that arrives.",
    source: "fault injection",
  },
  testDropFrontier: {
    key: "test.drop_frontier",
    group: "process",
    type: "boolean",
    unit: "",
    default: false,
    reload: "restart",
    hidden: true,
    effect: "Drop every frontier message that arrives.",
    source: "fault injection",
  },
  testClockOffsetMs: {
    key: "test.clock_offset_ms",
    group: "process",
    type: "integer",
    unit: "ms",
    default: 0,
    min: -172_800_000,
    max: 172_800_000,
    reload: "restart",
    hidden: true,
    effect: "Read the wall clock as this much later.",
    source: "fault injection",
  },
  testFaultPort: {
    key: "test.fault_port",
    group: "process",
    type: "boolean",
    unit: "",
    default: false,
    reload: "restart",
    hidden: true,
    effect: "Open a loopback port over which faults are injected; only in a network whose name begins with testnet.",
    source: "fault injection",
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof settings;

type ValueOf<S extends Setting> = S extends { readonly type: "integer" }
  ? number
  : S extends { readonly type: "boolean" }
    ? boolean
    : S extends { readonly type: "choice"; readonly choices: readonly (infer Choice)[] }
      ? Choice
      : S extends { readonly type: "choiceList"; readonly choices: readonly (infer Choice)[] }
        ? readonly Choice[]
        : S extends { readonly type: "list" }
          ? readonly string[]
          : string;

/** Every setting with its value: complete, checked and frozen. */
export type Config = { readonly [Name in SettingName]: ValueOf<(typeof settings)[Name]> };

export const settingNames: readonly SettingName[] = Object.keys(settings) as SettingName[];

export function settingOf(name: SettingName): Setting {
  return settings[name];
}

export function environmentNameOf(setting: Setting): string {
  return `P2P_SYNC_${setting.key.toUpperCase().replaceAll(".", "_")}`;
}

/** The flag without its argument: `--port`. */
export function flagNameOf(setting: Setting): string | undefined {
  return setting.flag?.split(" ")[0];
}

export function defaultConfig(): Config {
  const entries = settingNames.map((name) => [name, settingOf(name).default] as const);
  return Object.freeze(Object.fromEntries(entries)) as unknown as Config;
}
