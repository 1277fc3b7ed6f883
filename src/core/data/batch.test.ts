import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyKey, anyOp } from "../../../tools/fuzz/samples.ts";
import type { BatchId, Incarnation, NetworkId, Stamp } from "../../base/brand.ts";
import { type Bytes, concat } from "../../base/bytes.ts";
import { Prng } from "../../base/prng.ts";
import { batchBytesMax } from "../../codec/limits.ts";
import { type Op, encodeOp } from "../../codec/op.ts";
import { decodeParcel, encodeHeader, encodeParcel, headerBytes } from "../../codec/parcel.ts";
import { ed25519PublicKey, ed25519Signer, ed25519Verify } from "../../crypto/ed25519.ts";
import { leafOf, narrowProof } from "../../crypto/merkle.ts";
import { batchIdOf } from "../../crypto/batch-digest.ts";
import { checkParcel, makeBatch, signedPart } from "./batch.ts";

const network = "11".repeat(32) as NetworkId;
const signer = ed25519Signer(new Uint8Array(32).fill(3));
const numbers = { network, incarnation: "22".repeat(8) as Incarnation, sequence: 7, stamp: 1_000 as Stamp };
const put = (key: string, value: Bytes = new Uint8Array(1)): Op => ({
  key,
  content: { type: "value", value },
  ttlSeconds: undefined,
  replaces: undefined,
});

function made(ops: readonly Op[]): { readonly bytes: Bytes; readonly id: BatchId; readonly latest: Stamp } {
  const batch = makeBatch(ops, numbers, signer);
  if (!batch.ok) throw new Error(batch.code);
  return { bytes: batch.value.bytes, id: batch.value.parcel.id, latest: batch.value.parcel.latest };
}

function check(bytes: Bytes): string {
  const decoded = decodeParcel(bytes);
  if (!decoded.ok) return decoded.code;
  const checked = checkParcel(decoded.value, network);
  if (!checked.ok) return checked.code;
  const { message, signature } = signedPart(decoded.value);
  return ed25519Verify(ed25519PublicKey(decoded.value.header.author)!, message, signature) ? "good" : "badSignature";
}

const anyOps = fc.tuple(fc.integer(), fc.integer({ min: 1, max: 12 })).map(([seed, count]) => {
  const prng = new Prng(seed);
  return [...new Set(Array.from({ length: count }, () => anyKey(prng)))].map((key) => anyOp(prng, key, 0));
});

describe("a batch", () => {
  test("made here is good everywhere, whatever the order of its operations", () => {
    fc.assert(
      fc.property(anyOps, (ops) => {
        const { bytes, id } = made(ops);
        expect(check(bytes)).toBe("good");
        expect(id).toBe(batchIdOf(bytes.subarray(0, headerBytes)));
        expect(made(ops.toReversed()).bytes).toEqual(bytes);
      }),
      { numRuns: 40 },
    );
  });

  test("with any one bit changed is good nowhere", () => {
    const { bytes } = made([put("a"), put("b"), put("c")]);
    for (let i = 0; i < bytes.length; i++) expect(check(bytes.with(i, bytes[i]! ^ (1 << (i % 8))))).not.toBe("good");
  });

  test("is good in parts, and each part is bound to its place", () => {
    const ops = ["a", "b", "c", "d", "e"].map((key) => put(key));
    const { bytes } = made(ops);
    const whole = decodeParcel(bytes);
    if (!whole.ok) throw new Error(whole.code);
    const { signedHeader } = whole.value;
    const leaves = whole.value.ops.map(({ index, bytes }) => ({ index, leaf: leafOf(bytes) }));
    const proof = narrowProof(5, leaves, [], new Set([1, 4]));
    const part = (indices: readonly [number, number]): Bytes =>
      encodeParcel(
        signedHeader,
        5,
        [
          { index: indices[0], bytes: encodeOp(put("b")) },
          { index: indices[1], bytes: encodeOp(put("e")) },
        ],
        proof,
      );
    expect(check(part([1, 4]))).toBe("good");
    expect(check(part([0, 4]))).toBe("rootMismatch");
    const last = part([1, 4]).length - 1;
    expect(check(part([1, 4]).with(last, proof.at(-1)![31]! ^ 1))).toBe("rootMismatch");
  });

  test("of another network is refused before anything else", () => {
    const other = makeBatch([put("a")], { ...numbers, network: "99".repeat(32) as NetworkId }, signer);
    expect(other.ok && check(other.value.bytes)).toBe("wrongNetwork");
  });

  test("under another author's name has a bad signature", () => {
    const { bytes } = made([put("a")]);
    const decoded = decodeParcel(bytes);
    if (!decoded.ok) throw new Error(decoded.code);
    const stolen = encodeHeader({ ...decoded.value.header, author: ed25519Signer(new Uint8Array(32).fill(4)).author });
    expect(check(concat([stolen, bytes.subarray(headerBytes)]))).toBe("badSignature");
  });

  test.each<[string, readonly Op[], string]>([
    ["no operations", [], "opsCount"],
    ["1,001 operations", Array.from({ length: 1_001 }, (_, i) => put(`k${i}`)), "opsCount"],
    ["a key twice", [put("a"), put("b"), put("a", new Uint8Array(9))], "keyTwice"],
    ["over 900 KiB", Array.from({ length: 15 }, (_, i) => put(`k${i}`, new Uint8Array(65_536))), "tooLarge"],
  ])("is not made of %s", (_, ops, code) => {
    expect(makeBatch(ops, numbers, signer)).toEqual({ ok: false, code });
  });

  test("has exactly 900 KiB at most", () => {
    const ops = Array.from({ length: 14 }, (_, i) =>
      put(`${"k".repeat(250)}${String(i).padStart(2, "0")}`, new Uint8Array(65_536)),
    );
    const rest = batchBytesMax - made([...ops, put("z", new Uint8Array(0))]).bytes.length;
    const { bytes } = made([...ops, put("z", new Uint8Array(rest))]);
    expect([bytes.length, check(bytes)]).toEqual([batchBytesMax, "good"]);
    expect(makeBatch([...ops, put("z", new Uint8Array(rest + 1))], numbers, signer)).toEqual({
      ok: false,
      code: "tooLarge",
    });
  });

  test("of 1,000 operations is good", () => {
    expect(check(made(Array.from({ length: 1_000 }, (_, i) => put(`k${i}`))).bytes)).toBe("good");
  });

  test("knows the latest stamp among its operations", () => {
    const replacing = (stamp: number): Op => ({
      ...put(`k${stamp}`),
      replaces: { stamp: stamp as Stamp, batch: "ab".repeat(32) as BatchId },
    });
    expect(made([put("a")]).latest).toBe(1_000);
    expect(made([replacing(5), put("a")]).latest).toBe(1_000);
    expect(made([replacing(9_000), replacing(7_000)]).latest).toBe(9_001);
  });
});
