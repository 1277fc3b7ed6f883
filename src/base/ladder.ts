/**
 * Levels of pressure that do not flicker: a level begins at one mark and ends only at a lower one, like
 * a thermostat. Pressure is a share: 1 is the whole of what is allowed.
 */
export interface Rung<Name> {
  readonly name: Name;
  /** Pressure at which the level begins, and the lower one at which it ends. */
  readonly from: number;
  readonly until: number;
}

export class Ladder<Name extends string> {
  readonly #ground: Name;
  readonly #rungs: readonly Rung<Name>[];
  /** Rungs climbed. */
  #height = 0;

  /** `rungs` ascend; below the first one the level is `ground`. */
  constructor(ground: Name, rungs: readonly Rung<Name>[]) {
    this.#ground = ground;
    this.#rungs = rungs;
  }

  get level(): Name {
    return this.#rungs[this.#height - 1]?.name ?? this.#ground;
  }

  /** Whether this level, or a higher one, is reached. */
  reached(name: Name): boolean {
    const rung = this.#rungs.findIndex((each) => each.name === name);
    return this.#height > rung;
  }

  step(pressure: number): Name {
    while (pressure >= (this.#rungs[this.#height]?.from ?? Infinity)) this.#height += 1;
    while (pressure < (this.#rungs[this.#height - 1]?.until ?? -Infinity)) this.#height -= 1;
    return this.level;
  }
}
