import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyAdmit } from "../../tools/fuzz/samples.ts";
import type { Instant, NetworkId } from "../base/brand.ts";
import { type Bytes, concat, toHex, utf8Encode } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { type AdmitMessage, type Hello, decodeAdmit, encodeAdmit, goodbyeCodes } from "./admit.ts";
import { admitFrameBytesMax, agentBytesMax, reasonBytesMax } from "./limits.ts";

const hello: Hello = {
  type: "hello",
  version: 1,
  network: "aa".repeat(32) as NetworkId,
  session: "bb".repeat(8),
  clock: 1_700_000_000_000 as Instant,
  agent: "p2p-sync/0.1.0",
};
const goodbye = (reason: string): AdmitMessage => ({ type: "goodbye", code: "clock", retryAfterSeconds: 9, reason });
const codeOf = (bytes: Bytes): string => {
  const decoded = decodeAdmit(bytes);
  return decoded.ok ? "ok" : decoded.code;
};
const back = (message: AdmitMessage): unknown => {
  const decoded = decodeAdmit(encodeAdmit(message));
  return decoded.ok ? decoded.value : decoded.code;
};

describe("words of admission", () => {
  test("come back equal", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const message = anyAdmit(new Prng(seed));
        expect(back(message)).toEqual(message);
      }),
    );
  });

  test("have their one form", () => {
    expect(toHex(encodeAdmit({ type: "welcome" }))).toBe("02");
    expect(toHex(encodeAdmit(goodbye("no")))).toBe("03050000000900026e6f");
    expect(toHex(encodeAdmit(hello))).toBe(
      `0101${hello.network}${hello.session}0000018bcfe568000e${toHex(utf8Encode(hello.agent))}`,
    );
  });

  test("of another version are read no further than the version, whatever else they say", () => {
    const longer = concat([encodeAdmit(hello), utf8Encode("and more")]);
    longer[1] = 2;
    expect(decodeAdmit(longer)).toEqual({
      ok: true,
      value: { type: "foreignHello", version: 2, rest: longer.subarray(2) },
    });
    expect(codeOf(Uint8Array.of(1, 2))).toBe("ok");
    expect(codeOf(concat([encodeAdmit(hello), utf8Encode("and more")]))).toBe("malformed");
  });

  // The number of a code on the wire is its place in the list; a code that moves breaks old nodes.
  test("keep the numbers of the goodbye codes", () => {
    const numbers = goodbyeCodes.map(
      (code) => encodeAdmit({ type: "goodbye", code, retryAfterSeconds: 0, reason: "" })[1],
    );
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(goodbyeCodes[1]).toBe("wrongNetwork");
    expect(goodbyeCodes.slice(9)).toEqual(["full", "banned", "failed"]);
  });

  test.each([
    ["as long as may be", "a".repeat(agentBytesMax), "a".repeat(agentBytesMax)],
    ["one byte over", "a".repeat(agentBytesMax + 1), "a".repeat(agentBytesMax)],
    ["a character that would be cut", `${"a".repeat(agentBytesMax - 1)}ä`, "a".repeat(agentBytesMax - 1)],
    ["only long characters", "😀".repeat(40), "😀".repeat(16)],
    ["half a surrogate pair", "a\ud800", "a\ufffd"],
  ])("an agent %s is sent whole characters only", (_, agent, sent) => {
    expect(back({ ...hello, agent })).toEqual({ ...hello, agent: sent });
  });

  test("a reason is clipped to 256 bytes", () => {
    expect(back(goodbye("r".repeat(reasonBytesMax)))).toEqual(goodbye("r".repeat(reasonBytesMax)));
    expect(back(goodbye("日".repeat(5_000)))).toEqual(goodbye("日".repeat(85)));
  });

  test.each<[string, Bytes, string]>([
    ["tag 0", new Uint8Array([0]), "malformed"],
    ["tag 4", new Uint8Array([4]), "malformed"],
    ["no bytes", new Uint8Array(0), "malformed"],
    ["a welcome with more", new Uint8Array([2, 0]), "malformed"],
    ["an unknown goodbye code", encodeAdmit(goodbye("")).with(1, goodbyeCodes.length), "malformed"],
    [
      "a reason of 257 bytes",
      concat([new Uint8Array([3, 0, 0, 0, 0, 0, 1, 1]), new Uint8Array(257).fill(97)]),
      "malformed",
    ],
    [
      "an agent of 65 bytes",
      concat([encodeAdmit({ ...hello, agent: "" }).with(50, 65), new Uint8Array(65).fill(97)]),
      "malformed",
    ],
    ["ill-formed UTF-8", encodeAdmit(goodbye("ab")).with(8, 0xff), "malformed"],
    ["a clock of 2^53", encodeAdmit(hello).with(43, 0x20), "malformed"],
    ["a byte behind the end", concat([encodeAdmit(hello), new Uint8Array(1)]), "malformed"],
    ["a frame over its limit", new Uint8Array(admitFrameBytesMax + 1).fill(2), "tooLarge"],
  ])("%s is refused", (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test("a hello cut anywhere is malformed", () => {
    const bytes = encodeAdmit(hello);
    for (let length = 0; length < bytes.length; length++) expect(codeOf(bytes.subarray(0, length))).toBe("malformed");
  });

  test("a hello of another version is read, so that it can be answered", () => {
    expect(back({ ...hello, version: 9 })).toMatchObject({ version: 9 });
  });
});
