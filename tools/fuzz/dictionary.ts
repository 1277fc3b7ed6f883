/**
 * Words that a decoder compares its input with: the texts and numbers written in its source. A
 * mutation that puts one in passes at once what blind bytes would have to guess.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Bytes, toHex, utf8Encode } from "../../src/base/bytes.ts";

const wordBytesMax = 40;
const wordsMax = 512;

/** `urls` are those of source files. */
export function dictionaryOf(urls: readonly string[]): readonly Bytes[] {
  const words = new Map<string, Bytes>();
  for (const url of urls) {
    if (!url.startsWith("file:") || !existsSync(fileURLToPath(url))) continue;
    for (const word of wordsIn(readFileSync(fileURLToPath(url), "utf8"))) words.set(toHex(word), word);
  }
  return [...words.values()].slice(0, wordsMax);
}

function wordsIn(source: string): readonly Bytes[] {
  const code = source.replaceAll(/\/\*[^]*?\*\/|^import[^;]*;/gm, "");
  const texts = [...code.matchAll(/"([^"\n]+)"/g)].map(([, text = ""]) => utf8Encode(text));
  const numbers = [...code.matchAll(/\b(?:0x[0-9a-f_]+|[0-9][0-9_]*)\b/gi)].map(([text]) => numberBytes(text));
  return [...texts, ...numbers].filter(({ length }) => length > 0 && length <= wordBytesMax);
}

/** In as many bytes as it needs, the highest first. */
function numberBytes(text: string): Bytes {
  const bytes: number[] = [];
  for (let rest = Number(text.replaceAll("_", "")); rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return new Uint8Array(bytes);
}
