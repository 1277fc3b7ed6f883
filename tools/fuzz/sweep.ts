/**
 * The patient part: each seed that reached new code gets every value at each of its first bytes
 * once. It finds what is compared with a single value, where random damage hardly ever leaves the
 * rest as it is.
 */
import type { Bytes } from "../../src/base/bytes.ts";

/** Guess: behind them are the contents of fields, which matter less than heads. */
const sweptBytes = 64;

interface Swept {
  readonly input: Bytes;
  readonly parent: number;
  step: number;
}

export class Sweep {
  readonly #waiting: Swept[] = [];

  add(input: Bytes, parent: number): void {
    this.#waiting.push({ input, parent, step: 0 });
  }

  /** The next input of the seed that came last; undefined when all are through. */
  next(): { readonly input: Bytes; readonly parent: number } | undefined {
    const swept = this.#waiting.at(-1);
    if (swept === undefined) return undefined;
    const { input, parent, step } = swept;
    const width = Math.min(input.length + 1, sweptBytes); // a byte behind the end is one of them
    const edited = new Uint8Array(Math.max(input.length, (step % width) + 1));
    edited.set(input);
    edited[step % width] = Math.floor(step / width);
    swept.step += 1;
    if (swept.step === width * 256) this.#waiting.pop();
    return { input: edited, parent };
  }
}
