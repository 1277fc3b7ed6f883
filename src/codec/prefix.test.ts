import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyKey, anyPrefixAnswer } from "../../tools/fuzz/samples.ts";
import { type Bytes, concat, utf8Encode } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { decodeFrontier } from "./frontier.ts";
import { encodeSummarise, encodeSummarised } from "./prefix.ts";

const anySession = fc.integer({ min: 0, max: 0xffff_ffff });
const codeOf = (bytes: Bytes): string => {
  const decoded = decodeFrontier(bytes);
  return decoded.ok ? "ok" : decoded.code;
};
const raw = (length: number, text: Bytes): Bytes =>
  concat([Uint8Array.of(6, 0, 0, 0, 1, length >> 8, length & 0xff), text]);
const whole = encodeSummarised(1, { status: "whole", summary: { count: 5, digest: new Uint8Array(32).fill(7) } });

test("questions and answers come back equal", () => {
  fc.assert(
    fc.property(fc.integer(), anySession, (seed, session) => {
      const prng = new Prng(seed);
      const [prefix, answer] = [anyKey(prng), anyPrefixAnswer(prng)];
      expect(decodeFrontier(encodeSummarise(session, prefix))).toEqual({
        ok: true,
        value: { type: "summarise", session, prefix },
      });
      expect(decodeFrontier(encodeSummarised(session, answer))).toEqual({
        ok: true,
        value: { type: "summarised", session, answer },
      });
    }),
  );
});

describe("of what is no message", () => {
  test.each<[string, Bytes]>([
    ["an empty prefix", raw(0, new Uint8Array())],
    ["one of 257 bytes", raw(257, utf8Encode("x".repeat(257)))],
    ["one that is no UTF-8", raw(1, Uint8Array.of(0xff))],
    ["one with a control character", raw(1, Uint8Array.of(7))],
    ["one shorter than it says", raw(5, utf8Encode("abc"))],
    ["one longer than it says", raw(2, utf8Encode("abc"))],
    ["an unknown status", whole.with(5, 3)],
    ["a count where nothing was counted", whole.with(5, 1)],
    ["a digest where nothing was counted", encodeSummarised(1, { status: "busy" }).with(45, 1)],
    ["a count of 2^53", whole.with(7, 0x20)],
    ["a byte behind the end", concat([whole, new Uint8Array(1)])],
  ])("%s is refused", (_, bytes) => {
    expect(codeOf(bytes)).toBe("malformed");
  });

  test("nothing cut short is taken", () => {
    for (const bytes of [encodeSummarise(1, "abc"), whole])
      for (let length = 0; length < bytes.length; length++) expect(codeOf(bytes.subarray(0, length))).toBe("malformed");
  });

  test("a prefix of 256 bytes is taken, and the empty one is a fault of the program", () => {
    expect(codeOf(encodeSummarise(1, "x".repeat(256)))).toBe("ok");
    expect(() => encodeSummarise(1, "")).toThrow("a prefix is the beginning of a key");
  });
});
