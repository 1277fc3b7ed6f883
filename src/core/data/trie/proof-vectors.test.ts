/** The published vectors, read as a stranger would read them: with the checker and the file alone. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ProofVectors } from "../../../../tools/docs/proof-vectors.ts";
import { type Bytes, fromHex, toHex } from "../../../base/bytes.ts";
import { decodeParcel } from "../../../codec/parcel.ts";
import { entryDigest, triePosition } from "../../../crypto/trie-hash.ts";
import { checkParcel } from "../batch.ts";
import { checkProof } from "./check-proof.ts";
import { Trie } from "./trie.ts";

const file = new URL("../../../../docs/protocol/vectors/trie-proof.json", import.meta.url);
const { sets, proofs } = JSON.parse(readFileSync(file, "utf8")) as ProofVectors;
const bytesOf = (hex: string): Bytes => fromHex(hex) as Bytes;

function outcomeOf({ root, key, proof }: ProofVectors["proofs"][number]): unknown {
  const checked = checkProof(bytesOf(root), key, bytesOf(proof));
  if (!checked.ok) return { type: "refused", code: checked.code };
  if (checked.value.type === "absent") return checked.value;
  const { count, entry } = checked.value;
  const { author, stamp, batch, content } = entry;
  return {
    type: "present",
    count,
    author,
    stamp,
    batch,
    value: content.type === "value" ? toHex(content.value) : null,
  };
}

describe("the vectors of trie proofs", () => {
  test.each(proofs)("$name", (vector) => {
    expect(outcomeOf(vector)).toEqual(vector.proves);
  });

  test.each(sets)("the root of the set $name follows from its parcels", ({ root, count, parcels }) => {
    const trie = new Trie({ pages: [], load: () => new Uint8Array(0), cacheBytesMax: 0 });
    for (const bytes of parcels) {
      const decoded = decodeParcel(bytesOf(bytes));
      if (!decoded.ok) throw new Error(decoded.code);
      const checked = checkParcel(decoded.value, decoded.value.header.network);
      if (!checked.ok) throw new Error(checked.code);
      const { ops, leaves, id } = checked.value;
      ops.forEach(({ op }, at) => {
        const digest = entryDigest(bytesOf(id), leaves[at] as Bytes);
        trie.set({ position: triePosition(op.key), digest, id: 1 });
      });
    }
    expect({ root: toHex(trie.summary().hash), count: trie.count }).toEqual({ root, count });
  });
});
