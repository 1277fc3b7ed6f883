import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyBeacon, anyOrigins, anyParcel, anyRanges } from "../../tools/fuzz/samples.ts";
import type { Author, Incarnation, Instant } from "../base/brand.ts";
import { type Bytes, concat } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import {
  type Beacon,
  type OriginRanges,
  decodeFrontier,
  encodeDone,
  encodeFresh,
  encodeMore,
  encodeParcels,
  encodePull,
  encodeSuperseded,
} from "./frontier.ts";
import { frontierFrameBytesMax, frontierOriginsMax, frontierRangesMax } from "./limits.ts";
import type { Range } from "./ranges-wire.ts";

const anySeed = fc.integer();
const anySession = fc.integer({ min: 0, max: 0xffff_ffff });
const beacon: Beacon = {
  clock: 5 as Instant,
  summary: { count: 6, root: new Uint8Array(32).fill(7) },
  stale: false,
  full: false,
  heldBack: 0,
};
const origin = (ranges: readonly Range[]): OriginRanges => ({
  author: "aa".repeat(32) as Author,
  incarnation: "bb".repeat(8) as Incarnation,
  ranges,
});
const codeOf = (bytes: Bytes): string => {
  const decoded = decodeFrontier(bytes);
  return decoded.ok ? "ok" : decoded.code;
};
const singles = (count: number): readonly Range[] =>
  Array.from({ length: count }, (_, i) => [2 * i + 1, 2 * i + 1] as const);

describe("messages of the frontier come back equal", () => {
  test("pull", () => {
    fc.assert(
      fc.property(anySeed, anySession, fc.boolean(), (seed, session, last) => {
        const prng = new Prng(seed);
        const message = { type: "pull", session, beacon: anyBeacon(prng), last, origins: anyOrigins(prng) } as const;
        const bytes = encodePull(session, message.beacon, last, message.origins);
        expect(decodeFrontier(bytes)).toEqual({ ok: true, value: message });
      }),
    );
  });

  test("superseded", () => {
    fc.assert(
      fc.property(anySeed, anySession, (seed, session) => {
        const origins = anyOrigins(new Prng(seed));
        const isEmpty = origins.length === 0; // a frame that says nothing is refused
        const expected = isEmpty
          ? { ok: false, code: "malformed" }
          : { ok: true, value: { type: "superseded", session, origins } };
        expect(decodeFrontier(encodeSuperseded(session, origins))).toEqual(expected);
      }),
    );
  });

  test("done and more", () => {
    fc.assert(
      fc.property(
        anySeed,
        anySession,
        fc.constantFrom("complete" as const, "busy" as const),
        (seed, session, status) => {
          const done = { type: "done", session, beacon: anyBeacon(new Prng(seed)), status } as const;
          expect(decodeFrontier(encodeDone(session, done.beacon, status))).toEqual({ ok: true, value: done });
          expect(decodeFrontier(encodeMore(session))).toEqual({ ok: true, value: { type: "more", session } });
        },
      ),
    );
  });

  test("parcels, fragments among them", () => {
    fc.assert(
      fc.property(anySeed, anySession, (seed, session) => {
        const prng = new Prng(seed);
        const parcels = Array.from({ length: 3 }, () => anyParcel(prng));
        const decoded = decodeFrontier(encodeParcels(session, parcels));
        if (!decoded.ok || decoded.value.type !== "parcels") throw new Error("not decoded");
        expect(decoded.value.session).toBe(session);
        expect(decoded.value.parcels.map(({ signedHeader }) => signedHeader)).toEqual(
          parcels.map((each) => each.subarray(0, 187)),
        );
      }),
      { numRuns: 30 },
    );
  });
});

test("what waited for a member is one gossip message behind a session of 0", () => {
  const bytes = encodeFresh(Uint8Array.of(7, 8));
  expect([...bytes]).toEqual([9, 0, 0, 0, 0, 7, 8]);
  expect(decodeFrontier(bytes)).toEqual({ ok: true, value: { type: "fresh", payload: Uint8Array.of(7, 8) } });
  expect(codeOf(bytes.with(4, 1))).toBe("malformed");
});

