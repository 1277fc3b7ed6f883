import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyAck } from "../../tools/fuzz/samples.ts";
import type { Incarnation } from "../base/brand.ts";
import { type Bytes, concat, toHex } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { decodeAck, encodeAck } from "./ack.ts";
import { ackFrameBytesMax, ackRangesMax } from "./limits.ts";
import type { Range } from "./ranges-wire.ts";

const incarnation = "0123456789abcdef" as Incarnation;
const singles = (count: number): readonly Range[] =>
  Array.from({ length: count }, (_, i) => [2 * i + 1, 2 * i + 1] as const);
const codeOf = (bytes: Bytes): string => {
  const decoded = decodeAck(bytes);
  return decoded.ok ? "ok" : decoded.code;
};
const one = encodeAck({ incarnation, ranges: [[1, 1]] });

describe("an acknowledgement", () => {
  test("comes back equal", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const ack = anyAck(new Prng(seed));
        expect(decodeAck(encodeAck(ack))).toEqual({ ok: true, value: ack });
      }),
    );
  });

  test("has its one form", () => {
    const ranges = [
      [3, 3],
      [7, 306],
    ] as const;
    expect(toHex(encodeAck({ incarnation, ranges }))).toBe(`01${incarnation}02020002ab02`);
  });

  test("holds 64 ranges and no more", () => {
    expect(codeOf(encodeAck({ incarnation, ranges: singles(ackRangesMax) }))).toBe("ok");
    expect(codeOf(encodeAck({ incarnation, ranges: singles(ackRangesMax + 1) }))).toBe("malformed");
  });

  test.each<[string, Bytes, string]>([
    ["of nothing", encodeAck({ incarnation, ranges: [] }), "malformed"],
    ["of another version", one.with(0, 2), "malformed"],
    ["cut short", one.subarray(0, -1), "malformed"],
    ["with a byte behind the end", concat([one, new Uint8Array(1)]), "malformed"],
    ["of no bytes", new Uint8Array(0), "malformed"],
    ["over its frame", new Uint8Array(ackFrameBytesMax + 1), "tooLarge"],
  ])("%s is refused", (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });
});
