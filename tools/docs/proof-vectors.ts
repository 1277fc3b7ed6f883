/**
 * The vectors of trie proofs, for whoever writes a checker of his own: sets with their parcels and
 * roots, and proofs with what they prove or why they are refused. Made from a fixed key, so they
 * are the same bytes each time; what they expect is written here, not asked of the checker.
 */
import { type Bytes, toHex, utf8Encode } from "../../src/base/bytes.ts";
import { headerBytes, signatureBytes } from "../../src/codec/parcel.ts";
import { encodeTrieProof } from "../../src/codec/trie-proof.ts";
import { attacks, opened } from "../../test/support/proof-attacks.ts";
import { ProvenSet, provenAuthor, tombstoneOp, valueOp } from "../../test/support/proven-set.ts";

export interface ProofVector {
  readonly name: string;
  readonly key: string;
  readonly root: string;
  readonly proof: string;
  readonly proves:
    | { readonly type: "absent"; readonly count: number }
    | {
        readonly type: "present";
        readonly count: number;
        readonly author: string;
        readonly stamp: number;
        readonly batch: string;
        /** Hex; null for a tombstone. */
        readonly value: string | null;
      }
    | { readonly type: "refused"; readonly code: string };
}

export interface ProofVectors {
  readonly about: string;
  readonly sets: readonly {
    readonly name: string;
    readonly root: string;
    readonly count: number;
    readonly parcels: readonly string[];
  }[];
  readonly proofs: readonly ProofVector[];
}

const bytesOf = (i: number): Bytes => utf8Encode(`value ${i}`);
const fruit = (i: number): string => `fruit/${i}`;

export function proofVectors(): ProofVectors {
  const empty = new ProvenSet();
  const one = new ProvenSet();
  const single = one.write([valueOp("only", utf8Encode("one"))]);
  const many = new ProvenSet();
  const first = many.write(Array.from({ length: 20 }, (_, i) => valueOp(fruit(i), bytesOf(i))));
  const second = many.write([
    tombstoneOp(fruit(3)),
    valueOp(fruit(20), new Uint8Array(0)),
    valueOp(fruit(21), bytesOf(21)),
  ]);
  const present = (count: number, { batch, stamp }: typeof first, value: Bytes | undefined): ProofVector["proves"] => ({
    type: "present",
    count,
    author: provenAuthor,
    stamp,
    batch,
    value: value === undefined ? null : toHex(value),
  });
  const absent = (count: number): ProofVector["proves"] => ({ type: "absent", count });
  return {
    about: "Made by tools/docs/proof-vectors.ts. Bytes are hex. See docs/protocol/README.md, Proofs.",
    sets: [setOf("empty", empty), setOf("one", one), setOf("many", many)],
    proofs: [
      vector("absent from the empty set", empty, "only", absent(0)),
      vector("a value, of a batch of one", one, "only", present(1, single, utf8Encode("one"))),
      vector("absent, by the bucket that is the whole set", one, "other", absent(1)),
      vector("a value, as a fragment", many, fruit(5), present(22, first, bytesOf(5))),
      vector("an empty value", many, fruit(20), present(22, second, new Uint8Array(0))),
      vector("a tombstone", many, fruit(3), present(22, second, undefined)),
      vector("absent, by a bucket", many, keyWhose(many, "absent"), absent(22)),
      vector("absent, by an empty child", many, keyWhose(many, "empty"), absent(22)),
      ...refusals(many),
    ],
  };
}

function refusals(many: ProvenSet): readonly ProofVector[] {
  const at = withNeighbours(many);
  const key = fruit(at);
  const honest = many.prove(key);
  const refused = (name: string, code: string, proof: Bytes, asked = key): ProofVector => ({
    name,
    key: asked,
    root: toHex(many.root),
    proof: toHex(proof),
    proves: { type: "refused", code },
  });
  const forged = (change: string, aid = fruit(5)): Bytes =>
    encodeTrieProof((attacks[change] as (typeof attacks)[string])(opened(honest), opened(many.prove(aid)), 0));
  const replaced = (from: Bytes, to: Bytes): Bytes =>
    Uint8Array.from(Buffer.from(toHex(honest).replace(toHex(from), toHex(to)), "hex"));
  const signatureAt = Buffer.from(honest).indexOf(Buffer.from(provenAuthor, "hex")) - 33 + headerBytes;
  const unsigned = Uint8Array.from(honest).fill(0, signatureAt, signatureAt + signatureBytes);
  return [
    refused("a byte too many", "malformed", Uint8Array.of(...honest, 0)),
    refused("a version that is not there", "versionUnknown", Uint8Array.of(2, ...honest.subarray(1))),
    refused("a proof about another key", "otherKey", honest, fruit(5)),
    refused("another value", "batchMismatch", replaced(bytesOf(at), utf8Encode("VALUE 1"))),
    refused("no signature", "badSignature", unsigned),
    refused("the bucket without the key's entry", "rootMismatch", forged("the bucket without the key's own entry")),
    refused(
      "the key's entry among those of an absence",
      "wrongShape",
      forged("the whole bucket, as if the key were not in it"),
    ),
    refused("another count", "rootMismatch", forged("counts changed")),
    refused("an empty child where there is a bucket", "rootMismatch", forged("an empty child instead of the bucket")),
  ];
}

/** The number of a value of the first batch that shares its bucket. */
function withNeighbours(many: ProvenSet): number {
  for (let i = 0; ; i++) {
    const { end } = opened(many.prove(fruit(i)));
    if (end.type === "present" && end.others.length > 0 && i !== 3) return i;
  }
}

/** The first key of its kind that is not there and whose path ends so. */
function keyWhose(many: ProvenSet, end: "absent" | "empty"): string {
  for (let i = 0; ; i++) {
    const key = `nut/${i}`;
    if (opened(many.prove(key)).end.type === end) return key;
  }
}

function vector(name: string, of: ProvenSet, key: string, proves: ProofVector["proves"]): ProofVector {
  return { name, key, root: toHex(of.root), proof: toHex(of.prove(key)), proves };
}

function setOf(name: string, of: ProvenSet): ProofVectors["sets"][number] {
  return { name, root: toHex(of.root), count: of.count, parcels: of.parcels.map(toHex) };
}
