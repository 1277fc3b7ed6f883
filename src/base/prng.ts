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
    const s = this.#state;
    const product = Math.imul(s[1] as number, 5);
    const result = Math.imul(((product << 7) | (product >>> 25)) >>> 0, 9) >>> 0;
    const t = ((s[1] as number) << 9) >>> 0;
    s[2] = (s[2] as number) ^ (s[0] as number);
    s[3] = (s[3] as number) ^ (s[1] as number);
    s[1] = (s[1] as number) ^ (s[2] as number);
    s[0] = (s[0] as number) ^ (s[3] as number);
    s[2] = (s[2] as number) ^ t;
    const d = s[3] as number;
    s[3] = (d << 11) | (d >>> 21);
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
