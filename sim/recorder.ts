/**
 * What happened in a run: one line per event in fixed columns, hashed as they come, and how often
 * each kind of thing happened. Two runs of one seed have equal hashes or something is not seeded.
 */
import { createHash } from "node:crypto";

/** Characters gathered before they are hashed, because a call costs more than they do. */
const hashedAtOnce = 64 * 1024;

export class Recorder {
  readonly counts: Map<string, number> = new Map();
  /** Frames and gossip messages sent, and their bytes. */
  messages = 0;
  bytes = 0;
  #lines = "";
  readonly #hash = createHash("sha256");
  readonly #print: ((line: string) => void) | undefined;

  constructor(print: ((line: string) => void) | undefined) {
    this.#print = print;
  }

  /** `who` is a node's number or name; `what` a word; `detail` the rest of the line. */
  event(at: number, who: number | string, what: string, detail: string): void {
    const line = `${at.toFixed(3).padStart(12)}  ${String(who).padEnd(7)}  ${what.padEnd(16)}  ${detail}`;
    this.#lines += line;
    this.#lines += "\n";
    if (this.#lines.length > hashedAtOnce) this.#flush();
    this.#print?.(line);
  }

  sent(bytes: number): void {
    this.messages += 1;
    this.bytes += bytes;
  }

  count(kind: string, times = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + times);
  }

  #flush(): void {
    this.#hash.update(this.#lines);
    this.#lines = "";
  }

  digest(): string {
    this.#flush();
    return this.#hash.copy().digest("hex");
  }
}
