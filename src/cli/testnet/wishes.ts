/**
 * What shall be broken in a testnet, as its operator said it, and what that means for each node.
 * Wishes name nodes by number and hold for both ends of a link; a node is only ever told about
 * itself. Pure: the same wishes and members give the same sets of faults.
 *
 * 1. Nodes in no group of a partition are one more group together, also those added later.
 * 2. Of two wishes for the same ends the later one holds; of one for a link and one for all links
 *    of a node, the one for the link.
 */
import type { PeerId } from "../../base/brand.ts";
import { delayMsMax, type FaultSet } from "../../drivers/faults/fault-set.ts";
import { Fault } from "../../base/fault.ts";
import type { Ends } from "./words.ts";

export interface LinkWish extends Ends {
  /** ms, or percent. */
  readonly amount: number;
}

export interface Wishes {
  /** Empty: nothing is cut. */
  readonly groups: readonly (readonly number[])[];
  readonly slow: readonly LinkWish[];
  readonly lossy: readonly LinkWish[];
  /** ms by number of the node. */
  readonly clock: Readonly<Record<string, number>>;
  readonly diskFull: readonly number[];
  readonly seed: number;
}

export const noWishes: Wishes = { groups: [], slow: [], lossy: [], clock: {}, diskFull: [], seed: 1 };

export interface Member {
  readonly number: number;
  readonly peer: PeerId;
}

export function faultSetOf(self: number, wishes: Wishes, members: readonly Member[]): FaultSet {
  const others = members.filter(({ number }) => number !== self);
  return {
    cut: others.filter(({ number }) => areCut(wishes, self, number)).map(({ peer }) => peer),
    delayMs: amounts(wishes.slow, self, others),
    lossPercent: amounts(wishes.lossy, self, others),
    seed: wishes.seed * 1_000 + self, // each node draws for itself
    clockOffsetMs: wishes.clock[self] ?? 0,
    diskFull: wishes.diskFull.includes(self),
  };
}

export function areCut({ groups }: Wishes, a: number, b: number): boolean {
  return groups.length > 0 && groupOf(groups, a) !== groupOf(groups, b);
}

export function withSlow(wishes: Wishes, ends: Ends, amount: number): Wishes {
  if (amount > delayMsMax)
    throw new Fault("invalid_argument", `A link can be slowed by at most ${delayMsMax / 1_000} s; partition cuts it.`);
  return { ...wishes, slow: replaced(wishes.slow, { ...ends, amount }) };
}

export function withLossy(wishes: Wishes, ends: Ends, amount: number): Wishes {
  return { ...wishes, lossy: replaced(wishes.lossy, { ...ends, amount }) };
}

export function withClock(wishes: Wishes, node: number, offsetMs: number): Wishes {
  const { [String(node)]: _, ...rest } = wishes.clock;
  return { ...wishes, clock: offsetMs === 0 ? rest : { ...rest, [node]: offsetMs } };
}

export function withDiskFull(wishes: Wishes, node: number, isFull: boolean): Wishes {
  const rest = wishes.diskFull.filter((each) => each !== node);
  return { ...wishes, diskFull: isFull ? [...rest, node] : rest };
}

/** The wishes about one node in words, for the table. */
export function describeWishes(self: number, wishes: Wishes, numbers: readonly number[]): string {
  const cut = numbers.filter((number) => number !== self && areCut(wishes, self, number));
  const clock = wishes.clock[self] ?? 0;
  return [
    ...(cut.length === 0 ? [] : [`cut from ${cut.join(",")}`]),
    ...wishes.slow.filter((wish) => touches(wish, self)).map((wish) => `slow ${endsText(wish)} ${wish.amount} ms`),
    ...wishes.lossy.filter((wish) => touches(wish, self)).map((wish) => `lossy ${endsText(wish)} ${wish.amount} %`),
    ...(clock === 0 ? [] : [`clock ${clock > 0 ? "+" : ""}${clock / 1_000} s`]),
    ...(wishes.diskFull.includes(self) ? ["disk full"] : []),
  ].join("; ");
}

function groupOf(groups: Wishes["groups"], node: number): number {
  return groups.findIndex((group) => group.includes(node)); // -1 is the group of those not named
}

function amounts(wishes: readonly LinkWish[], self: number, others: readonly Member[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { number, peer } of others) {
    const about = wishes.filter((wish) => concerns(wish, self, number));
    const amount = (about.findLast(({ b }) => b !== undefined) ?? about.at(-1))?.amount ?? 0;
    if (amount > 0) found[peer] = amount;
  }
  return found;
}

function concerns({ a, b }: Ends, x: number, y: number): boolean {
  if (b === undefined) return a === x || a === y;
  return (a === x && b === y) || (a === y && b === x);
}

function touches({ a, b }: Ends, node: number): boolean {
  return a === node || b === node;
}

/** Nothing is kept that says 0 for a whole node; for a link, 0 is an exception from the node's own. */
function replaced(wishes: readonly LinkWish[], wish: LinkWish): readonly LinkWish[] {
  const rest = wishes.filter(({ a, b }) => !(a === wish.a && b === wish.b) && !(a === wish.b && b === wish.a));
  const isException =
    wish.b !== undefined && rest.some(({ a, b }) => b === undefined && (a === wish.a || a === wish.b));
  return wish.amount === 0 && !isException ? rest : [...rest, wish];
}

function endsText({ a, b }: Ends): string {
  return b === undefined ? `${a}` : `${a}-${b}`;
}
