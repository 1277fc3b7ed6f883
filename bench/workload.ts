/**
 * The entries that all benchmarks write: entry number i is the same in every process, so that a
 * reader can check what it reads without being told.
 *
 * Keys have 32 bytes and come in random order, the worst one for an index; values have 128 bytes
 * that do not compress.
 */
import { createHash } from "node:crypto";

export const keyBytes = 32;
export const valueBytes = 128;

export interface WorkEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

export function workEntry(set: string, number: number): WorkEntry {
  const seed = `${set}/${number}`;
  const key = createHash("shake128", { outputLength: keyBytes / 2 })
    .update(seed)
    .digest("hex");
  return { key, value: new Uint8Array(createHash("shake256", { outputLength: valueBytes }).update(seed).digest()) };
}

/** Entries 0 … count − 1 of a set. */
export function workEntries(set: string, count: number): readonly WorkEntry[] {
  return Array.from({ length: count }, (_, number) => workEntry(set, number));
}

/** Of a large set nine entries in ten are written a second time. */
export function isRewritten(number: number): boolean {
  return number % 10 !== 0;
}

/** An entry of a large set as it is after some were written again. */
export function lastEntry(set: string, number: number): WorkEntry {
  const { key, value } = workEntry(set, number);
  return isRewritten(number) ? { key, value: workEntry(`${set}/again`, number).value } : { key, value };
}

/** Number i of 0 … count − 1 in an order that looks random and needs no memory: `count` has no factor in common with it. */
export function scattered(i: number, count: number): number {
  return (i * 618_033) % count; // a prime near the golden section of a million
}
