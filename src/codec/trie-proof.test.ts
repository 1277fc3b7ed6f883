import { describe, expect, test } from "vitest";
import { opened } from "../../test/support/proof-attacks.ts";
import { anyTrieProof } from "../../tools/fuzz/samples.ts";
import { Prng } from "../base/prng.ts";
import { type Bytes, concat } from "../base/bytes.ts";
import { keyBytesMax, trieProofBytesMax, valueBytesMax } from "./limits.ts";
import { encodeOp } from "./op.ts";
import { encodeHeader, encodeParcel } from "./parcel.ts";
import { type ProofBranch, type ProofEntry, decodeTrieProof, encodeTrieProof } from "./trie-proof.ts";

const noBranch: ProofBranch = Array.from({ length: 16 }, () => undefined);
const branch = noBranch.with(3, { count: 20, hash: new Uint8Array(32).fill(1) });
const entries = (count: number): readonly ProofEntry[] =>
  Array.from({ length: count }, (_, i) => ({ position: new Uint8Array(32).fill(i), digest: new Uint8Array(32) }));

function parcel(ops: number, opsCount = ops, valueBytes = 1): Bytes {
  const author = "11".repeat(32) as never;
  const numbers = { network: author, author, incarnation: "22".repeat(8) as never, sequence: 1, stamp: 1 as never };
  const header = encodeHeader({ ...numbers, opsRoot: new Uint8Array(32), opsCount });
  const placed = Array.from({ length: ops }, (_, index) => {
    const key = String(index).padEnd(valueBytes === 1 ? 1 : keyBytesMax, "k");
    const content = { type: "value", value: new Uint8Array(valueBytes) } as const;
    const replaces = { stamp: 1 as never, batch: author };
    return { index, bytes: encodeOp({ key, content, ttlSeconds: 1, replaces }) };
  });
  const hashes = ops === opsCount ? 0 : Math.ceil(Math.log2(opsCount));
  return encodeParcel(
    concat([header, new Uint8Array(64)]),
    opsCount,
    placed,
    Array.from({ length: hashes }, () => new Uint8Array(32)),
  );
}

const refusal = (bytes: Bytes): string => {
  const decoded = decodeTrieProof(bytes);
  return decoded.ok ? "ok" : decoded.code;
};

describe("a trie proof", () => {
  test("is written back byte for byte from what was decoded", () => {
    const prng = new Prng(7);
    for (let i = 0; i < 500; i++) {
      const bytes = anyTrieProof(prng);
      expect(encodeTrieProof(opened(bytes))).toEqual(bytes);
    }
  });

  test("of the largest operation under the longest path is within the limit, and one byte over it is refused", () => {
    const branches = Array.from({ length: 63 }, () =>
      noBranch.map((_, i) => (i === 0 ? undefined : { count: 1, hash: new Uint8Array(32) })),
    );
    const end = { type: "present", others: entries(15), parcel: parcel(1, 1_000, valueBytesMax) } as const;
    const bytes = encodeTrieProof({ branches, end });
    expect(refusal(bytes)).toBe("ok");
    expect(trieProofBytesMax - bytes.length).toBeLessThan(10 * 1024);
    expect(refusal(new Uint8Array(trieProofBytesMax + 1))).toBe("tooLarge");
    expect(refusal(new Uint8Array(trieProofBytesMax))).toBe("versionUnknown");
  });

  const absent = (count: number, depth = 1): Bytes =>
    encodeTrieProof({
      branches: Array.from({ length: depth }, () => branch),
      end: { type: "absent", others: entries(count) },
    });
  const present = (others: number, ops: number, opsCount?: number): Bytes =>
    encodeTrieProof({
      branches: [branch],
      end: { type: "present", others: entries(others), parcel: parcel(ops, opsCount) },
    });
  const empty = (top: ProofBranch): Bytes => encodeTrieProof({ branches: [top], end: { type: "empty" } });
  const [first, second] = entries(2) as [ProofEntry, ProofEntry];

  test.each<[string, Bytes, string]>([
    ["of the empty set", absent(0, 0), "ok"],
    ["of a full bucket", absent(16), "ok"],
    ["with a batch of one operation", present(15, 1), "ok"],
    ["with a fragment of one operation", present(0, 1, 4), "ok"],
    ["with no bytes", new Uint8Array(0), "malformed"],
    ["of another version", Uint8Array.of(2, ...empty(branch).subarray(1)), "versionUnknown"],
    ["deeper than positions are long", Uint8Array.of(1, 64, ...new Uint8Array(200)), "malformed"],
    ["with an end of no kind", Uint8Array.of(1, 0, 3, 0), "malformed"],
    ["with an empty child of no branch", Uint8Array.of(1, 0, 0), "malformed"],
    ["with an empty bucket below a branch", absent(0), "malformed"],
    ["with 17 entries", absent(17), "malformed"],
    ["with 16 entries besides the key's", present(16, 1), "malformed"],
    [
      "with entries in another order",
      encodeTrieProof({ branches: [], end: { type: "absent", others: [second, first] } }),
      "malformed",
    ],
    [
      "with an entry twice",
      encodeTrieProof({ branches: [], end: { type: "absent", others: [first, first] } }),
      "malformed",
    ],
    ["with a child of no entries", empty(branch.with(3, { count: 0, hash: new Uint8Array(32) })), "malformed"],
    ["with 16 siblings", empty(noBranch.map(() => ({ count: 1, hash: new Uint8Array(32) }))), "malformed"],
    ["with two operations", present(0, 2), "malformed"],
    ["with a parcel that is none", concat([present(0, 1), Uint8Array.of(0)]), "malformed"],
    ["with something behind an absence", concat([absent(2), Uint8Array.of(0)]), "malformed"],
    ["with something behind an empty child", concat([empty(branch), Uint8Array.of(0)]), "malformed"],
  ])("%s: %#", (_, bytes, outcome) => {
    expect(refusal(bytes)).toBe(outcome);
  });
});
