import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyHeader, anyParcel } from "../../tools/fuzz/samples.ts";
import { type Bytes, concat } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { decodeGossip, encodeGossip, fitsGossip, gossipOverheadBytes, gossipPreambleBytes } from "./gossip.ts";
import { batchBytesMax, batchOpsMax, gossipBytesMax, messageOpsMax } from "./limits.ts";
import { encodeOp } from "./op.ts";
import { encodeHeader, encodeParcel } from "./parcel.ts";

const batches = (seed: number, count: number): readonly Bytes[] => {
  const prng = new Prng(seed);
  return Array.from({ length: count }, () => anyParcel(prng, "whole"));
};
/** A batch of so many of the smallest operations. */
const ofOps = (count: number): Bytes => {
  const ops = Array.from({ length: count }, (_, index) => {
    const key = index.toString(16).padStart(3, "0");
    return {
      index,
      bytes: encodeOp({ key, content: { type: "tombstone" }, ttlSeconds: undefined, replaces: undefined }),
    };
  });
  return encodeParcel(concat([encodeHeader(anyHeader(new Prng(1), count)), new Uint8Array(64)]), count, ops, []);
};
const smallest = ofOps(1);
const codeOf = (bytes: Bytes): string => {
  const decoded = decodeGossip(bytes);
  return decoded.ok ? "ok" : decoded.code;
};

describe("a gossip message", () => {
  test("brings its batches in their order", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), (seed, count) => {
        const sent = batches(seed, count);
        const bytes = encodeGossip(sent);
        const decoded = decodeGossip(bytes);
        if (!decoded.ok) throw new Error(decoded.code);
        expect(decoded.value.map(({ signedHeader }) => signedHeader)).toEqual(
          sent.map((batch) => batch.subarray(0, 187)),
        );
        const size = sent.reduce((sum, batch) => sum + batch.length + gossipOverheadBytes, gossipPreambleBytes);
        expect(bytes.length).toBe(size);
      }),
      { numRuns: 50 },
    );
  });

  test("holds 4,096 operations in all its batches and no more", () => {
    const full = new Array<Bytes>(messageOpsMax).fill(smallest);
    expect(codeOf(encodeGossip(full))).toBe("ok");
    expect(codeOf(encodeGossip([...full, smallest]))).toBe("tooLarge");
    const largest = new Array<Bytes>(Math.floor(messageOpsMax / batchOpsMax)).fill(ofOps(batchOpsMax));
    const rest = messageOpsMax % batchOpsMax;
    expect(codeOf(encodeGossip([...largest, ofOps(rest)]))).toBe("ok");
    expect(codeOf(encodeGossip([...largest, ofOps(rest + 1)]))).toBe("tooLarge");
    expect(messageOpsMax, "the largest batch is sent alone").toBeGreaterThanOrEqual(batchOpsMax);
  });

  test("of more operations is refused before one of them is decoded", () => {
    const tooMany = encodeGossip(new Array<Bytes>(200).fill(ofOps(batchOpsMax)));
    expect(codeOf(tooMany.fill(0xff, 3 + 4 + 189, 3 + 4 + 400))).toBe("tooLarge");
    expect(codeOf(encodeGossip([smallest.with(187, 0xff)])), "it only says so").toBe("tooLarge");
  });

  test.each<[string, Bytes, string]>([
    ["without batches", encodeGossip([]), "malformed"],
    ["with a byte behind the end", concat([encodeGossip([smallest]), new Uint8Array(1)]), "malformed"],
    ["with a length that is one too small", encodeGossip([smallest]).with(6, smallest.length - 1), "malformed"],
    ["with a length that is one too large", encodeGossip([smallest]).with(6, smallest.length + 1), "malformed"],
    ["cut in its second batch", encodeGossip([smallest, smallest]).subarray(0, -1), "malformed"],
    ["with fewer batches than announced", encodeGossip([smallest]).with(2, 2), "malformed"],
    ["with a batch of another version", encodeGossip([smallest.with(0, 2)]), "malformed"],
    ["of version 0", encodeGossip([smallest]).with(0, 0), "versionUnknown"],
    ["of version 2", encodeGossip([smallest]).with(0, 2), "versionUnknown"],
    ["of no bytes", new Uint8Array(0), "versionUnknown"],
    ["over 1 MiB", new Uint8Array(gossipBytesMax + 1).fill(1), "tooLarge"],
  ])("%s is refused", (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test("carries whole batches only", () => {
    const prng = new Prng(3);
    let fragment = anyParcel(prng);
    while (codeOf(encodeGossip([fragment])) === "ok") fragment = anyParcel(prng);
    expect(codeOf(encodeGossip([smallest, fragment]))).toBe("malformed");
  });
});

describe("room in a message", () => {
  test.each([
    ["the largest batch fits an empty message", gossipPreambleBytes, batchBytesMax, true],
    ["a larger one never fits", gossipPreambleBytes, batchBytesMax + 1, false],
    ["up to the last byte", gossipBytesMax - 204, 200, true],
    ["and not one more", gossipBytesMax - 203, 200, false],
  ])("%s", (_, lengthBytes, batchLengthBytes, fits) => {
    expect(fitsGossip(lengthBytes, batchLengthBytes)).toBe(fits);
  });
});
