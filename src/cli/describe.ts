/**
 * Status, info, peers and health as text, for the commands and for the prompt.
 */
import { formatByteSize } from "../base/byte-size.ts";
import type { ExplanationView, HealthView, InfoView, PeerView, StatusView } from "../api/views.ts";
import { duration, pairs, printable, shorten, table, type Colour, type Paint } from "./text.ts";

export function describeStatus(status: StatusView): string {
  const { clock, counters } = status;
  return pairs([
    ["peer", status.peerId],
    ["network", printable(status.network)],
    ["state", status.state],
    ["entries", String(status.entries)],
    ["root", status.root],
    ["peers", String(status.peers)],
    ["health", networkWords(status)],
    ...(status.sync === null ? [] : [["catching up", progress(status.sync)] as const]),
    ["held back", String(status.heldBack)],
    ["conflicts", String(status.conflicts)],
    ...oldEntries(status),
    [
      "clock",
      clock.refusingWrites
        ? "too far off the peers' clocks: writes are refused"
        : clock.offsetMs === null
          ? "not compared yet"
          : `${clock.offsetMs} ms off the peers' median`,
    ],
    ["traffic", `${counters["messages_sent"] ?? 0} messages sent, ${counters["messages_received"] ?? 0} received`],
    ["limits", limitWords(status)],
    ["uptime", duration(status.uptimeSeconds)],
    ["p2p", addresses(status.p2p)],
    ["http", status.http ?? "not listening"],
  ]);
}

function progress({ peer, what, done, total, perSecond, etaSeconds }: NonNullable<StatusView["sync"]>): string {
  const amount = total === null ? `${done} ${what}` : `${done} of ${total} ${what}`;
  const left = etaSeconds === null ? "" : `, ${duration(etaSeconds)} left`;
  return `${amount} from ${shorten(peer, 16)}, ${perSecond}/s${left}`;
}

function networkWords({ networkHealth: { level, causes, linked, known } }: StatusView): readonly string[] {
  if (level === "healthy") return [`the network is healthy: ${linked} of ${known} known members linked`];
  return [`the network is ${level}`, ...causes.map(({ message }) => printable(message))];
}

/** One line for each limit; what presses says what follows. */
function limitWords({ limits }: StatusView): readonly string[] {
  const nameOf = ({ setting, part }: StatusView["limits"][number]): string =>
    part === null ? setting : `${setting} ${part}`;
  const width = Math.max(0, ...limits.map((limit) => nameOf(limit).length));
  return limits.map((limit) => {
    const follows = limit.state === "ok" ? "" : `, ${limit.state}: ${limit.message}`;
    return `${nameOf(limit).padEnd(width)}  ${amountOf(limit)}${follows}`;
  });
}

/** "468 MiB of 512 MiB", or what is free of what is kept free. */
function amountOf({ setting, unit, used, limit }: StatusView["limits"][number]): string {
  const per = unit === "bytes/s" ? "/s" : "";
  const shown = `${formatByteSize(used)}${per}`;
  if (setting === "limits.disk_reserve")
    return limit === null ? `${shown} free` : `${shown} free, ${formatByteSize(limit)} is kept`;
  return limit === null ? `${shown}, no limit` : `${shown} of ${formatByteSize(limit)}${per}`;
}

function oldEntries({ age, setAside }: StatusView): [string, string][] {
  const rows: [string, string][] = [];
  if (age === "young") rows.push(["age", "young: not yet compared whole with a current member; nothing to do"]);
  if (age === "stale") rows.push(["age", "stale: away from the others for long; see: p2p-sync stale"]);
  if (setAside > 0) rows.push(["set aside", `${setAside} old entries; see: p2p-sync stale`]);
  return rows;
}

export function describeExplanation({ conclusion, next, facts }: ExplanationView): string {
  const told = `${printable(conclusion)}\n${printable(next)}\n`;
  return facts.length === 0 ? told : `${told}\n${pairs(facts.map(({ name, text }) => [name, printable(text)]))}`;
}

export function describeInfo(info: InfoView): string {
  return pairs([
    ["version", `${info.version} (Node ${info.nodeVersion})`],
    ["peer", info.peerId],
    ["author", info.author],
    ["network", `${printable(info.network.name)} (${info.network.id})`],
    ["p2p", addresses(info.p2p)],
    ["transports", [info.transports.join(", "), ...info.missingTransports.map(printable)].join("; ")],
    ["http", info.http ?? "not listening"],
    ["data folder", info.dataDir],
    ["started", info.startedAt],
    ["strangers", `${info.strangers} node${info.strangers === 1 ? "" : "s"} of other networks met on the LAN`],
  ]);
}

export function describePeers(peers: readonly PeerView[], paint: Paint): string {
  if (peers.length === 0) return "no peers yet\n";
  return table(
    ["PEER", "STATE", "CLASS", "DIRECTION", "RTT", "CLOCK", "ADDRESS", "LAST ERROR"],
    peers.map((peer) => [
      peer.id ?? "?",
      peer.suspicion === null
        ? paint(peer.state, colourOfState(peer.state))
        : paint(silenceOf(peer.suspicion), "yellow"),
      peer.score === null ? peer.class : `${peer.class} ${peer.score}`,
      peer.direction ?? "-",
      peer.rttMs === null ? "-" : `${peer.rttMs.toFixed(1)} ms`,
      peer.clockOffsetMs === null ? "-" : `${peer.clockOffsetMs > 0 ? "+" : ""}${Math.round(peer.clockOffsetMs)} ms`,
      printable(peer.address ?? "-"),
      peer.lastError === null ? "-" : shorten(printable(peer.lastError.reason), 60),
    ]),
  );
}

export function describeHealth({ status, checks }: HealthView, paint: Paint): string {
  const rows = checks.map((check) => [
    check.name,
    paint(check.status, colourOfHealth(check.status)),
    printable(check.message),
  ]);
  return `${paint(status, colourOfHealth(status))}\n${rows.length === 0 ? "" : table(["CHECK", "STATUS", "WHAT"], rows)}`;
}

/** A link that is up and silent shows that instead of its state. */
function silenceOf({ kind, since }: NonNullable<PeerView["suspicion"]>): string {
  return `${kind === "suspected" ? "suspected" : "out of reach"} since ${since.slice(11, 19)}`;
}

function addresses(p2p: readonly string[]): readonly string[] {
  return p2p.length === 0 ? ["not listening"] : p2p;
}

function colourOfState(state: string): Colour {
  if (state === "Connected" || state === "Syncing") return "green";
  if (state === "Failed") return "red";
  return state === "Disconnected" ? "dim" : "yellow";
}

function colourOfHealth(status: HealthView["status"]): Colour {
  return status === "ok" ? "green" : status === "degraded" ? "yellow" : "red";
}
