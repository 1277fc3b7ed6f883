/**
 * How a testnet stands: one row per node, from its process and from what it answers.
 */
import type { StatusView } from "../../api/views.ts";
import { table, type Paint } from "../text.ts";
import type { NodeRecord, TestnetRecord } from "./files.ts";
import { type NodeAccess, statusOf } from "./node-access.ts";
import { findProcess, type ProcessState } from "./processes.ts";
import { areCut, describeWishes } from "./wishes.ts";

export interface NodeView {
  readonly node: number;
  /** `silent` runs but does not answer. */
  readonly state: ProcessState | "silent";
  readonly pid: number | null;
  readonly p2p: number;
  readonly http: number;
  readonly host: string;
  readonly peer: string;
  readonly links: number | null;
  /** Links it can have now: to nodes that run and that it is not cut off from. */
  readonly linksWanted: number;
  readonly entries: number | null;
  readonly root: string | null;
  readonly heldBack: number | null;
  /** Limits of its disk that are reached, and what follows; "" for none. */
  readonly full: string;
  /** In words; "" for none. */
  readonly faults: string;
}

export async function viewNodes(access: NodeAccess, record: TestnetRecord): Promise<readonly NodeView[]> {
  const running = record.nodes.filter(({ number }) => findProcess(access.dir, number)?.state === "running");
  return await Promise.all(record.nodes.map((node) => viewNode(access, record, node, running)));
}

async function viewNode(
  access: NodeAccess,
  { wishes, nodes }: TestnetRecord,
  node: NodeRecord,
  running: readonly NodeRecord[],
): Promise<NodeView> {
  const { number, p2p, http, host, peer } = node;
  const found = findProcess(access.dir, number);
  const status = found?.state === "running" ? await statusOf(access, node) : undefined;
  const numbers = nodes.map((each) => each.number);
  const reachable = running.filter((other) => other.number !== number && !areCut(wishes, number, other.number));
  return {
    node: number,
    state: found === undefined ? "stopped" : found.state === "running" && status === undefined ? "silent" : found.state,
    pid: found?.pid ?? null,
    p2p,
    http,
    host,
    peer,
    links: status?.peers ?? null,
    linksWanted: found?.state === "running" ? reachable.length : 0,
    entries: status?.entries ?? null,
    root: status?.root ?? null,
    heldBack: status?.heldBack ?? null,
    full: status === undefined ? "" : fullOf(status),
    faults: describeWishes(number, wishes, numbers),
  };
}

function fullOf({ limits }: StatusView): string {
  return limits
    .filter(({ setting, state }) => state === "refusing" && setting !== "limits.max_memory")
    .map(({ setting, message }) => `${setting} is reached, ${message}`)
    .join("; ");
}

export function describeNodes(views: readonly NodeView[], paint: Paint): string {
  const header = ["node", "state", "pid", "p2p", "http", "links", "entries", "root", "faults"];
  const rows = views.map((view) => [
    String(view.node),
    paint(view.state, view.state === "running" ? "green" : view.state === "stopped" ? "red" : "yellow"),
    String(view.pid ?? "-"),
    view.host === "127.0.0.1" ? String(view.p2p) : `${view.host}:${view.p2p}`,
    String(view.http),
    view.links === null
      ? "-"
      : paint(`${view.links}/${view.linksWanted}`, view.links >= view.linksWanted ? "green" : "yellow"),
    String(view.entries ?? "-"),
    view.root?.slice(0, 8) ?? "-",
    view.faults,
  ]);
  return table(header, rows);
}
