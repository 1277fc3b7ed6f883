import { describe, expect, test } from "vitest";
import type { Author, Incarnation, Instant, NetworkId, PeerId } from "../../base/brand.ts";
import { toHex } from "../../base/bytes.ts";
import { decodeGossip, encodeGossip } from "../../codec/gossip.ts";
import { encodeParcel } from "../../codec/parcel.ts";
import type { Range } from "../../codec/ranges-wire.ts";
import type { Arrival } from "../../ports/store.ts";
import type { Signer } from "../../crypto/ed25519.ts";
import { type CheckedParcel, checkParcel, makeBatch } from "./batch.ts";
import { HeldBack, aheadMs } from "./held-back.ts";
import { heldBackBytesMax, heldBackPerAuthorMax, stampAheadMsMax } from "./limits.ts";
import { stampOf } from "./stamp.ts";

const now = 1_000_000 as Instant;
const at = (ms: number): Instant => (now + ms) as Instant;
const incarnation = "22".repeat(8) as Incarnation;
const network = "11".repeat(32) as NetworkId;
const signerOf = (author: number): Signer => ({
  author: author.toString(16).padStart(64, "0") as Author,
  sign: () => new Uint8Array(64),
});

function batchAt(instant: Instant, author = 1, sequence = 1, values: readonly number[] = [1]): CheckedParcel {
  const ops = values.map((size, i) => ({
    key: `k${i}`,
    content: { type: "value" as const, value: new Uint8Array(size) },
    ttlSeconds: undefined,
    replaces: undefined,
  }));
  const numbers = { network, incarnation, sequence, stamp: stampOf(instant) };
  const made = makeBatch(ops, numbers, signerOf(author));
  if (!made.ok) throw new Error(made.code);
  return made.value.parcel;
}
const large = (author: number, sequence: number): CheckedParcel =>
  batchAt(at(90_000), author, sequence, new Array<number>(13).fill(65_536));

const arrival: Arrival = { at: now, via: { type: "gossip", peer: "12D3KooW" as PeerId } };

const bytesOf = ({ signedHeader, header, ops, proof }: CheckedParcel): Uint8Array =>
  encodeParcel(signedHeader, header.opsCount, ops, proof);
/** What a parcel says, whatever memory it lies in. */
const said = (parcel: CheckedParcel): unknown => [parcel.id, parcel.latest, toHex(bytesOf(parcel))];

describe("how far ahead a batch is", () => {
  test.each([
    ["30 s are allowed", stampAheadMsMax, 0],
    ["one ms more is not", stampAheadMsMax + 1, 1],
    ["the past is no question", -5_000, -35_000],
  ])("%s", (_, ms, ahead) => {
    expect(aheadMs(batchAt(at(ms)), now)).toBe(ahead);
  });

  test("is measured by its latest operation, not by its header", () => {
    const numbers = { network, incarnation, sequence: 1, stamp: stampOf(now) };
    const replaces = { stamp: stampOf(at(40_000)), batch: "ab".repeat(32) as CheckedParcel["id"] };
    const made = makeBatch(
      [{ key: "k", content: { type: "tombstone" }, ttlSeconds: undefined, replaces }],
      numbers,
      signerOf(1),
    );
    expect(made.ok && aheadMs(made.value.parcel, now)).toBe(10_000);
  });
});

describe("batches held back", () => {
  test("are released exactly when their time has come", () => {
    const heldBack = new HeldBack();
    const [soon, late] = [batchAt(at(31_000), 1, 1), batchAt(at(90_000), 1, 2)];
    expect([heldBack.hold(late, arrival), heldBack.hold(soon, arrival)]).toEqual(["heldBack", "heldBack"]);
    expect([heldBack.count, heldBack.nextRelease()]).toEqual([2, at(1_000)]);
    expect(heldBack.release(at(999))).toEqual([]);
    expect(heldBack.release(at(1_000)).map(({ parcel }) => said(parcel))).toEqual([said(soon)]);
    expect([heldBack.count, heldBack.nextRelease()]).toEqual([1, at(60_000)]);
    expect(heldBack.release(at(60_000))).toEqual([
      { parcel: expect.objectContaining({ id: late.id }) as unknown, arrival },
    ]);
    expect([heldBack.count, heldBack.nextRelease()]).toEqual([0, undefined]);
  });

  test("lie in memory of their own: a small batch does not keep the large message it came in", () => {
    const message = encodeGossip([bytesOf(large(2, 1)), bytesOf(batchAt(at(90_000)))]);
    const decoded = decodeGossip(message);
    const checked = checkParcel((decoded.ok ? decoded.value[1] : undefined)!, network);
    if (!checked.ok) throw new Error(checked.code);
    const heldBack = new HeldBack();
    heldBack.hold(checked.value, arrival);
    const kept = heldBack.release(at(90_000))[0]?.parcel;
    expect(said(kept!)).toEqual(said(checked.value));
    for (const view of [kept!.signedHeader, kept!.header.opsRoot, kept!.ops[0]!.bytes])
      expect(view.buffer.byteLength).toBeLessThan(10_000);
  });

  test("are held once", () => {
    const heldBack = new HeldBack();
    const parcel = batchAt(at(90_000));
    expect([heldBack.hold(parcel, arrival), heldBack.hold(parcel, arrival), heldBack.count]).toEqual([
      "heldBack",
      "known",
      1,
    ]);
  });

  test("are at most 64 for one author, and others are not hurt; room comes back", () => {
    const heldBack = new HeldBack();
    for (let i = 1; i <= heldBackPerAuthorMax; i++)
      expect(heldBack.hold(batchAt(at(90_000), 1, i), arrival)).toBe("heldBack");
    expect(heldBack.hold(batchAt(at(90_000), 1, 999), arrival)).toBe("authorLimit");
    expect(heldBack.hold(batchAt(at(90_000), 2, 1), arrival)).toBe("heldBack");
    expect(heldBack.release(at(90_000))).toHaveLength(heldBackPerAuthorMax + 1);
    expect(heldBack.hold(batchAt(at(90_000), 1, 999), arrival)).toBe("heldBack");
  });

  test("are at most 16 MiB in all; room comes back", () => {
    const heldBack = new HeldBack();
    const one = large(1, 1);
    const bytesOfOne = 187 + one.ops.reduce((sum, op) => sum + op.bytes.length, 0);
    const fitting = Math.floor(heldBackBytesMax / bytesOfOne);
    for (let i = 1; i <= fitting; i++) expect(heldBack.hold(large(i, 1), arrival)).toBe("heldBack");
    expect(heldBack.hold(large(fitting + 1, 1), arrival)).toBe("bytesLimit");
    heldBack.release(at(90_000));
    expect(heldBack.hold(large(1, 1), arrival)).toBe("heldBack");
  });

  test.each<[string, readonly Range[], string, number]>([
    ["its numbering and number", [[2, 3]], incarnation, 1],
    ["another number", [[4, 9]], incarnation, 3],
    ["another numbering", [[1, 9]], "33".repeat(8), 3],
  ])("are forgotten by %s", (_, ranges, numbering, left) => {
    const heldBack = new HeldBack();
    for (const sequence of [1, 2, 3]) heldBack.hold(batchAt(at(90_000), 1, sequence), arrival);
    heldBack.forget(signerOf(2).author, incarnation, [[1, 9]]);
    heldBack.forget(signerOf(1).author, numbering as Incarnation, ranges);
    expect(heldBack.count).toBe(left);
  });
});
