/**
 * What one line of an exported file holds: a key, its value as text or base64, and when it expires.
 */
import { Fault } from "../../base/fault.ts";

export interface TransferRecord {
  readonly key: string;
  readonly value: string;
  readonly encoding: "utf8" | "base64";
  /** RFC 3339; undefined for a value that does not expire. */
  readonly expiresAt: string | undefined;
}

/** A record, or what is wrong with it; `line` is where it begins, `offset` the bytes read up to its end. */
export type Row = { readonly line: number; readonly offset: number } & (
  | { readonly record: TransferRecord }
  | { readonly problem: string }
);

export type Format = "jsonl" | "csv";

/** Bytes of one record. A value of 64 KiB of control characters takes 384 KiB in JSON. */
export const recordBytesMax: number = 512 * 1024;

/** By the name's end where nothing is said. Throws `invalid_argument`. */
export function formatOf(words: string | undefined, file: string): Format {
  if (words === undefined) return file.toLowerCase().endsWith(".csv") ? "csv" : "jsonl";
  if (words === "jsonl" || words === "csv") return words;
  throw new Fault("invalid_argument", `--format is jsonl or csv, not ${words}.`, { field: "format" });
}
