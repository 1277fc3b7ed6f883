/**
 * What happened in a run: one line per event in fixed columns, hashed as they come, and how often
 * each kind of thing happened. Two runs of one seed have equal hashes or something is not seeded.
 */
import { createHash } from "node:crypto";

export class Recorder {
  readonly counts: Map<string, number> = new Map();
  /** Frames and gossip messages sent, and their bytes. */
  messages = 0;
  bytes = 0;
  readonly #hash = createHash("sha256");
  readonly #print: ((line: string) => void) | undefined;

  constructor(print: ((line: string) => void) | undefined) {
    this.#print = print;
  }

  /** `who` is a node's number or name; `what` a word; `detail` the rest of the line. */
  event(at: number, who: number | string, what: string, detail: string): void {
    const line = `${at.toFixed(3).padStart(12)}  ${String(who).padEnd(7)}  ${what.padEnd(16)}  ${detail}`;
    this.#hash.update(line);
    this.#hash.update("\n");
    this.#print?.(line);
  }

  sent(bytes: number): void {
    this.messages += 1;
    this.bytes += bytes;
  }

  count(kind: string, times = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + times);
  }

  digest(): string {
    return this.#hash.copy().digest("hex");
  }
}
