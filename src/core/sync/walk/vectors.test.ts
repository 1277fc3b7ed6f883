/** The published vectors, read as a stranger would read them: with the decoder, the hashes and the file alone. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { WalkVector, WalkVectorSet } from "../../../../tools/docs/walk-vectors.ts";
import { compareBytes, concat, fromHex, toHex, utf8Encode } from "../../../base/bytes.ts";
import { decodeWalk } from "../../../codec/walk.ts";
import { sha256 } from "../../../crypto/hash.ts";

const file = new URL("../../../../docs/protocol/vectors/walk.json", import.meta.url);
const { walks } = JSON.parse(readFileSync(file, "utf8")) as { readonly walks: readonly WalkVector[] };
const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array(0);

describe.each(walks.map((walk) => [walk.name, walk] as const))("the walk between %s", (_, walk) => {
  const frames = walk.frames.flatMap((each) => {
    if (!("frame" in each)) return [];
    const decoded = decodeWalk(bytes(each.frame));
    return decoded.ok ? [{ from: each.from, message: decoded.value }] : [];
  });

  test("has frames that are understood, and tells both roots", () => {
    expect(frames).toHaveLength(walk.frames.filter((each) => "frame" in each).length);
    const beacons = frames.flatMap(({ message }) =>
      message.type === "open" || message.type === "opened" ? [message.beacon] : [],
    );
    expect(beacons.map(({ summary }) => toHex(summary.root))).toEqual([walk.asker.root, walk.server.root]);
    expect(beacons.map(({ summary }) => summary.count)).toEqual(
      [walk.asker, walk.server].map(({ versions }) => Object.keys(versions).length),
    );
    expect(frames.at(-1)).toMatchObject({ from: "asker", message: { type: "close" } });
  });

  test("brings exactly the versions the asker lacks", () => {
    const { asker, server } = walk;
    const lacking = Object.keys(server.versions).filter((key) => asker.versions[key] !== server.versions[key]);
    const brought = walk.frames.flatMap((each) => ("parcels" in each ? each.parcels : []));
    expect([...brought].sort()).toEqual([...lacking].sort());
  });

  test("has entries whose bucket hashes to the root, where they are few enough for one", () => {
    for (const set of [walk.asker, walk.server].filter(({ versions }) => Object.keys(versions).length <= 16))
      expect(rootOfFew(set)).toBe(set.root);
  });
});

function rootOfFew({ versions }: WalkVectorSet): string {
  const packed = Object.entries(versions).map(([key, version]) => {
    const position = sha256(utf8Encode(key));
    return concat([position, sha256(concat([Uint8Array.of(2), sha256(utf8Encode(`${version}`)), position]))]);
  });
  return toHex(sha256(concat([Uint8Array.of(3, packed.length), ...packed.sort(compareBytes)])));
}
