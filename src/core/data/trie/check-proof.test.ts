import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Draft, attacks, opened } from "../../../../test/support/proof-attacks.ts";
import { ProvenSet, provenAuthor, provenNetwork, tombstoneOp, valueOp } from "../../../../test/support/proven-set.ts";
import { type Bytes, concat, equalBytes, toHex, utf8Decode, utf8Encode } from "../../../base/bytes.ts";
import { encodeOp } from "../../../codec/op.ts";
import { signedHeaderBytes } from "../../../codec/parcel.ts";
import { type ProofBranch, type ProofEnd, type ProofEntry, encodeTrieProof } from "../../../codec/trie-proof.ts";
import { digitAt } from "../../../codec/trie-shape.ts";
import { branchHash, bucketHash, triePosition } from "../../../crypto/trie-hash.ts";
import { checkProof } from "./check-proof.ts";

const sizeOfSet = 3_000;
const keyAt = (i: number): string => `key-${i}`;
const valueAt = (i: number): Bytes => utf8Encode(`value ${i}`);
const isTombstone = (i: number): boolean => i % 7 === 3;

let set: ProvenSet;

/** 3,000 keys in batches of different sizes, one in seven deleted, one in ten written twice. */
beforeAll(() => {
  set = new ProvenSet();
  const opOf = (i: number) => (isTombstone(i) ? tombstoneOp(keyAt(i)) : valueOp(keyAt(i), valueAt(i)));
  for (let i = 0; i < sizeOfSet; i += 10) set.write([valueOp(keyAt(i), utf8Encode("older"))]);
  for (let i = 0, size = 1; i < sizeOfSet; i += size, size = (size * 3) % 100) {
    size = Math.min(size, sizeOfSet - i);
    set.write(Array.from({ length: size }, (_, at) => opOf(i + at)));
  }
});

function smallSet(keys: number): ProvenSet {
  const small = new ProvenSet();
  for (let i = 0; i < keys; i += 8)
    small.write(Array.from({ length: Math.min(8, keys - i) }, (_, at) => valueOp(keyAt(i + at), valueAt(i + at))));
  return small;
}

function otherBits(bytes: Bytes): readonly Bytes[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    return flipped;
  });
}

describe("an honest proof", () => {
  test("of every key of 3,000 proves its value or tombstone, its author, stamp and batch", () => {
    for (let i = 0; i < sizeOfSet; i++) {
      const checked = checkProof(set.root, keyAt(i), set.prove(keyAt(i)));
      const content = isTombstone(i) ? { type: "tombstone" } : { type: "value", value: valueAt(i) };
      const entry = { key: keyAt(i), content, author: provenAuthor, network: provenNetwork };
      expect(checked).toMatchObject({ ok: true, value: { type: "present", count: sizeOfSet, entry } });
    }
  });

  test("of 3,000 keys that are not there proves their absence", () => {
    for (let i = sizeOfSet; i < 2 * sizeOfSet; i++)
      expect(checkProof(set.root, keyAt(i), set.prove(keyAt(i)))).toEqual({
        ok: true,
        value: { type: "absent", count: sizeOfSet },
      });
  });

  test.each([0, 1, 16, 17, 300])("holds in a set of %i", (keys) => {
    const small = smallSet(keys);
    for (const key of [...Array.from({ length: keys }, (_, i) => keyAt(i)), "nowhere", "elsewhere"])
      expect(checkProof(small.root, key, small.prove(key))).toMatchObject({
        ok: true,
        value: { type: key.startsWith("key-") ? "present" : "absent", count: keys },
      });
  });

  test("tells stamp, batch and number as written, and when the value expires", () => {
    const small = smallSet(20);
    const { batch, stamp } = small.write([{ ...valueOp("brief", valueAt(1)), ttlSeconds: 60 }]);
    expect(checkProof(small.root, "brief", small.prove("brief"))).toMatchObject({
      value: { entry: { batch, stamp, sequence: 4, expiresAt: Math.floor(stamp / 1_000) + 60_000 } },
    });
  });

  test("stamps an operation after the one it replaces", () => {
    const small = smallSet(3);
    const replaces = { stamp: 1_800_000_000_000_000 as never, batch: "00".repeat(32) as never };
    small.write([{ ...tombstoneOp("late"), replaces }]);
    expect(checkProof(small.root, "late", small.prove("late"))).toMatchObject({
      value: { entry: { stamp: replaces.stamp + 1 } },
    });
  });
});

