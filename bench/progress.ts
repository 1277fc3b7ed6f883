/**
 * Says on standard error what is being measured and how long it will still take: one line that is
 * rewritten on a terminal, a line every few seconds elsewhere.
 */
import { nowMs } from "./clock.ts";

const terminalEveryMs = 100;
const logEveryMs = 3_000;

export class Progress {
  readonly #out = process.stderr;
  #what = "";
  /** Where the counting stood when it began: setting up is not part of the pace. */
  #first: { readonly done: number; readonly at: number } | undefined;
  #shownAt = 0;

  /** A new piece of work begins. */
  begin(what: string): void {
    this.#what = what;
    this.#first = undefined;
    this.#shownAt = this.#out.isTTY ? 0 : nowMs();
    this.#show("");
  }

  /** `done` of `total` are finished, in the words of `unit`. */
  at(done: number, total: number, unit: string): void {
    const now = nowMs();
    this.#first ??= { done, at: now };
    const { done: before, at: since } = this.#first;
    const left =
      done <= before ? "" : `, ${(((now - since) / (done - before) / 1000) * (total - done)).toFixed(0)} s left`;
    this.#show(` ${done}/${total} ${unit}${left}`);
  }

  /** Clears the line, so that a result can be printed. */
  end(): void {
    if (this.#out.isTTY) this.#out.write("\r\u001b[K");
  }

  #show(detail: string): void {
    const now = nowMs();
    if (now - this.#shownAt < (this.#out.isTTY ? terminalEveryMs : logEveryMs)) return;
    this.#shownAt = now;
    this.#out.write(this.#out.isTTY ? `\r\u001b[K${this.#what}${detail}` : `${this.#what}${detail}\n`);
  }
}
