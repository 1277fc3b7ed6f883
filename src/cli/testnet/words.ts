/**
 * The small words of the testnet's commands and scenarios, read strictly: lists of nodes, groups,
 * links, durations, percentages, clock offsets. Each throws `invalid_argument` with what was meant.
 */
import { Fault } from "../../base/fault.ts";

/** Nodes of one testnet. Source: every node links to every other, and a node takes 50 links. */
export const nodesMax = 50;

/** `3` of a testnet; nodes are numbered from 1. */
export function parseNode(text: string): number {
  if (!/^[1-9][0-9]{0,2}$/.test(text)) throw wrong(text, "the number of a node, such as 3");
  return Number(text);
}

/** `1,2|3`: groups are separated by |, nodes by commas; nobody is in two groups. */
export function parseGroups(text: string): readonly (readonly number[])[] {
  const groups = text.split("|").map((group) => group.split(",").map((node) => parseNode(node.trim())));
  const all = groups.flat();
  const twice = all.find((node, place) => all.indexOf(node) !== place);
  if (twice !== undefined)
    throw new Fault("invalid_argument", `Node ${twice} is named twice in the groups ${JSON.stringify(text)}.`);
  return groups;
}

/** One node's links, or the link of two. */
export type Ends = { readonly a: number; readonly b: number | undefined };

/** `3` means every link of node 3, `1-3` the link between the two. */
export function parseEnds(text: string): Ends {
  const [first = "", second, ...rest] = text.split("-");
  if (rest.length > 0) throw wrong(text, "a node such as 3, or two such as 1-3");
  const a = parseNode(first);
  const b = second === undefined ? undefined : parseNode(second);
  if (a === b) throw new Fault("invalid_argument", `Node ${a} has no link to itself.`);
  return { a, b };
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `200ms`, `1.5s`, `2m`; in ms. */
export function parseDuration(text: string): number {
  const found = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h)$/.exec(text);
  if (found === null) throw wrong(text, "a duration with its unit, such as 200ms, 5s or 2m");
  return Math.round(Number(found[1]) * (unitMs[found[2] ?? ""] ?? 0));
}

/** `+20s`, `-3m` or `0`; in ms. */
export function parseOffset(text: string): number {
  if (text === "0") return 0;
  const sign = text[0];
  if (sign !== "+" && sign !== "-") throw wrong(text, "how far off the clock shall be, such as +20s, -3m or 0");
  return (sign === "-" ? -1 : 1) * parseDuration(text.slice(1));
}

/** `30` or `30%`, from 0 to 100. */
export function parsePercent(text: string): number {
  const found = /^([0-9]{1,3}(?:\.[0-9]{1,2})?)%?$/.exec(text);
  if (found === null || Number(found[1]) > 100) throw wrong(text, "a share from 0 to 100 percent");
  return Number(found[1]);
}

/** A whole number in a range, for counts and ports. */
export function parseCount(text: string, what: string, min: number, max: number): number {
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new Fault(
      "invalid_argument",
      `${what} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`,
    );
  return value;
}

function wrong(text: string, wanted: string): Fault {
  return new Fault("invalid_argument", `${JSON.stringify(text)} is not ${wanted}.`);
}
