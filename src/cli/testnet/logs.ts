/**
 * Log files of a testnet's nodes: their last lines, and what is added to them from now on.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync, readFileSync, statSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Read of a log to show its last lines, in bytes. Guess: a thousand lines. */
const tailBytesMax: number = 256 * 1024;
const followEveryMs = 200;

/** The last lines, oldest first; none where there is no log yet. */
export function lastLines(file: string, count: number): readonly string[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file).subarray(-tailBytesMax).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .slice(-count);
}

/** Hands out whole new lines of all files until the signal comes. */
export async function followLogs(
  files: readonly string[],
  onLine: (file: string, line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const positions = new Map(files.map((file) => [file, sizeOf(file)]));
  while (!signal.aborted) {
    for (const [file, position] of positions) {
      const text = readFrom(file, position);
      positions.set(file, position + Buffer.byteLength(text));
      for (const line of text.split("\n").slice(0, -1)) onLine(file, line);
    }
    await wait(followEveryMs, undefined, { signal }).catch(() => undefined); // an abort ends the loop
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function readFrom(file: string, position: number): string {
  if (!existsSync(file)) return "";
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(Math.max(0, Math.min(tailBytesMax, fstatSync(descriptor).size - position)));
    const count = readSync(descriptor, bytes, 0, bytes.length, position);
    const whole = bytes.subarray(0, count);
    return whole.subarray(0, whole.lastIndexOf(0x0a) + 1).toString("utf8"); // no cut line, no cut character
  } finally {
    closeSync(descriptor);
  }
}