describe("limits of the frontier", () => {
  test.each<[string, Bytes]>([
    ["4,096 origins", encodeSuperseded(1, new Array<OriginRanges>(frontierOriginsMax).fill(origin([[1, 1]])))],
    ["65 ranges", encodeSuperseded(1, [origin(singles(frontierRangesMax))])],
    ["an origin without ranges", encodePull(1, beacon, true, [origin([])])],
    ["a range up to 2^53 - 2", encodeSuperseded(1, [origin([[1, 2 ** 53 - 2]])])],
    ["the largest session", encodeMore(0xffff_ffff)],
    ["4,096 origins of 65 ranges", encodeSuperseded(1, new Array<OriginRanges>(4_096).fill(origin(singles(65))))],
  ])("%s is accepted", (_, bytes) => {
    expect(bytes.length).toBeLessThanOrEqual(frontierFrameBytesMax);
    expect(codeOf(bytes)).toBe("ok");
  });

  test.each<[string, Bytes, string]>([
    [
      "4,097 origins",
      encodeSuperseded(1, new Array<OriginRanges>(frontierOriginsMax + 1).fill(origin([[1, 1]]))),
      "malformed",
    ],
    ["66 ranges", encodeSuperseded(1, [origin(singles(frontierRangesMax + 1))]), "malformed"],
    ["a range to 2^53 - 1", encodeSuperseded(1, [origin([[1, 2 ** 53 - 1]])]), "malformed"],
    ["no parcels", encodeParcels(1, []), "malformed"],
    ["a malformed parcel", encodeParcels(1, [new Uint8Array(200).fill(1)]), "malformed"],
    ["a byte behind the end", concat([encodeMore(1), new Uint8Array(1)]), "malformed"],
    ["a `last` of 2", encodePull(1, beacon, true, []).with(56, 2), "malformed"],
    ["an unknown status", encodeDone(1, beacon, "busy").with(56, 2), "malformed"],
    ["tag 0", encodeMore(1).with(0, 0), "malformed"],
    ["tag 8", encodeMore(1).with(0, 8), "malformed"],
    ["no bytes", new Uint8Array(0), "malformed"],
    ["a clock of 2^53", encodeDone(1, beacon, "busy").with(6, 0x20), "malformed"],
    ["a frame over its limit", new Uint8Array(frontierFrameBytesMax + 1), "tooLarge"],
  ])("%s is refused", (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test.each<[string, readonly Range[]]>([
    ["from 0", [[0, 1]]],
    ["that end before they begin", [[3, 2]]],
    ["that touch", singles(2).map(([at]) => [at, at + 1] as const)],
    [
      "that overlap",
      [
        [1, 5],
        [4, 9],
      ],
    ],
    [
      "out of order",
      [
        [7, 9],
        [1, 2],
      ],
    ],
  ])("ranges %s cannot be written", (_, ranges) => {
    expect(() => encodeSuperseded(1, [origin(ranges)])).toThrow("an unsigned number");
  });

  test("a message cut anywhere is malformed", () => {
    for (const bytes of [
      encodePull(1, beacon, true, [
        origin([
          [1, 2],
          [9, 9],
        ]),
      ]),
      encodeDone(1, beacon, "complete"),
    ]) {
      for (let length = 0; length < bytes.length; length++) expect(codeOf(bytes.subarray(0, length))).toBe("malformed");
    }
  });

  test("what this node itself says of its holdings fits its own decoder", () => {
    const ranges = anyRanges(new Prng(4), frontierRangesMax);
    expect(codeOf(encodePull(1, beacon, true, new Array<OriginRanges>(900).fill(origin(ranges))))).toBe("ok");
  });

  test("wrong lengths are faults of the program", () => {
    expect(() => encodeSuperseded(1, [{ ...origin([]), author: "aa" as Author }])).toThrow("an origin is 40 bytes");
    expect(() => encodeDone(1, { ...beacon, summary: { count: 0, root: new Uint8Array(31) } }, "busy")).toThrow(
      "a root is 32 bytes",
    );
  });
});

test("what a beacon tells beyond the two things known is refused", () => {
  const done = encodeDone(1, { ...beacon, stale: true, full: true }, "complete");
  const flagsAt = 1 + 4 + 8 + 8 + 32;
  expect(done[flagsAt]).toBe(3);
  expect(codeOf(done)).toBe("ok");
  done[flagsAt] = 4;
  expect(codeOf(done)).toBe("malformed");
});
