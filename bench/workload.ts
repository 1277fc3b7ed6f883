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
