import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyWalk, anyWalkNode } from "../../tools/fuzz/samples.ts";
import { type Bytes, concat } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { walkEntriesMax, walkFrameBytesMax, walkNodesMax } from "./limits.ts";
import { type WalkNode, cutPosition, decodeWalk, encodeWalk, walkNodeBytes } from "./walk.ts";

const codeOf = (bytes: Bytes): string => {
  const decoded = decodeWalk(bytes);
  return decoded.ok ? "ok" : decoded.code;
};
const children = (path: string, present = 16): WalkNode => ({
  type: "children",
  path,
  hashes: Array.from({ length: 16 }, (_, digit) => (digit < present ? new Uint8Array(16).fill(digit) : undefined)),
});
const entries = (count: number): WalkNode => ({
  type: "entries",
  path: "a",
  entries: Array.from({ length: count }, (_, i) => ({
    position: new Uint8Array(8).fill(i),
    digest: new Uint8Array(16),
  })),
});
const ask = (...nodes: readonly WalkNode[]): Bytes => encodeWalk({ type: "ask", session: 1, request: 2, nodes });

describe("messages of a walk", () => {
  test("come back equal", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const message = anyWalk(new Prng(seed));
        const bytes = encodeWalk(message);
        const decoded = decodeWalk(bytes);
        expect(decoded.ok).toBe(true);
        const again = decoded.ok && decoded.value.type !== "parcels" ? encodeWalk(decoded.value) : bytes;
        expect(again).toEqual(bytes);
      }),
    );
  });

  test("are refused cut short, with a byte more, and of an unknown kind", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), (seed, cut) => {
        const bytes = encodeWalk(anyWalk(new Prng(seed)));
        for (const broken of [concat([bytes, new Uint8Array(1)]), bytes.subarray(0, cut % bytes.length)])
          expect(codeOf(broken)).toBe(broken.length > walkFrameBytesMax ? "tooLarge" : "malformed");
      }),
    );
    for (const tag of [0, 9, 255]) expect(codeOf(Uint8Array.of(tag, 0, 0, 0, 1))).toBe("malformed");
  });

  test("take as many bytes for a node as is said", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const node = anyWalkNode(new Prng(seed));
        expect(ask(node).length - ask(entries(0)).length).toBe(walkNodeBytes(node) - walkNodeBytes(entries(0)));
      }),
    );
  });

  test.each<[string, Bytes]>([
    [
      "a path of more digits than a position",
      Uint8Array.of(3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 65, ...new Uint8Array(33), 0, 0, 0),
    ],
    ["a second half of a last byte that is not zero", Uint8Array.of(3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 1, 0xa1, 0, 0, 0)],
    ["an unknown kind of node", Uint8Array.of(3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 2, 0)],
    ["no node asked for", Uint8Array.of(3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0)],
    [
      "entries out of order",
      ask({
        ...entries(3),
        entries: (entries(3) as Extract<WalkNode, { type: "entries" }>).entries.toReversed(),
      } as WalkNode),
    ],
    ["an ending that has no name", Uint8Array.of(8, 0, 0, 0, 1, 2)],
    ["no parcels", Uint8Array.of(5, 0, 0, 0, 1, 0, 0)],
  ])("are refused with %s", (_, bytes) => {
    expect(codeOf(bytes)).toBe("malformed");
  });

  test("hold the largest of each, and one more is refused", () => {
    expect(codeOf(ask(...new Array<WalkNode>(40).fill(entries(walkEntriesMax))))).toBe("ok");
    expect(codeOf(ask(entries(walkEntriesMax + 1)))).toBe("malformed");
    expect(codeOf(ask(...new Array<WalkNode>(walkNodesMax).fill(entries(0))))).toBe("ok");
    expect(codeOf(ask(...new Array<WalkNode>(walkNodesMax + 1).fill(entries(0))))).toBe("malformed");
    const answer = encodeWalk({
      type: "answer",
      session: 1,
      request: 2,
      nodes: new Array(12 * 16).fill(children("0".repeat(10))) as Extract<WalkNode, { type: "children" }>[],
    });
    expect(answer.length).toBeLessThan(64 * 1024);
    expect(codeOf(answer)).toBe("ok");
    expect(codeOf(new Uint8Array(walkFrameBytesMax + 1).fill(5))).toBe("tooLarge");
  });
});

test("a position is cut behind what its path says, and always to 8 bytes", () => {
  const position = Uint8Array.from({ length: 32 }, (_, i) => i);
  for (const [path, first] of [
    ["", 0],
    ["0", 0],
    ["00", 1],
    ["000", 1],
    ["0".repeat(64), 24],
  ] as const)
    expect([...cutPosition(position, path)]).toEqual(Array.from({ length: 8 }, (_, i) => first + i));
});
