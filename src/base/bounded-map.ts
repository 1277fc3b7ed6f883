/**
 * A map that never grows past its limit: setting a new key on a full map forgets the key that was
 * set longest ago.
 */
import { assert } from "./assert.ts";

export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    assert(sizeMax > 0, "a bounded map has room for something");
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#sizeMax)
      for (const oldest of this.#entries.keys()) return this.#replace(oldest, key, value);
    this.#entries.set(key, value);
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  values(): IterableIterator<Value> {
    return this.#entries.values();
  }

  #replace(oldest: Key, key: Key, value: Value): void {
    this.#entries.delete(oldest);
    this.#entries.set(key, value);
  }
}