describe("one flipped bit", () => {
  const small = smallSet(300);
  test.each(["key-5", "nowhere"])("anywhere in proof, key or root is refused, for %s", (key) => {
    const { root } = small;
    const proof = small.prove(key);
    expect(checkProof(root, key, proof).ok).toBe(true);
    for (const other of otherBits(proof)) expect(checkProof(root, key, other).ok).toBe(false);
    for (const other of otherBits(root)) expect(checkProof(other, key, proof)).toEqual(refusedAs("rootMismatch"));
    const others = otherBits(utf8Encode(key)).map((bytes) => utf8Decode(bytes)); // what is no UTF-8 is no key
    for (const other of others) expect(other !== undefined && checkProof(root, other, proof).ok).toBe(false);
  });

  test("one byte more or less is refused", () => {
    const proof = small.prove("key-5");
    for (let length = 0; length < proof.length; length++)
      expect(checkProof(small.root, "key-5", proof.subarray(0, length)).ok).toBe(false);
    expect(checkProof(small.root, "key-5", concat([proof, Uint8Array.of(0)]))).toEqual(refusedAs("malformed"));
  });
});

describe("a forged proof", () => {
  const present = (key: string): Extract<ProofEnd<Bytes>, { type: "present" }> =>
    opened(set.prove(key)).end as Extract<ProofEnd<Bytes>, { type: "present" }>;
  const check = (key: string, draft: Draft): unknown => checkProof(set.root, key, encodeTrieProof(draft));

  test("is refused by name: nobody's key, another's operation, a changed one, one signed by nobody, an older set", () => {
    const honest = opened(set.prove("key-5"));
    const end = present("key-5");
    const withParcel = (parcel: Bytes): Draft => ({ ...honest, end: { ...end, parcel } });
    expect(checkProof(set.root, "\u0007", set.prove("key-5"))).toEqual(refusedAs("invalidKey"));
    expect(check("key-6", honest)).toEqual(refusedAs("otherKey"));
    expect(check("key-5", withParcel(present("key-6").parcel))).toEqual(refusedAs("otherKey"));
    const bytes = Uint8Array.from(end.parcel);
    bytes.set(encodeOp(valueOp("key-5", utf8Encode("VALUE 5"))), parcelOpAt(bytes));
    expect(check("key-5", withParcel(bytes))).toEqual(refusedAs("batchMismatch"));
    const unsigned = Uint8Array.from(end.parcel).fill(0, signedHeaderBytes - 64, signedHeaderBytes);
    expect(check("key-5", withParcel(unsigned))).toEqual(refusedAs("badSignature"));
    const small = smallSet(300);
    const before = small.prove("key-5");
    small.write([valueOp("key-5", utf8Encode("new"))]);
    expect(checkProof(small.root, "key-5", before)).toEqual(refusedAs("rootMismatch"));
  });

  test("is refused where it says of the child on the path what follows from below", () => {
    const small = smallSet(20);
    const { branches, end } = opened(small.prove("key-5"));
    const [top, ...lower] = branches as [ProofBranch, ...ProofBranch[]];
    const child = { count: 1, hash: new Uint8Array(32) };
    const said = { branches: [top.with(digitAt(triePosition("key-5"), 0, 0), child), ...lower], end };
    expect(checkProof(small.root, "key-5", encodeTrieProof(said))).toEqual(refusedAs("wrongShape"));
  });

  test("of a key that is there as absent, or of one that is not as present, is never believed", () => {
    const anyKey = fc.oneof(fc.nat(sizeOfSet - 1), fc.integer({ min: sizeOfSet, max: 2 * sizeOfSet })).map(keyAt);
    const attack = fc.constantFrom(...Object.values(attacks));
    fc.assert(
      fc.property(anyKey, anyKey, fc.array(attack, { maxLength: 4 }), fc.nat(15), (key, other, chosen, at) => {
        const aid = opened(set.prove(other));
        const forged = chosen.reduce((draft, change) => change(draft, aid, at), opened(set.prove(key)));
        for (const claimed of [key, other]) expectTruth(claimed, encodeTrieProof(forged));
      }),
      { numRuns: 3_000 },
    );
  });

  test.each(Object.entries(attacks))("is refused where one attack was tried: %s", (_, change) => {
    const [key, other] = ["key-1", keyAt(sizeOfSet + 1)] as const;
    const forgeries = [
      { of: key, by: other },
      { of: other, by: key },
    ].flatMap(({ of, by }) => {
      const forged = encodeTrieProof(change(opened(set.prove(of)), opened(set.prove(by)), 0));
      return equalBytes(forged, set.prove(of)) ? [] : [{ of, forged }];
    });
    expect(forgeries.length).toBeGreaterThan(0);
    for (const { of, forged } of forgeries) expect(checkProof(set.root, of, forged).ok).toBe(false);
  });

  function expectTruth(key: string, proof: Bytes): void {
    const checked = checkProof(set.root, key, proof);
    if (!checked.ok) return;
    const isThere = Number(key.slice(4)) < sizeOfSet;
    expect(checked.value).toMatchObject({ type: isThere ? "present" : "absent", count: sizeOfSet });
  }
});

