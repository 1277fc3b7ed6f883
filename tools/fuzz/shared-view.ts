/**
 * How far a fuzzing thread has come and what it is about to run, in memory that its watcher reads
 * at any time, also while the thread is stuck.
 */
import type { Bytes } from "../../src/base/bytes.ts";
import type { Progress, Watch } from "./run.ts";

const fields = { started: 0, executions: 1, seeds: 2, stretches: 3, inputBytes: 4, resting: 5 } as const;
const headBytes = 64;
/** Room for the largest input that a target makes. */
const inputBytesMax: number = 4 * 1024 * 1024;

export class SharedView implements Watch {
  readonly #numbers: Float64Array;
  readonly #input: Uint8Array;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(headBytes + inputBytesMax);
  }

  constructor(shared: SharedArrayBuffer) {
    this.#numbers = new Float64Array(shared, 0, headBytes / 8);
    this.#input = new Uint8Array(shared, headBytes);
  }

  before(input: Bytes): void {
    this.#input.set(input.subarray(0, inputBytesMax));
    this.#numbers[fields.inputBytes] = Math.min(input.length, inputBytesMax);
    this.#numbers[fields.started] = (this.#numbers[fields.started] as number) + 1;
  }

  progress({ executions, seeds, stretches }: Progress): void {
    this.#numbers[fields.executions] = executions;
    this.#numbers[fields.seeds] = seeds;
    this.#numbers[fields.stretches] = stretches;
  }

  /** From here on slowness is not the target's. */
  rest(): void {
    this.#numbers[fields.resting] = 1;
  }

  /** Changes with every input; undefined while none runs. */
  get tick(): number | undefined {
    const started = this.#numbers[fields.started] as number;
    return started === 0 || this.#numbers[fields.resting] === 1 ? undefined : started;
  }

  get seen(): Progress {
    return {
      executions: this.#numbers[fields.executions] as number,
      seeds: this.#numbers[fields.seeds] as number,
      stretches: this.#numbers[fields.stretches] as number,
    };
  }

  get input(): Bytes {
    return this.#input.slice(0, this.#numbers[fields.inputBytes]);
  }
}
