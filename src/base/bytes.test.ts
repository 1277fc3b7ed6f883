import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareBytes,
  compareUtf8,
  concat,
  equalBytes,
  fromBase58,
  fromHex,
  toBase58,
  toHex,
  utf8Decode,
  utf8Encode,
  utf8Length,
} from "./bytes.ts";

const anyBytes = fc.uint8Array({ maxLength: 40 });
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

describe("hex", () => {
  test("comes back as the same bytes", () => {
    fc.assert(fc.property(anyBytes, (value) => void expect(fromHex(toHex(value))).toEqual(new Uint8Array(value))));
  });

  test("equals what Node writes", () => {
    fc.assert(fc.property(anyBytes, (value) => void expect(toHex(value)).toBe(Buffer.from(value).toString("hex"))));
  });

  test.each([
    ["an odd number of digits", "abc"],
    ["upper case", "AB"],
    ["a letter behind f", "ag"],
    ["a space", "a "],
    ["a line break at the end", "ab\n"],
    ["a prefix", "0xab"],
  ])("is refused with %s", (_, text) => {
    expect(fromHex(text)).toBeUndefined();
  });
});

describe("text as UTF-8, without making the bytes", () => {
  // letters on both sides of the surrogates, which UTF-16 sorts before the last of them
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "\u007f", "é", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "😀", "𐀀"),
  });
  const anyText = fc.oneof(text, fc.string({ unit: "binary" }));

  test("is as long as its bytes", () => {
    fc.assert(fc.property(anyText, (each) => void expect(utf8Length(each)).toBe(utf8Encode(each).length)));
  });

  test("is in the order of its bytes", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(compareUtf8(a, b)).toBe(compareBytes(utf8Encode(a), utf8Encode(b)));
        expect([compareUtf8(a, a), compareUtf8(a, a + b)]).toEqual([0, b === "" ? 0 : -1]);
      }),
    );
  });
});

describe("base58", () => {
  // Source: https://datatracker.ietf.org/doc/html/draft-msporny-base58-03, section 5
  test.each([
    ["Hello World!", "2NEpo7TZRRrLZSi2U"],
    ["The quick brown fox jumps over the lazy dog.", "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"],
  ])("writes %j as the draft does", (text, base58) => {
    expect(toBase58(utf8Encode(text))).toBe(base58);
    expect(fromBase58(base58)).toEqual(utf8Encode(text));
  });

  test("keeps leading zeros as ones", () => {
    expect(toBase58(bytes(0, 0, 0x28, 0x7f, 0xb4, 0xcd))).toBe("11233QC4");
    expect(fromBase58("11233QC4")).toEqual(bytes(0, 0, 0x28, 0x7f, 0xb4, 0xcd));
  });

  test("comes back as the same bytes", () => {
    fc.assert(
      fc.property(anyBytes, (value) => void expect(fromBase58(toBase58(value))).toEqual(new Uint8Array(value))),
    );
  });

  test("has one text for each bytes", () => {
    const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".split("");
    const anyText = fc.array(fc.constantFrom(...alphabet), { maxLength: 60 }).map((letters) => letters.join(""));
    fc.assert(fc.property(anyText, (text) => void expect(toBase58(fromBase58(text)!)).toBe(text)));
  });

  test.each("0OIl+/ ä".split(""))("refuses the character %j", (character) => {
    expect(fromBase58(`2${character}3`)).toBeUndefined();
  });

  test("takes 128 characters and no more", () => {
    expect(fromBase58("2".repeat(128))).toBeDefined();
    expect(fromBase58("2".repeat(129))).toBeUndefined();
  });
});

describe("UTF-8", () => {
  test("comes back as the same text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => void expect(utf8Decode(utf8Encode(text))).toBe(text)),
    );
  });

  test("keeps a byte order mark", () => {
    expect(utf8Decode(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  });

  test.each([
    ["an overlong slash", bytes(0xc0, 0xaf)],
    ["half of a surrogate pair", bytes(0xed, 0xa0, 0x80)],
    ["a cut character", bytes(0xe2, 0x82)],
    ["a lone continuation", bytes(0x80)],
    ["a number over U+10FFFF", bytes(0xf4, 0x90, 0x80, 0x80)],
  ])("is not decoded from %s", (_, value) => {
    expect(utf8Decode(value)).toBeUndefined();
  });
});

describe("comparison", () => {
  test("is that of Node's buffers", () => {
    fc.assert(fc.property(anyBytes, anyBytes, (a, b) => void expect(compareBytes(a, b)).toBe(Buffer.compare(a, b))));
  });

  test("takes bytes as unsigned, and a beginning as smaller", () => {
    expect(compareBytes(bytes(0x7f), bytes(0x80))).toBe(-1);
    expect(compareBytes(bytes(1), bytes(1, 0))).toBe(-1);
    expect(compareBytes(bytes(), bytes())).toBe(0);
  });

  test("equality agrees with it", () => {
    const few = fc.uint8Array({ maxLength: 3, max: 1 });
    fc.assert(fc.property(few, few, (a, b) => void expect(equalBytes(a, b)).toBe(compareBytes(a, b) === 0)));
  });

  test("joined parts are the parts in order", () => {
    fc.assert(
      fc.property(
        fc.array(anyBytes, { maxLength: 5 }),
        (parts) => void expect([...concat(parts)]).toEqual(parts.flatMap((part) => [...part])),
      ),
    );
  });
});
