import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyHeader, anyOps, anyParcel } from "../../tools/fuzz/samples.ts";
import { type Bytes, concat, toHex } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { batchBytesMax, parcelBytesMax } from "./limits.ts";
import { proofLength } from "./merkle-shape.ts";
import { encodeOp } from "./op.ts";
import {
  type BatchHeader,
  decodeParcel,
  decodeStoredHeader,
  encodeHeader,
  encodeParcel,
  headerBytes,
  isWhole,
  keyOf,
  signedHeaderBytes,
} from "./parcel.ts";

const prng = new Prng(1);
const signature = prng.bytes(64);
const hash = (): Bytes => prng.bytes(32);
const header = (change: Partial<BatchHeader> = {}): BatchHeader => ({
  ...anyHeader(new Prng(2), 3),
  sequence: 1,
  ...change,
});
const opOf = (key: string, value = 0): Bytes =>
  encodeOp({
    key,
    content: { type: "value", value: new Uint8Array(value) },
    ttlSeconds: undefined,
    replaces: undefined,
  });
const u16 = (...values: number[]): Bytes => new Uint8Array(values.flatMap((value) => [value >> 8, value & 0xff]));

/** A parcel of three operations' batch, put together by hand: the part behind the signature is `rest`. */
const parcel = (rest: readonly Bytes[], change: Partial<BatchHeader> = {}): Bytes =>
  concat([encodeHeader(header(change)), signature, ...rest]);
const codeOf = (bytes: Bytes): string => {
  const decoded = decodeParcel(bytes);
  return decoded.ok ? "ok" : decoded.code;
};

const abc = [opOf("a"), opOf("b"), opOf("c")];

describe("a parcel", () => {
  test("is written back byte for byte from what was decoded", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const bytes = anyParcel(new Prng(seed));
        const decoded = decodeParcel(bytes);
        if (!decoded.ok) throw new Error(decoded.code);
        const { header, signedHeader, ops, proof } = decoded.value;
        expect(encodeParcel(signedHeader, header.opsCount, ops, proof)).toEqual(bytes);
        expect(encodeHeader(header)).toEqual(signedHeader.subarray(0, headerBytes));
        expect(decodeStoredHeader(signedHeader)).toEqual(header);
        expect(proof.length).toBe(
          isWhole(decoded.value)
            ? 0
            : proofLength(
                header.opsCount,
                ops.map(({ index }) => index),
              ),
        );
      }),
    );
  });

  test("is refused when any byte is missing or one is added", () => {
    const bytes = parcel([u16(2, 0, 2), opOf("a"), opOf("c"), hash()]);
    for (let length = 0; length < bytes.length; length++) expect(codeOf(bytes.subarray(0, length))).toBe("malformed");
    expect(codeOf(concat([bytes, new Uint8Array(1)]))).toBe("malformed");
  });

  test("has 123 bytes of header in front of 64 of signature", () => {
    const bytes = parcel([u16(3), ...abc]);
    const decoded = decodeParcel(bytes);
    expect(encodeHeader(header()).length).toBe(123);
    expect(decoded.ok && toHex(decoded.value.signedHeader)).toBe(toHex(bytes.subarray(0, signedHeaderBytes)));
  });

  test("is kept as views of the bytes received", () => {
    const bytes = parcel([u16(3), ...abc]);
    const decoded = decodeParcel(bytes);
    expect(decoded.ok && decoded.value.ops.every((op) => op.bytes.buffer === bytes.buffer)).toBe(true);
  });
});

describe("a parcel is accepted", () => {
  test.each<[string, Bytes]>([
    ["whole", parcel([u16(3), ...abc])],
    ["as a fragment with its first operation", parcel([u16(1, 0), opOf("a"), hash(), hash()])],
    ["as a fragment with its last operation", parcel([u16(1, 2), opOf("c"), hash()])],
    ["as a fragment with a gap", parcel([u16(2, 0, 2), opOf("a"), opOf("c"), hash()])],
    ["with sequence 2^53 - 2", parcel([u16(3), ...abc], { sequence: 2 ** 53 - 2 })],
    ["with stamp 0", parcel([u16(3), ...abc], { stamp: 0 as BatchHeader["stamp"] })],
    ["with 1,000 operations", parcel([u16(1_000), ...anyOps(new Prng(1), 1_000)], { opsCount: 1_000 })],
    ["whose keys begin alike", parcel([u16(3), opOf("a"), opOf("a "), opOf("aa")])],
  ])("%s", (_, bytes) => {
    expect(codeOf(bytes)).toBe("ok");
  });
});

