import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../base/bytes.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";

const reader = (hex: string): ByteReader => new ByteReader(new Uint8Array(Buffer.from(hex, "hex")));
const widths = [
  { width: "u8", bytes: 1, max: 0xff },
  { width: "u16", bytes: 2, max: 0xffff },
  { width: "u32", bytes: 4, max: 0xffff_ffff },
  { width: "u64", bytes: 8, max: Number.MAX_SAFE_INTEGER },
] as const;

describe.each(widths)("$width", ({ width, bytes, max }) => {
  test("comes back as the same number, big-endian", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Math.min(max, Number.MAX_SAFE_INTEGER) }), (value) => {
        const written = new ByteWriter(0)[width](value).finish();
        expect(toHex(written)).toBe(value.toString(16).padStart(2 * bytes, "0"));
        const back = new ByteReader(written);
        expect([back[width](), back.finished]).toEqual([value, true]);
      }),
    );
  });

  test.each([max, 0])("holds %d", (value) => {
    expect(new ByteReader(new ByteWriter(8)[width](value).finish())[width]()).toBe(value);
  });

  test.each([max + 1, -1, 0.5, Number.NaN, Infinity])("is not written from %d", (value) => {
    expect(() => new ByteWriter(8)[width](value)).toThrow("an unsigned number fits");
  });

  test("read past the end fails, gives zero and consumes nothing", () => {
    const short = new ByteReader(new Uint8Array(bytes - 1).fill(0xff));
    expect([short[width](), short.failed, short.offset]).toEqual([0, true, 0]);
  });
});

describe("64-bit numbers", () => {
  test.each([
    ["2^53 - 1 is the largest", "001fffffffffffff", 2 ** 53 - 1, false],
    ["2^53 is refused", "0020000000000000", 0, true],
    ["2^53 + 1 is refused", "0020000000000001", 0, true],
    ["2^64 - 1 is refused", "ffffffffffffffff", 0, true],
  ])("%s", (_, hex, value, failed) => {
    const input = reader(hex);
    expect([input.u64(), input.failed]).toEqual([value, failed]);
  });
});

describe("a reader", () => {
  test("stays failed: later reads give zero values", () => {
    const input = reader("01ffffff");
    input.u8();
    input.fail();
    expect([input.u8(), input.u16(), input.u64(), input.bytes(1).length, input.finished]).toEqual([0, 0, 0, 0, false]);
    expect(input.offset).toBe(1);
  });

  test("is finished only at the very end", () => {
    const input = reader("0102");
    expect(input.finished).toBe(false);
    input.u8();
    expect([input.finished, input.remaining]).toEqual([false, 1]);
    input.u8();
    expect([input.finished, input.remaining]).toEqual([true, 0]);
  });

  test("gives views of its input, also of an input that is itself a view", () => {
    const whole = new Uint8Array([9, 9, 1, 2, 3, 9]);
    const input = new ByteReader(whole.subarray(2, 5));
    expect(input.u8()).toBe(1);
    const part = input.bytes(2);
    expect([...part]).toEqual([2, 3]);
    expect(part.buffer).toBe(whole.buffer);
    expect([...input.since(0)]).toEqual([1, 2, 3]);
    expect([input.bytes(1).length, input.failed]).toEqual([0, true]);
  });

  test("takes a length of 2^32 - 1 without allocating it", () => {
    const input = reader("ffffffff00");
    expect([input.bytes(input.u32()).length, input.failed]).toEqual([0, true]);
  });
});

describe("a writer", () => {
  test("grows from nothing and keeps what was written", () => {
    const writer = new ByteWriter(0);
    for (let i = 0; i < 1_000; i++) writer.u16(i).bytes(new Uint8Array(i % 7).fill(i));
    const input = new ByteReader(writer.finish());
    for (let i = 0; i < 1_000; i++) {
      expect(input.u16()).toBe(i);
      expect([...input.bytes(i % 7)]).toEqual(new Array(i % 7).fill(i % 256));
    }
    expect([input.finished, writer.length]).toEqual([true, input.offset]);
  });
});

describe("a number of variable length", () => {
  test.each<[number, string]>([
    [0, "00"],
    [127, "7f"],
    [128, "8001"],
    [2 ** 31, "8080808008"],
    [2 ** 32 + 1, "8180808010"],
    [Number.MAX_SAFE_INTEGER, "ffffffffffffff0f"],
  ])("%i comes back from as few bytes as will do", (value, hex) => {
    const bytes = new ByteWriter(1).varint(value).finish();
    expect(Buffer.from(bytes).toString("hex")).toBe(hex);
    const reader = new ByteReader(bytes);
    expect([reader.varint(), reader.finished]).toEqual([value, true]);
  });

  test.each([
    ["a last byte of nothing", "8000"],
    ["2^53", "8080808080808010"],
    ["a ninth byte", "808080808080808001"],
    ["no end", "80"],
  ])("fails with %s", (_, hex) => {
    const reader = new ByteReader(Buffer.from(hex, "hex"));
    expect([reader.varint(), reader.failed]).toEqual([0, true]);
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])("%f is not written", (value) => {
    expect(() => new ByteWriter(1).varint(value)).toThrow(/number/u);
  });
});
