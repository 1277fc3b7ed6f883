/**
 * Frames on a stream: an unsigned LEB128 length of at most five bytes, then the body. A length
 * has one form only (no padding with zero groups), an empty frame does not exist, and a length
 * over the maximum is refused before a byte of the body is kept.
 *
 * A body grows in a buffer that at most doubles, never past the announced length: announcing a
 * long frame and sending one byte of it costs us a few KiB, and single-byte chunks cost no
 * object each.
 */
import { assert } from "../../base/assert.ts";
import type { Bytes } from "../../base/bytes.ts";
import type { ByteBudget } from "./byte-budget.ts";

/** Bytes of a length prefix: 5 groups of 7 bits hold 2^32 - 1, above every frame we allow. */
const prefixBytesMax = 5;
/** First size of the buffer of a body. Guess: most frames are smaller. */
const firstBufferBytes = 4 * 1024;

export type FrameRefusal =
  | { readonly type: "tooLong"; readonly lengthBytes: number; readonly lengthBytesMax: number }
  | { readonly type: "malformed"; readonly detail: string }
  | { readonly type: "overBudget" };

/** The length prefix and the body, copied into one array. */
export function encodeFrame(body: Bytes): Uint8Array<ArrayBuffer> {
  assert(body.length > 0, "a frame has a body");
  const prefix: number[] = [];
  let rest = body.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) prefix.push((rest % 0x80) + 0x80);
  prefix.push(rest);
  const frame = new Uint8Array(prefix.length + body.length);
  frame.set(prefix);
  frame.set(body, prefix.length);
  return frame;
}

/** Cuts one stream into frames. After a refusal it is dead and `release` has been done. */
export class FrameDecoder {
  readonly #lengthBytesMax: number;
  readonly #budget: ByteBudget;
  #prefixBytes = 0;
  #length = 0;
  #body: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;

  constructor(lengthBytesMax: number, budget: ByteBudget) {
    this.#lengthBytesMax = lengthBytesMax;
    this.#budget = budget;
  }

  /** Hands every frame the chunk completes to `onFrame`, in order; answers why the rest was refused, if it was. */
  decode(chunk: Bytes, onFrame: (body: Uint8Array) => void): FrameRefusal | undefined {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#body === undefined) {
        const refusal = this.#readPrefix(chunk[offset] as number);
        offset += 1;
        if (refusal !== undefined) return refusal;
        continue;
      }
      const part = chunk.subarray(offset, offset + this.#length - this.#filled);
      if (!this.#makeRoom(part.length)) {
        this.release();
        return { type: "overBudget" };
      }
      this.#body.set(part, this.#filled);
      this.#filled += part.length;
      offset += part.length;
      if (this.#filled === this.#length) onFrame(this.#takeBody());
    }
    return undefined;
  }

  /** Whether the stream would end in the middle of a frame. */
  get isInsideFrame(): boolean {
    return this.#body !== undefined || this.#prefixBytes > 0;
  }

  /** Gives the budget back what an unfinished frame holds. */
  release(): void {
    if (this.#body !== undefined) this.#budget.giveBack(this.#body.length);
    this.#body = undefined;
  }

  #readPrefix(byte: number): FrameRefusal | undefined {
    this.#length += (byte & 0x7f) * 2 ** (7 * this.#prefixBytes);
    this.#prefixBytes += 1;
    if (byte >= 0x80) {
      if (this.#prefixBytes === prefixBytesMax)
        return { type: "malformed", detail: "a length prefix has more than five bytes" };
      return undefined;
    }
    if (this.#length === 0) return { type: "malformed", detail: "a frame is empty" };
    if (byte === 0) return { type: "malformed", detail: "a length prefix is padded" };
    if (this.#length > this.#lengthBytesMax)
      return { type: "tooLong", lengthBytes: this.#length, lengthBytesMax: this.#lengthBytesMax };
    const bytes = Math.min(this.#length, firstBufferBytes);
    if (!this.#budget.take(bytes)) return { type: "overBudget" };
    this.#body = new Uint8Array(bytes);
    this.#filled = 0;
    return undefined;
  }

  #makeRoom(partBytes: number): boolean {
    const body = this.#body;
    assert(body !== undefined, "a body is being read");
    if (this.#filled + partBytes <= body.length) return true;
    const bytes = Math.min(this.#length, Math.max(2 * body.length, this.#filled + partBytes));
    if (!this.#budget.take(bytes - body.length)) return false;
    const larger = new Uint8Array(bytes);
    larger.set(body.subarray(0, this.#filled));
    this.#body = larger;
    return true;
  }

  #takeBody(): Uint8Array {
    const body = this.#body;
    assert(body !== undefined && body.length === this.#length, "a complete body fills its buffer");
    this.release();
    this.#prefixBytes = 0;
    this.#length = 0;
    return body;
  }
}
