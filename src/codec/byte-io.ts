/**
 * Reading and writing of fixed-layout binary messages. All integers are big-endian and unsigned;
 * 64-bit ones must be safe integers (below 2^53), checked in both directions.
 *
 * A reader never throws on bad bytes: the first failure makes it `failed`, every later read
 * returns a zero value, and the decoder looks once at the end. This keeps decoders linear.
 * Reads return views of the input, not copies.
 */
import { assert } from "../base/assert.ts";
import type { Bytes } from "../base/bytes.ts";

const empty = new Uint8Array(0);

export class ByteReader {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  #offset = 0;
  #failed = false;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** True when everything was read and nothing was wrong. */
  get finished(): boolean {
    return !this.#failed && this.remaining === 0;
  }

  /** Marks the input as malformed, for checks the decoder makes itself. */
  fail(): void {
    this.#failed = true;
  }

  u8(): number {
    return this.#take(1) ? this.#view.getUint8(this.#offset - 1) : 0;
  }

  u16(): number {
    return this.#take(2) ? this.#view.getUint16(this.#offset - 2) : 0;
  }

  u32(): number {
    return this.#take(4) ? this.#view.getUint32(this.#offset - 4) : 0;
  }

  /** A 64-bit number below 2^53; larger ones fail. */
  u64(): number {
    if (!this.#take(8)) return 0;
    const high = this.#view.getUint32(this.#offset - 8);
    if (high >= 0x20_0000) this.#failed = true;
    return this.#failed ? 0 : high * 0x1_0000_0000 + this.#view.getUint32(this.#offset - 4);
  }

  /** Seven bits a byte, the lowest first, the highest bit set where another follows. Fails at 2^53, and where fewer bytes would do. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte >= 0x80) continue;
      if (value > Number.MAX_SAFE_INTEGER || (byte === 0 && scale > 1)) this.#failed = true;
      return this.#failed ? 0 : value;
    }
    this.#failed = true;
    return 0;
  }

  bytes(length: number): Bytes {
    return this.#take(length) ? this.#bytes.subarray(this.#offset - length, this.#offset) : empty;
  }

  /** What was read since `start`. */
  since(start: number): Bytes {
    return this.#bytes.subarray(start, this.#offset);
  }

  #take(length: number): boolean {
    if (this.#failed || this.remaining < length) {
      this.#failed = true;
      return false;
    }
    this.#offset += length;
    return true;
  }
}

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  /** `capacity` is a first guess in bytes; the buffer grows by doubling. */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#reserve(1, value, 0xff);
    this.#view.setUint8(this.#length - 1, value);
    return this;
  }

  u16(value: number): this {
    this.#reserve(2, value, 0xffff);
    this.#view.setUint16(this.#length - 2, value);
    return this;
  }

  u32(value: number): this {
    this.#reserve(4, value, 0xffff_ffff);
    this.#view.setUint32(this.#length - 4, value);
    return this;
  }

  /** See `ByteReader.varint`; 1 to 8 bytes. */
  varint(value: number): this {
    assert(Number.isSafeInteger(value), "a number of variable length is exact");
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.u8((rest % 128) + 0x80);
    return this.u8(rest);
  }

  u64(value: number): this {
    this.#reserve(8, value, Number.MAX_SAFE_INTEGER);
    this.#view.setUint32(this.#length - 8, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(this.#length - 4, value % 0x1_0000_0000);
    return this;
  }

  bytes(value: Bytes): this {
    this.#grow(value.length);
    this.#bytes.set(value, this.#length - value.length);
    return this;
  }

  /** The bytes written so far; a view that later writes may leave behind. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(length: number, value: number, max: number): void {
    assert(Number.isSafeInteger(value) && value >= 0 && value <= max, `an unsigned number fits its ${length} bytes`);
    this.#grow(length);
  }

  #grow(length: number): void {
    const needed = this.#length + length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = needed;
  }
}
