/**
 * Seeded pseudo-random numbers: a run is a function of its seed. Not for secrets.
 * Source: Blackman, Vigna: xoshiro128** 1.1, seeded by splitmix32.
 */
export class Prng {
  readonly #state = new Uint32Array(4);

  /** Any safe integer; equal seeds give equal sequences. */
  constructor(seed: number) {
    let x = (seed ^ Math.floor(seed / 0x1_0000_0000)) >>> 0;
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e37_79b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85eb_ca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2_ae35);
      this.#state[i] = (z ^ (z >>> 16)) >>> 0;
    }
  }

  /** A whole number in [0, 2^32). */
  u32(): number {
    const [s0, s1, s2, s3] = this.#state as unknown as readonly [number, number, number, number];
    const product = Math.imul(s1, 5);
    const result = Math.imul(((product << 7) | (product >>> 25)) >>> 0, 9) >>> 0;
    const mixed2 = s2 ^ s0;
    const mixed3 = s3 ^ s1;
    this.#state.set([s0 ^ mixed3, s1 ^ mixed2, mixed2 ^ (s1 << 9), (mixed3 << 11) | (mixed3 >>> 21)]);
    return result;
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.u32() / 0x1_0000_0000;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.unit() * below);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** `value` moved by at most `share` of it up or down. */
  jittered(value: number, share: number): number {
    return Math.round(value * (1 + share * (2 * this.unit() - 1)));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.u32() & 0xff);
  }
}
