/**
 * Inputs worth keeping, of two kinds. Every test run replays both.
 *
 * - `test/fuzz/regressions/<target>/*.hex`: those that once broke a decoder, and the odd ones that
 *   people thought of; one file each, with a name.
 * - `test/fuzz/corpus/<target>.txt`: those that together reach all the code that was ever reached,
 *   the smallest first; one line of base64 each. Made by `npm run fuzz -- --keep`.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bytes } from "../../src/base/bytes.ts";

export interface KeptInput {
  readonly name: string;
  readonly input: Bytes;
}

const folder = join(import.meta.dirname, "../../test/fuzz");
const regressionsFolder = join(folder, "regressions");
const corpusFolder = join(folder, "corpus");
/** What git carries for each target. */
export const corpusInputsMax = 64;
export const corpusBytesMax: number = 64 * 1024;

export function readRegressions(target: string): readonly KeptInput[] {
  const files = existsSync(join(regressionsFolder, target)) ? readdirSync(join(regressionsFolder, target)) : [];
  return files
    .filter((file) => file.endsWith(".hex"))
    .sort()
    .map((name) => ({ name, input: readHex(join(regressionsFolder, target, name)) }));
}

export function readCorpus(target: string): readonly KeptInput[] {
  const file = join(corpusFolder, `${target}.txt`);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line, index) => ({
    name: `line ${index + 1}`,
    input: new Uint8Array(Buffer.from(line, "base64")),
  }));
}

/** Returns the path written. The name is the hash of the content, so nothing is kept twice. */
export function saveRegression(target: string, input: Bytes): string {
  mkdirSync(join(regressionsFolder, target), { recursive: true });
  const name = createHash("sha256").update(input).digest("hex").slice(0, 16);
  const path = join(regressionsFolder, target, `${name}.hex`);
  writeFileSync(path, `${Buffer.from(input).toString("hex")}\n`);
  return path;
}

/** Writes the first inputs that fit; they come in the order of their worth. */
export function saveCorpus(target: string, inputs: readonly Bytes[]): void {
  const lines: string[] = [];
  let bytes = 0;
  for (const input of inputs.slice(0, corpusInputsMax)) {
    const line = `${Buffer.from(input).toString("base64")}\n`;
    if (bytes + line.length > corpusBytesMax) continue;
    bytes += line.length;
    lines.push(line);
  }
  mkdirSync(corpusFolder, { recursive: true });
  writeFileSync(join(corpusFolder, `${target}.txt`), lines.join(""));
}

export function readHex(path: string): Bytes {
  return new Uint8Array(Buffer.from(readFileSync(path, "utf8").replaceAll(/\s/g, ""), "hex"));
}