describe("a root of no trie", () => {
  const position = triePosition("k");
  const digit = digitAt(position, 0, 0);
  const emptyBranch: ProofBranch = Array.from({ length: 16 }, () => undefined);
  const sibling = { count: 16, hash: new Uint8Array(32) };
  const beside = (of: number): number => (of + 1) % 16;

  test("with a branch over 16 entries is refused", () => {
    const branch = emptyBranch.with(beside(digit), sibling);
    const proof = encodeTrieProof({ branches: [branch], end: { type: "empty" } });
    expect(checkProof(branchHash(branch), "k", proof)).toEqual(refusedAs("wrongShape"));
    const larger = emptyBranch.with(beside(digit), { ...sibling, count: 17 });
    const held = encodeTrieProof({ branches: [larger], end: { type: "empty" } });
    expect(checkProof(branchHash(larger), "k", held)).toEqual({ ok: true, value: { type: "absent", count: 17 } });
  });

  test("with entries where they do not belong is refused", () => {
    const strangers = Array.from({ length: 40 }, (_, i) => triePosition(`s${i}`));
    const stranger = strangers.find((each) => digitAt(each, 0, 0) !== digit) as Bytes;
    const entry: ProofEntry = { position: stranger, digest: new Uint8Array(32) };
    const hash = bucketHash(concat([entry.position, entry.digest]), 0, 1, 64);
    const branch = emptyBranch.with(beside(digit), sibling);
    const root = branchHash(branch.with(digit, { count: 1, hash }));
    const proof = encodeTrieProof({ branches: [branch], end: { type: "absent", others: [entry] } });
    expect(checkProof(root, "k", proof)).toEqual(refusedAs("wrongShape"));
  });

  test("with more entries than can be counted is refused", () => {
    const many = { ...sibling, count: Number.MAX_SAFE_INTEGER };
    const branch = emptyBranch.with(beside(digit), many).with(beside(digit + 1), sibling);
    const proof = encodeTrieProof({ branches: [branch], end: { type: "empty" } });
    expect(checkProof(new Uint8Array(32), "k", proof)).toEqual(refusedAs("wrongShape"));
  });
});

function refusedAs(code: string): unknown {
  return { ok: false, code };
}

/** Where the operation begins in the bytes of a fragment of one. */
function parcelOpAt(parcel: Bytes): number {
  const text = toHex(parcel);
  const at = text.indexOf(toHex(encodeOp(valueOp("key-5", valueAt(5))).subarray(0, 8)));
  if (at < 0) throw new Error("the operation is in the parcel");
  return at / 2;
}
