/** Which layout a store has, told without opening it for work: bytes 60-63 of the file's header. */
import { closeSync, openSync, readSync } from "node:fs";
import { storeVersion } from "./schema.ts";

/** Source: https://sqlite.org/fileformat2.html#user_version_number */
const versionAt = 60;

/** Undefined where there is no store, or only the beginning of one. */
export function storeLayout(file: string): { readonly version: number; readonly known: number } | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return undefined; // none yet, or not ours to read, which the folder's own check tells
  }
  try {
    const bytes = Buffer.alloc(4);
    return readSync(descriptor, bytes, 0, 4, versionAt) < 4
      ? undefined
      : { version: bytes.readUInt32BE(0), known: storeVersion };
  } finally {
    closeSync(descriptor);
  }
}
