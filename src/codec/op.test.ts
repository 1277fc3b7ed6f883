import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyOp } from "../../tools/fuzz/samples.ts";
import type { BatchId, Stamp } from "../base/brand.ts";
import { type Bytes, toHex, utf8Encode } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { ByteReader } from "./byte-io.ts";
import { ttlSecondsMax } from "./limits.ts";
import { type Op, encodeOp, isValidKey, readOp, storedValue, withKey, withoutKey } from "./op.ts";

const put = (change: Partial<Op>): Op => ({
  key: "k",
  content: { type: "value", value: new Uint8Array([1, 2]) },
  ttlSeconds: undefined,
  replaces: undefined,
  ...change,
});
const tombstone = put({ content: { type: "tombstone" } });
const batch = "ab".repeat(32) as BatchId;
const fromText = (hex: string): Bytes => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));

function decode(bytes: Bytes): Op | "refused" {
  const reader = new ByteReader(bytes);
  const { op } = readOp(reader);
  return reader.finished ? op : "refused";
}

const anyOpOf = fc.integer().map((seed) => anyOp(new Prng(seed)));

describe("an operation on the wire", () => {
  test("comes back equal, with the very bytes it came in", () => {
    fc.assert(
      fc.property(anyOpOf, (op) => {
        const bytes = encodeOp(op);
        const reader = new ByteReader(bytes);
        expect(readOp(reader)).toEqual({ op, bytes });
        expect(reader.finished).toBe(true);
      }),
    );
  });

  // The layout of the format's description, byte for byte.
  test.each<[string, Op, string]>([
    ["a value", put({}), "00 0001 6b 00000002 0102"],
    ["an empty value", put({ content: { type: "value", value: new Uint8Array(0) } }), "00 0001 6b 00000000"],
    ["a tombstone", tombstone, "01 0001 6b"],
    [
      "a blob",
      put({ content: { type: "blob", hash: new Uint8Array(32).fill(7), sizeBytes: 2 ** 40 } }),
      `02 0001 6b ${"07".repeat(32)} 0000010000000000`,
    ],
    ["a ttl", put({ ttlSeconds: 60 }), "04 0001 6b 0000003c 00000002 0102"],
    [
      "what it replaces",
      put({ replaces: { stamp: 5 as Stamp, batch } }),
      `08 0001 6b 0000000000000005 ${batch} 00000002 0102`,
    ],
    [
      "all of it",
      { ...tombstone, ttlSeconds: 1, replaces: { stamp: 5 as Stamp, batch } },
      `0d 0001 6b 00000001 0000000000000005 ${batch}`,
    ],
  ])("%s has its one form", (_, op, hex) => {
    expect(toHex(encodeOp(op))).toBe(hex.replaceAll(" ", ""));
    expect(decode(fromText(hex))).toEqual(op);
  });

  test.each<[string, Op]>([
    ["a key of 256 bytes", put({ key: "k".repeat(256) })],
    ["a key of 85 characters of three bytes and one of one", put({ key: `${"日".repeat(85)}k` })],
    ["a value of 64 KiB", put({ content: { type: "value", value: new Uint8Array(65_536) } })],
    ["the longest ttl", put({ ttlSeconds: ttlSecondsMax })],
    ["the largest stamp", put({ replaces: { stamp: Number.MAX_SAFE_INTEGER as Stamp, batch } })],
  ])("%s is accepted", (_, op) => {
    expect(decode(encodeOp(op))).toEqual(op);
  });

  test.each<[string, Op]>([
    ["a key of 257 bytes", put({ key: "k".repeat(257) })],
    ["a key of 86 characters of three bytes", put({ key: "日".repeat(86) })],
    ["an empty key", put({ key: "" })],
    ["a value of 64 KiB and one byte", put({ content: { type: "value", value: new Uint8Array(65_537) } })],
    ["a ttl of zero", put({ ttlSeconds: 0 })],
    ["a key with a line break", put({ key: "a\nb" })],
    ["a key with a delete character", put({ key: "a\u007f" })],
    ["a key with a C1 control character", put({ key: "a\u0085" })],
  ])("%s is refused", (_, op) => {
    expect(decode(encodeOp(op))).toBe("refused");
  });

  test.each([
    ["kind three", "03 0001 6b"],
    ["a flag without meaning", "11 0001 6b"],
    ["the highest flag", "81 0001 6b"],
    ["a key of ill-formed UTF-8", "01 0002 c0af"],
    ["half a surrogate pair in UTF-8", "01 0003 eda080"],
    ["a blob of 2^53 bytes", `02 0001 6b ${"00".repeat(32)} 0020000000000000`],
    ["a replaced stamp of 2^53", `09 0001 6b 0020000000000000 ${batch}`],
    ["a value cut short", "00 0001 6b 00000002 01"],
    ["a byte behind the end", "01 0001 6b 00"],
    ["nothing", ""],
  ])("%s is refused", (_, hex) => {
    expect(decode(fromText(hex))).toBe("refused");
  });

  test("an identifier that is no hash is a fault of the program", () => {
    expect(() => encodeOp(put({ replaces: { stamp: 1 as Stamp, batch: "ab" as BatchId } }))).toThrow("64 hex digits");
  });
});

describe("a key", () => {
  test.each(["a", " ", "/a/b c", "ä日😀", "\u2028", "\ufeff", "\u{10ffff}", "k".repeat(256)])("may be %j", (key) => {
    expect(isValidKey(key)).toBe(true);
  });

  test.each([
    "",
    "\0",
    "a\n",
    "\ta",
    "\u001f",
    "\u007f",
    "\u009f",
    "\ud800",
    "a\udc00",
    "ä".repeat(129),
    "k".repeat(257),
  ])("may not be %j", (key) => {
    expect(isValidKey(key)).toBe(false);
  });

  test("is valid exactly when a decoder takes it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (key) => {
        expect(decode(encodeOp({ ...tombstone, key })) !== "refused").toBe(isValidKey(key));
      }),
    );
  });
});

describe("an operation kept without its key", () => {
  test("is put together again from both", () => {
    fc.assert(
      fc.property(anyOpOf, (op) => {
        const bytes = encodeOp(op);
        expect(withKey(op.key, withoutKey(bytes))).toEqual(bytes);
        expect(utf8Encode(op.key).length + withoutKey(bytes).rest.length + 3).toBe(bytes.length);
      }),
    );
  });

  test("shows its value and ttl as the full decoder does", () => {
    fc.assert(
      fc.property(anyOpOf, (op) => {
        const shown = storedValue(withoutKey(encodeOp(op)));
        const { content, ttlSeconds } = op;
        expect(shown).toEqual(content.type === "value" ? { ...content, ttlSeconds } : { type: content.type });
      }),
    );
  });

  test("shows a ttl of more than 2^31 seconds as it is", () => {
    expect(storedValue(withoutKey(encodeOp(put({ ttlSeconds: ttlSecondsMax }))))).toMatchObject({
      ttlSeconds: ttlSecondsMax,
    });
  });
});
