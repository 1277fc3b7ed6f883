/**
 * The actions of a scenario: each reads its own form and says what it does in a few words. What
 * they do is in `run-scenario.ts`.
 */
import { Fault } from "../../base/fault.ts";
import { isTable, TableReader } from "./table-reader.ts";
import { type Ends, nodesMax, parseDuration, parseEnds, parseGroups, parseOffset, parsePercent } from "./words.ts";

export type Action =
  /** `refused` is the code with which the node has to refuse it. */
  | {
      readonly type: "put";
      readonly node: number;
      readonly key: string;
      readonly value: string;
      readonly refused: string | undefined;
    }
  | { readonly type: "delete"; readonly node: number; readonly key: string }
  /** So many new keys with values of so many bytes, by one node or by each. */
  | { readonly type: "load"; readonly node: number | "all"; readonly keys: number; readonly bytes: number }
  | { readonly type: "partition"; readonly groups: readonly (readonly number[])[] }
  | { readonly type: "heal"; readonly all: boolean }
  | { readonly type: "kill" | "pause" | "resume" | "restart" | "wipe"; readonly node: number }
  | { readonly type: "add" }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "slow"; readonly ends: Ends; readonly delayMs: number }
  | { readonly type: "lossy"; readonly ends: Ends; readonly percent: number }
  | { readonly type: "clock"; readonly node: number; readonly offsetMs: number }
  | { readonly type: "diskfull"; readonly node: number; readonly isFull: boolean };

/** Keys of one `load`. Guess: minutes on a laptop. */
const loadKeysMax = 100_000;
/** Source: largest value, 64 KiB. */
const loadBytesMax = 65_536;

/** Throws `invalid_argument`, in words that go on after the key. */
export function readAction(name: string, value: unknown): Action {
  const reader = readers[name];
  if (reader === undefined) throw new Fault("invalid_argument", `${name} is no action`);
  return reader(value);
}

const readers: Readonly<Record<string, (value: unknown) => Action>> = {
  put(value) {
    const from = new TableReader(value, '{ node = 1, key = "k", value = "v" }');
    const [node, key, text] = [nodeIn(from), from.text("key"), from.text("value")];
    return ended(from, {
      type: "put",
      node,
      key,
      value: text,
      refused: from.has("refused") ? from.text("refused") : undefined,
    });
  },
  delete(value) {
    const from = new TableReader(value, '{ node = 1, key = "k" }');
    return ended(from, { type: "delete", node: nodeIn(from), key: from.text("key") });
  },
  load(value) {
    const from = new TableReader(value, '{ node = 1, keys = 100, bytes = 200 } or node = "all"');
    const isAll = isTable(value) && value["node"] === "all";
    const node = isAll && from.text("node") === "all" ? ("all" as const) : nodeIn(from);
    return ended(from, {
      type: "load",
      node,
      keys: from.count("keys", 1, loadKeysMax),
      bytes: from.count("bytes", 1, loadBytesMax),
    });
  },
  partition: (value) => ({ type: "partition", groups: parseGroups(textOf(value, "1,2|3")) }),
  heal(value) {
    if (value !== true && value !== "all") throw new Fault("invalid_argument", 'it must be true or "all"');
    return { type: "heal", all: value === "all" };
  },
  kill: (value) => ({ type: "kill", node: nodeOf(value) }),
  pause: (value) => ({ type: "pause", node: nodeOf(value) }),
  resume: (value) => ({ type: "resume", node: nodeOf(value) }),
  restart: (value) => ({ type: "restart", node: nodeOf(value) }),
  wipe: (value) => ({ type: "wipe", node: nodeOf(value) }),
  add(value) {
    if (value !== true) throw new Fault("invalid_argument", "it must be true");
    return { type: "add" };
  },
  wait: (value) => ({ type: "wait", ms: parseDuration(textOf(value, "2s")) }),
  slow(value) {
    const from = new TableReader(value, '{ ends = "1-3", delay = "200ms" }');
    return ended(from, {
      type: "slow",
      ends: parseEnds(from.text("ends")),
      delayMs: parseDuration(from.text("delay")),
    });
  },
  lossy(value) {
    const from = new TableReader(value, '{ ends = "1-3", percent = 30 }');
    return ended(from, {
      type: "lossy",
      ends: parseEnds(from.text("ends")),
      percent: parsePercent(String(from.any("percent"))),
    });
  },
  clock(value) {
    const from = new TableReader(value, '{ node = 2, offset = "+20s" }');
    return ended(from, { type: "clock", node: nodeIn(from), offsetMs: parseOffset(from.text("offset")) });
  },
  diskfull(value) {
    const from = new TableReader(value, "{ node = 2 } or { node = 2, off = true }");
    return ended(from, { type: "diskfull", node: nodeIn(from), isFull: !from.flag("off") });
  },
};

export const actionNames: readonly string[] = Object.keys(readers);

export function describeAction(action: Action): string {
  const { type, ...rest } = action;
  const words = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === "object" ? wordsOf(value) : String(value)}`);
  return [type, ...words].join(" ");
}

function wordsOf(value: Ends | readonly (readonly number[])[]): string {
  if ("a" in value) return value.b === undefined ? `${value.a}` : `${value.a}-${value.b}`;
  return value.map((group) => group.join(",")).join("|");
}

function ended(from: TableReader, action: Action): Action {
  from.end();
  return action;
}

function nodeIn(from: TableReader): number {
  return from.count("node", 1, nodesMax);
}

function nodeOf(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > nodesMax)
    throw new Fault("invalid_argument", "it must be the number of a node");
  return value;
}

function textOf(value: unknown, example: string): string {
  if (typeof value !== "string") throw new Fault("invalid_argument", `it must be text such as "${example}"`);
  return value;
}
