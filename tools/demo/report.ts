/**
 * What the demo saw: each step is told when it begins and ends, and the figures become one table.
 */
import { table } from "../../src/cli/text.ts";

export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly note: string;
}

export class Report {
  readonly #began: number = performance.now();
  readonly #say: (line: string) => void;
  readonly #figures: Figure[] = [];
  #steps = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  get seconds(): string {
    return ((performance.now() - this.#began) / 1000).toFixed(1);
  }

  get steps(): number {
    return this.#steps;
  }

  /** One claim and the work that shows it; throws what kept it from holding. */
  async step<T>(claim: string, work: () => Promise<T>): Promise<T> {
    this.#steps += 1;
    this.#say(`${this.seconds.padStart(5)} s  ${claim} …`);
    try {
      const result = await work();
      this.#say(`${this.seconds.padStart(5)} s  ok`);
      return result;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`did not hold: ${claim}: ${reason}`, { cause: error });
    }
  }

  figure(what: string, measured: string, note: string): void {
    this.#figures.push({ what, measured, note });
  }

  table(): string {
    return table(
      ["figure", "measured", "what it is"],
      this.#figures.map(({ what, measured, note }) => [what, measured, note]),
    );
  }
}

/** `p50 3.1 ms, max 8.0 ms` of samples in milliseconds. */
export function spread(samples: readonly number[]): string {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): string =>
    milliseconds(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, max ${at(1)}`;
}

export function milliseconds(value: number): string {
  return value < 100 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
