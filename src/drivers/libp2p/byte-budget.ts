/**
 * A process-wide allowance of bytes: whoever holds input that is not understood yet takes from
 * it and gives back. js-libp2p has no resource manager, so without this a thousand half-sent
 * frames would each be within their own limit and still exhaust the heap.
 */
import { assert } from "../../base/assert.ts";

export class ByteBudget {
  readonly #bytesMax: number;
  #taken = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Takes the bytes, or nothing where they would exceed the allowance. */
  take(bytes: number): boolean {
    if (this.#taken + bytes > this.#bytesMax) return false;
    this.#taken += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#taken -= bytes;
    assert(this.#taken >= 0, "a byte budget gets back no more than was taken");
  }

  get taken(): number {
    return this.#taken;
  }
}
