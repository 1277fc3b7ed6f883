/** Honest proofs opened for changes, and the changes by which somebody could try to prove what is not so. */
import { type Bytes, compareBytes, fromHex } from "../../src/base/bytes.ts";
import { decodeParcel, encodeParcel, headerBytes } from "../../src/codec/parcel.ts";
import {
  type ProofBranch,
  type ProofEnd,
  type ProofEntry,
  type TriePath,
  decodeTrieProof,
} from "../../src/codec/trie-proof.ts";
import { batchIdOf } from "../../src/crypto/batch-digest.ts";
import { leafOf } from "../../src/crypto/merkle.ts";
import { entryDigest, triePosition } from "../../src/crypto/trie-hash.ts";

/** A proof whose parcel is still encoded. */
export type Draft = TriePath<ProofEnd<Bytes>>;

/** An encoded proof, opened for changes. */
export function opened(proof: Bytes): Draft {
  const decoded = decodeTrieProof(proof);
  if (!decoded.ok) throw new Error(decoded.code);
  const { branches, end } = decoded.value;
  if (end.type !== "present") return { branches, end };
  const { signedHeader, header, ops, proof: hashes } = end.parcel;
  return { branches, end: { ...end, parcel: encodeParcel(signedHeader, header.opsCount, ops, hashes) } };
}

/** Changes to an honest proof, with the help of another and a number. */
export const attacks: Readonly<Record<string, (draft: Draft, aid: Draft, at: number) => Draft>> = {
  "the bucket without the key's own entry": ({ branches, end }) => ({
    branches,
    end: end.type === "present" ? { type: "absent", others: end.others } : end,
  }),
  "the whole bucket, as if the key were not in it": ({ branches, end }) => ({
    branches,
    end: end.type === "present" ? { type: "absent", others: wholeBucket(end.others, end.parcel) } : end,
  }),
  "a bucket cut short": ({ branches, end }, _, at) => ({
    branches,
    end: end.type === "empty" ? end : { ...end, others: end.others.filter((__, i) => i !== at) },
  }),
  "an empty child instead of the bucket": ({ branches }) => ({ branches, end: { type: "empty" } }),
  "an empty child instead of a lower branch": ({ branches }, _, at) => ({
    branches: branches.slice(0, 1 + at),
    end: { type: "empty" },
  }),
  "the path of another key": ({ end }, { branches }) => ({ branches, end }),
  "the end of another path": ({ branches }, { end }) => ({ branches, end }),
  "the operation of another key": ({ branches, end }, aid) => {
    if (aid.end.type !== "present") return { branches, end };
    const others = end.type === "empty" ? [] : end.others.slice(0, 15);
    return { branches, end: { type: "present", others, parcel: aid.end.parcel } };
  },
  "a depth shifted down": ({ branches, end }) => ({ branches: branches.slice(1), end }),
  "a depth shifted up": ({ branches, end }, _, at) => ({
    branches: [...branches.slice(0, at), ...branches.slice(at, at + 1), ...branches.slice(at)],
    end,
  }),
  "the last branch left out": ({ branches, end }) => ({ branches: branches.slice(0, -1), end }),
  "a branch passed off as a bucket": ({ branches }) => ({
    branches: branches.slice(0, -1),
    end: { type: "absent", others: bucketLike(branches.at(-1)) },
  }),
  "a bucket passed off as a branch": ({ branches, end }) => ({
    branches: [...branches, branchLike(end)],
    end: { type: "empty" },
  }),
  "counts changed": ({ branches, end }, _, at) => ({
    branches: branches.map((branch) =>
      branch.map((child, digit) => (child === undefined || digit < at ? child : { ...child, count: child.count + 1 })),
    ),
    end,
  }),
  "a sibling left out": ({ branches, end }, _, at) => ({
    branches: branches.map((branch) => branch.with(at, undefined)),
    end,
  }),
};

/** Children as if they were entries, which is what their bytes could be taken for. */
function bucketLike(branch: ProofBranch | undefined): readonly ProofEntry[] {
  const children = (branch ?? []).filter((child) => child !== undefined);
  return children.map(({ hash, count }) => ({ position: hash, digest: Uint8Array.from(hash).fill(count % 256) }));
}

function branchLike(end: ProofEnd<Bytes>): ProofBranch {
  const others = end.type === "empty" ? [] : end.others;
  return Array.from({ length: 16 }, (_, digit) => {
    const entry = others[digit];
    return entry === undefined || digit === 15 ? undefined : { count: 9, hash: entry.digest };
  });
}

function wholeBucket(others: readonly ProofEntry[], parcel: Bytes): readonly ProofEntry[] {
  const decoded = decodeParcel(parcel);
  const placed = decoded.ok ? decoded.value.ops[0] : undefined;
  if (placed === undefined) return others;
  const batch = fromHex(batchIdOf(parcel.subarray(0, headerBytes))) as Bytes;
  const own = { position: triePosition(placed.op.key), digest: entryDigest(batch, leafOf(placed.bytes)) };
  return [...others, own].sort((a, b) => compareBytes(a.position, b.position));
}
