/**
 * Inputs worth keeping, one hex file each under `test/fuzz/corpus/<target>/`: those that once broke
 * a decoder, and the odd ones that people thought of. Every test run replays them.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bytes } from "../../src/base/bytes.ts";

export interface CorpusInput {
  readonly file: string;
  readonly input: Bytes;
}

const corpusFolder = join(import.meta.dirname, "../../test/fuzz/corpus");

export function readCorpus(target: string): readonly CorpusInput[] {
  const folder = join(corpusFolder, target);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(".hex"));
  return files.sort().map((file) => ({ file, input: readHex(join(folder, file)) }));
}

/** Returns the path written. The name is the hash of the content, so nothing is kept twice. */
export function saveInput(target: string, input: Bytes): string {
  const folder = join(corpusFolder, target);
  mkdirSync(folder, { recursive: true });
  const name = createHash("sha256").update(input).digest("hex").slice(0, 16);
  const path = join(folder, `${name}.hex`);
  writeFileSync(path, `${Buffer.from(input).toString("hex")}\n`);
  return path;
}

function readHex(path: string): Bytes {
  return new Uint8Array(Buffer.from(readFileSync(path, "utf8").replaceAll(/\s/g, ""), "hex"));
}
