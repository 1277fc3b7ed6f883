/**
 * Reads a small TOML table whose keys are all known: each is taken once, and what is left over at
 * the end is an error. Throws `invalid_argument` in words that name the key.
 */
import { Fault } from "../../base/fault.ts";

export type Table = Readonly<Record<string, unknown>>;

export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

export class TableReader {
  readonly #table: Table;
  readonly #left: Set<string>;

  /** `example` is shown where the value is no table at all. */
  constructor(value: unknown, example: string) {
    if (!isTable(value)) throw new Fault("invalid_argument", `it must be a table such as ${example}`);
    this.#table = value;
    this.#left = new Set(Object.keys(value));
  }

  has(key: string): boolean {
    return key in this.#table;
  }

  text(key: string): string {
    const value = this.#take(key);
    if (typeof value !== "string") throw new Fault("invalid_argument", `${key} must be text`);
    return value;
  }

  count(key: string, min: number, max: number): number {
    const value = this.#take(key);
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max)
      throw new Fault("invalid_argument", `${key} must be a whole number from ${min} to ${max}`);
    return value;
  }

  flag(key: string): boolean {
    if (!this.has(key)) return false;
    const value = this.#take(key);
    if (typeof value !== "boolean") throw new Fault("invalid_argument", `${key} must be true or false`);
    return value;
  }

  /** Anything under a key, for who looks at it further. */
  any(key: string): unknown {
    return this.#take(key);
  }

  /** To be called last. */
  end(): void {
    const [unknown] = this.#left;
    if (unknown !== undefined) throw new Fault("invalid_argument", `it has an unknown key ${unknown}`);
  }

  #take(key: string): unknown {
    this.#left.delete(key);
    if (!this.has(key)) throw new Fault("invalid_argument", `${key} is missing`);
    return this.#table[key];
  }
}
