/**
 * The inputs a run goes out from. Those that reached new code come first where they are small, have
 * led to further ones, or have not been tried often.
 */
import type { Bytes } from "../../src/base/bytes.ts";
import type { Prng } from "../../src/base/prng.ts";

interface Seed {
  readonly input: Bytes;
  readonly worth: number;
  picks: number;
  finds: number;
}

export class Seeds {
  readonly #seeds: Seed[] = [];
  #sums: number[] = [];

  get size(): number {
    return this.#seeds.length;
  }

  get inputs(): readonly Bytes[] {
    return this.#seeds.map(({ input }) => input);
  }

  /** `isNews` where it reached code that none before it did. */
  add(input: Bytes, isNews: boolean): void {
    this.#seeds.push({ input, worth: isNews ? 1 : 0.1, picks: 0, finds: 0 });
  }

  /** A child of this seed reached new code. */
  found(index: number): void {
    const seed = this.#seeds[index];
    if (seed !== undefined) seed.finds += 1;
  }

  /** Weighs all of them anew; picks between two weighings go by the same weights. */
  weigh(): void {
    let sum = 0;
    this.#sums = this.#seeds.map((seed) => (sum += energyOf(seed)));
  }

  pick(prng: Prng): { readonly index: number; readonly input: Bytes } {
    const point = prng.unit() * (this.#sums.at(-1) ?? 0);
    let [low, high] = [0, this.#sums.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sums[middle] as number) > point) high = middle;
      else low = middle + 1;
    }
    const seed = this.#seeds[low] as Seed;
    seed.picks += 1;
    return { index: low, input: seed.input };
  }
}

/** Guess: sizes count by their root, and a seed that leads nowhere loses half of its energy with every 1,000 tries. */
function energyOf({ input, worth, picks, finds }: Seed): number {
  return (worth * (1 + finds)) / ((1 + picks / 1_000) * Math.sqrt(16 + input.length));
}
