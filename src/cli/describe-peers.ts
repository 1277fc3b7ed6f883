/**
 * Rules about peers, and links that ended, as text.
 */
import type { ClosedView, KnownPeerView, LinkView, RulesView } from "../api/peer-views.ts";
import { duration, type Paint, printable, table } from "./text.ts";

export function describeRules(rules: RulesView["rules"], now: number, paint: Paint): string {
  if (rules.length === 0) return "nobody is banned, nobody is exempt\n";
  return table(
    ["TARGET", "RULE", "BY", "ENDS", "REASON"],
    rules.map(({ target, kind, source, until, offences, reason }) => [
      target,
      paint(kind, kind === "ban" ? "red" : "green"),
      source === "operator" ? "operator" : `the node itself, ${times(offences)}`,
      until === null ? "when it is lifted" : `in ${duration(Math.max(0, (Date.parse(until) - now) / 1_000))}`,
      printable(reason),
    ]),
  );
}

const sides = { us: "we", them: "they", nobody: "-" } as const;

export function describeClosed(closed: ClosedView["closed"], paint: Paint): string {
  if (closed.length === 0) return "no link has ended yet\n";
  return table(
    ["ENDED", "PEER", "DIRECTION", "LASTED", "SAID GOODBYE", "CODE", "REASON"],
    closed.map(({ at, peer, direction, lastedSeconds, by, code, reason, seenThere }) => [
      at.slice(0, 19),
      peer,
      direction,
      lastedSeconds === null ? "never admitted" : duration(lastedSeconds),
      sides[by],
      paint(code, code === "shuttingDown" || code === "duplicate" ? "dim" : "yellow"),
      printable(seenThere === null ? reason : `${reason}; they saw: ${seenThere}`),
    ]),
  );
}

/** What waits for members that were lost; nothing where there are none. */
export function describeWaiting(peers: readonly Pick<KnownPeerView, "id" | "waiting">[]): string {
  const lost = peers.flatMap(({ id, waiting }) => (waiting === null ? [] : [{ id, ...waiting }]));
  if (lost.length === 0) return "";
  return `\n${table(
    ["LOST PEER", "WAITING", "BYTES", "OLDEST"],
    lost.map(({ id, messages, bytes: size, oldestSeconds }) => [
      id ?? "-",
      messages === 1 ? "1 message" : `${messages} messages`,
      bytes(size),
      oldestSeconds === null ? "-" : duration(oldestSeconds),
    ]),
  )}`;
}

export function describeLinks(links: readonly LinkView[], now: number): string {
  if (links.length === 0) return "no link stands\n";
  return table(
    ["PEER", "DIRECTION", "AGE", "SENT", "RECEIVED", "FRAMES", "STREAMS", "QUEUED", "UNTAKEN", "ADDRESS"],
    links.map(({ peer, direction, openedAt, socket, sent, received, streams, queuedBytes, untakenBytes, address }) => [
      peer,
      direction,
      duration(Math.max(0, (now - Date.parse(openedAt)) / 1_000)),
      bytes(socket.sentBytes),
      bytes(socket.receivedBytes),
      `${sent.frames}/${received.frames}`,
      String(streams),
      bytes(queuedBytes),
      bytes(untakenBytes),
      printable(address),
    ]),
  );
}

function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
