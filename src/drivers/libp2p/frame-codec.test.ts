import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";
import { encodeFrame, FrameDecoder } from "./frame-codec.ts";

const lengthBytesMax = 100_000;
const unlimited = (): ByteBudget => new ByteBudget(Number.MAX_SAFE_INTEGER);

test("frames come out whole and in order, however the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 9_000 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 40 }),
      (bodies, sizes) => {
        const stream = Buffer.concat(bodies.map(encodeFrame));
        const budget = unlimited();
        const decoder = new FrameDecoder(lengthBytesMax, budget);
        const got: Uint8Array[] = [];
        for (let offset = 0, turn = 0; offset < stream.length; turn++) {
          const size = sizes[turn % sizes.length] as number;
          expect(decoder.decode(stream.subarray(offset, offset + size), (body) => got.push(body))).toBeUndefined();
          offset += size;
        }
        expect(got.map((body) => Buffer.from(body))).toEqual(bodies.map((body) => Buffer.from(body)));
        expect(decoder.isInsideFrame).toBe(false);
        expect(budget.taken).toBe(0);
      },
    ),
  );
});

test("any bytes give frames or a refusal, never more than the budget", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 500 }), { maxLength: 20 }), (chunks) => {
      const budget = new ByteBudget(2_000);
      const decoder = new FrameDecoder(1_000, budget);
      const lengths: number[] = [];
      for (const chunk of chunks) {
        if (decoder.decode(chunk, (body) => void lengths.push(body.length)) !== undefined) break;
        expect(budget.taken).toBeLessThanOrEqual(1_000);
      }
      decoder.release();
      expect(Math.max(0, ...lengths)).toBeLessThanOrEqual(1_000);
      expect(budget.taken).toBe(0);
    }),
  );
});

test("a long announced body takes no room before it arrives", () => {
  const budget = unlimited();
  const decoder = new FrameDecoder(lengthBytesMax, budget);
  const frame = encodeFrame(new Uint8Array(lengthBytesMax));
  decoder.decode(frame.subarray(0, 4), () => undefined);
  expect(budget.taken).toBeLessThan(5_000);
  expect(decoder.isInsideFrame).toBe(true);
});

test("a frame at the maximum passes, one byte more is refused from the prefix", () => {
  const refusalOf = (length: number): unknown =>
    new FrameDecoder(lengthBytesMax, unlimited()).decode(
      encodeFrame(new Uint8Array(length)).subarray(0, 3),
      () => undefined,
    );
  expect(refusalOf(lengthBytesMax)).toBeUndefined();
  expect(refusalOf(lengthBytesMax + 1)).toEqual({ type: "tooLong", lengthBytes: lengthBytesMax + 1, lengthBytesMax });
});

test("a body is refused when the budget of all streams is used up, and gives its share back", () => {
  const budget = new ByteBudget(6_000);
  const [first, second] = [new FrameDecoder(lengthBytesMax, budget), new FrameDecoder(lengthBytesMax, budget)];
  const frame = encodeFrame(new Uint8Array(5_000));
  expect(first.decode(frame.subarray(0, 100), () => undefined)).toBeUndefined();
  expect(second.decode(frame.subarray(0, 100), () => undefined)).toEqual({ type: "overBudget" });
  expect(first.decode(frame.subarray(100), () => undefined)).toBeUndefined();
  expect(budget.taken).toBe(0);
});