describe("a parcel is malformed", () => {
  test.each<[string, Bytes]>([
    ["with sequence 0", parcel([u16(3), ...abc], { sequence: 0 })],
    ["with sequence 2^53 - 1", parcel([u16(3), ...abc], { sequence: 2 ** 53 - 1 })],
    ["with no operations announced", parcel([u16(0)], { opsCount: 0 })],
    ["with 1,001 operations announced", parcel([u16(1_001), ...anyOps(new Prng(1), 1_001)], { opsCount: 1_001 })],
    ["with none present", parcel([u16(0), hash()])],
    ["with more present than it has", parcel([u16(4), ...abc, opOf("d")])],
    ["with indices although it is whole", parcel([u16(3, 0, 1, 2), ...abc])],
    ["with an index twice", parcel([u16(2, 0, 0), opOf("a"), opOf("b"), hash()])],
    ["with descending indices", parcel([u16(2, 2, 0), opOf("a"), opOf("c"), hash()])],
    ["with an index behind its end", parcel([u16(1, 3), opOf("a"), hash(), hash()])],
    ["with unsorted keys", parcel([u16(3), opOf("b"), opOf("a"), opOf("c")])],
    ["with a key twice", parcel([u16(3), opOf("a"), opOf("a"), opOf("c")])],
    [
      "with keys sorted by UTF-16 instead of bytes",
      parcel([u16(2), opOf("\u{10000}"), opOf("\uffff")], { opsCount: 2 }),
    ],
    ["with a proof hash too few", parcel([u16(1, 0), opOf("a"), hash()])],
    ["with a proof hash too many", parcel([u16(1, 0), opOf("a"), hash(), hash(), hash()])],
    ["with a proof although it is whole", parcel([u16(3), ...abc, hash()])],
    ["with a byte behind the end", parcel([u16(3), ...abc, new Uint8Array(1)])],
    ["with an operation of an unknown kind", parcel([u16(3), opOf("a"), new Uint8Array([3, 0, 1, 98]), opOf("c")])],
    ["of no bytes", new Uint8Array(0)],
  ])("%s", (_, bytes) => {
    expect(codeOf(bytes)).toBe("malformed");
  });

  test.each([
    ["sequence", 73],
    ["stamp", 81],
  ])("with a %s of 2^53", (_, at) => {
    const bytes = parcel([u16(3), ...abc]);
    bytes.set([0, 0x20, 0, 0, 0, 0, 0, 0], at);
    expect(codeOf(bytes)).toBe("malformed");
  });
});

describe("versions and sizes", () => {
  test.each([0, 2, 255])("version %d is unknown, whatever follows", (version) => {
    expect(codeOf(new Uint8Array([version]))).toBe("versionUnknown");
    expect(codeOf(concat([new Uint8Array([version]), anyParcel(new Prng(1)).subarray(1)]))).toBe("versionUnknown");
  });

  test("a batch has 900 KiB and no more", () => {
    // 14 values of 64 KiB are 896 KiB: the rest comes from longer keys.
    const ops = Array.from({ length: 14 }, (_, i) => opOf(`${String(i).padStart(2, "0")}${"k".repeat(254)}`, 65_536));
    const rest = batchBytesMax - signedHeaderBytes - 2 - ops.reduce((sum, op) => sum + op.length, 0) - 10;
    const full = parcel([u16(15), ...ops, opOf("zzz", rest)], { opsCount: 15 });
    const over = parcel([u16(15), ...ops, opOf("zzz", rest + 1)], { opsCount: 15 });
    expect([full.length, codeOf(full)]).toEqual([batchBytesMax, "ok"]);
    expect([over.length, codeOf(over)]).toEqual([batchBytesMax + 1, "tooLarge"]);
  });

  test("more bytes than any fragment has are refused unread", () => {
    expect(codeOf(new Uint8Array(parcelBytesMax + 1))).toBe("tooLarge");
    expect(codeOf(new Uint8Array(parcelBytesMax))).toBe("versionUnknown");
  });
});

test("the key of an encoded operation is found without decoding it", () => {
  expect(Buffer.from(keyOf(opOf("日本", 9))).toString()).toBe("日本");
});

test("wrong lengths of identifiers are faults of the program", () => {
  expect(() => encodeHeader(header({ network: "ab" as BatchHeader["network"] }))).toThrow("32 bytes of hex");
  expect(() => encodeParcel(new Uint8Array(187), 1, [], [])).toThrow("between one and all");
});
