/**
 * What a scenario expects of its testnet. Every expectation has a time: `within` waits until it
 * holds, `for` demands that it holds from now on all the while.
 */
import { Fault } from "../../base/fault.ts";
import { judgeConvergence } from "./converged.ts";
import { valueAt } from "./node-access.ts";
import { TableReader } from "./table-reader.ts";
import type { Testnet } from "./testnet.ts";
import { nodesMax, parseDuration } from "./words.ts";

export interface Span {
  readonly type: "within" | "for";
  readonly ms: number;
}

export type Expectation = { readonly span: Span } & (
  | { readonly type: "converged" }
  /** Undefined: no value is there. */
  | { readonly type: "value"; readonly node: number; readonly key: string; readonly value: string | undefined }
  /** On one node or on all that run; `all` is every link that a node can have now. */
  | { readonly type: "peers"; readonly node: number | undefined; readonly count: number | "all" }
  | { readonly type: "entries"; readonly node: number | undefined; readonly count: number }
);

/** Where nothing else is said, in ms. Guess: gossip takes milliseconds, a redial seconds. */
const withinMsUsual = 5_000;

const forms =
  '{ converged = "10s" }, { node = 3, key = "k", value = "v" }, { node = 3, key = "k", absent = true, for = "1s" }, { peers = "all" } or { entries = 3 }';

/** Throws `invalid_argument`, in words that go on after the key. */
export function readExpectation(value: unknown): Expectation {
  const from = new TableReader(value, forms);
  const expectation = readForm(from);
  from.end();
  return expectation;
}

function readForm(from: TableReader): Expectation {
  if (from.has("converged"))
    return { type: "converged", span: { type: "within", ms: parseDuration(from.text("converged")) } };
  const span = spanIn(from);
  const node = from.has("node") ? from.count("node", 1, nodesMax) : undefined;
  if (from.has("peers")) {
    const peers = from.any("peers");
    if (peers !== "all" && (typeof peers !== "number" || !Number.isInteger(peers) || peers < 0))
      throw new Fault("invalid_argument", 'peers must be "all" or a whole number');
    return { type: "peers", node, count: peers, span };
  }
  if (from.has("entries"))
    return { type: "entries", node, count: from.count("entries", 0, Number.MAX_SAFE_INTEGER), span };
  if (node === undefined || !from.has("key")) throw new Fault("invalid_argument", `it must be one of ${forms}`);
  const key = from.text("key");
  const absent = from.flag("absent");
  if (absent === from.has("value")) throw new Fault("invalid_argument", "it needs either value or absent = true");
  return { type: "value", node, key, value: absent ? undefined : from.text("value"), span };
}

function spanIn(from: TableReader): Span {
  if (from.has("within") && from.has("for")) throw new Fault("invalid_argument", "it has both within and for");
  if (from.has("for")) return { type: "for", ms: parseDuration(from.text("for")) };
  return { type: "within", ms: from.has("within") ? parseDuration(from.text("within")) : withinMsUsual };
}

/** What keeps it from holding now, or undefined. */
export async function complaintAbout(expectation: Expectation, testnet: Testnet): Promise<string | undefined> {
  if (expectation.type === "value") return await aboutValue(expectation, testnet);
  const views = await testnet.views();
  if (expectation.type === "converged") {
    const judged = judgeConvergence(views);
    return judged.converged ? undefined : judged.why;
  }
  const { node, count, type } = expectation;
  const asked =
    node === undefined
      ? views.filter(({ state }) => state === "running" || state === "silent")
      : [views.find((view) => view.node === node)];
  if (asked.length === 0) return "no node runs";
  const complaints = asked.flatMap((view) => {
    if (view === undefined) return [`there is no node ${String(node)}`];
    const wanted = count === "all" ? view.linksWanted : count;
    const found = type === "peers" ? view.links : view.entries;
    return found === wanted ? [] : [`node ${view.node} has ${found ?? "no answer about"} ${type}, not ${wanted}`];
  });
  return complaints.length === 0 ? undefined : complaints.join("; ");
}

export function describeExpectation(expectation: Expectation): string {
  const { span } = expectation;
  const time = `${span.type} ${span.ms} ms`;
  const at = "node" in expectation && expectation.node !== undefined ? ` on node ${expectation.node}` : "";
  switch (expectation.type) {
    case "converged":
      return `converged ${time}`;
    case "value":
      return expectation.value === undefined
        ? `${expectation.key} absent${at} ${time}`
        : `${expectation.key} is ${JSON.stringify(expectation.value.slice(0, 40))}${at} ${time}`;
    case "peers":
    case "entries":
      return `${expectation.type} ${expectation.count}${at} ${time}`;
  }
}

async function aboutValue(
  { node, key, value }: Extract<Expectation, { type: "value" }>,
  testnet: Testnet,
): Promise<string | undefined> {
  try {
    const found = await valueAt(testnet, testnet.node(node), key);
    if (found === value) return undefined;
    const shown = (text: string | undefined): string =>
      text === undefined ? "absent" : JSON.stringify(text.slice(0, 80));
    return `${key} on node ${node} is ${shown(found)}, not ${shown(value)}`;
  } catch (error) {
    if (error instanceof Fault && error.code === "no_node") return error.message;
    throw error;
  }
}
