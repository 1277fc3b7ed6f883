/**
 * Making and checking signed batches. What is signed and what is hashed are kept apart from each
 * other and from everything else this key signs by their tags.
 */
import type { BatchId, NetworkId, Stamp } from "../../base/brand.ts";
import { type Bytes, concat, compareBytes, equalBytes } from "../../base/bytes.ts";
import { assert } from "../../base/assert.ts";
import { type Result, ok, refused } from "../../base/result.ts";
import { batchBytesMax, batchOpsMax } from "../../codec/limits.ts";
import { type Op, encodeOp } from "../../codec/op.ts";
import {
  type BatchHeader,
  type Parcel,
  type PlacedOp,
  encodeHeader,
  encodeParcel,
  headerBytes,
  keyOf,
  signedHeaderBytes,
} from "../../codec/parcel.ts";
import type { Signer } from "../../crypto/ed25519.ts";
import { batchIdOf, signedMessage } from "../../crypto/batch-digest.ts";
import { leafOf, merkleRoot, rootOfPart } from "../../crypto/merkle.ts";
import { opStamp } from "./stamp.ts";

/** A parcel whose operations are proven to belong to its header; the signature is a separate check. */
export interface CheckedParcel extends Parcel {
  readonly id: BatchId;
  /** The latest stamp among its operations. */
  readonly latest: Stamp;
  /** The Merkle leaf of each of its operations, in their order. */
  readonly leaves: readonly Bytes[];
}

export type CheckRefusal = "wrongNetwork" | "rootMismatch";

export function checkParcel(parcel: Parcel, network: NetworkId): Result<CheckedParcel, CheckRefusal> {
  if (parcel.header.network !== network) return refused("wrongNetwork");
  const leaves = parcel.ops.map(({ bytes }) => leafOf(bytes));
  const placed = parcel.ops.map(({ index }, i) => ({ index, leaf: leaves[i] as Bytes }));
  if (!equalBytes(rootOfPart(parcel.header.opsCount, placed, parcel.proof), parcel.header.opsRoot))
    return refused("rootMismatch");
  return ok(described(parcel, leaves));
}

export interface SignedPart {
  readonly message: Bytes;
  readonly signature: Bytes;
}

export function signedPart(parcel: Parcel): SignedPart {
  return {
    message: signedMessage(parcel.signedHeader.subarray(0, headerBytes)),
    signature: parcel.signedHeader.subarray(headerBytes, signedHeaderBytes),
  };
}

export interface BatchNumbers {
  readonly network: NetworkId;
  readonly incarnation: BatchHeader["incarnation"];
  readonly sequence: number;
  readonly stamp: Stamp;
}

/**
 * Signs operations as one batch. Refuses none or over 1,000 of them, a key twice, and over 900 KiB.
 */
export function makeBatch(
  ops: readonly Op[],
  numbers: BatchNumbers,
  signer: Signer,
): Result<{ readonly parcel: CheckedParcel; readonly bytes: Bytes }, "opsCount" | "keyTwice" | "tooLarge"> {
  if (ops.length === 0 || ops.length > batchOpsMax) return refused("opsCount");
  const placed = sortByKey(ops);
  if (placed === undefined) return refused("keyTwice");
  const leaves = placed.map(({ bytes }) => leafOf(bytes));
  const opsRoot = merkleRoot(leaves);
  const header: BatchHeader = { ...numbers, author: signer.author, opsRoot, opsCount: ops.length };
  const headerPart = encodeHeader(header);
  assert(headerPart.length === headerBytes, "a header has its fixed length");
  const signedHeader = concat([headerPart, signer.sign(signedMessage(headerPart))]);
  const bytes = encodeParcel(signedHeader, ops.length, placed, []);
  if (bytes.length > batchBytesMax) return refused("tooLarge");
  return ok({ parcel: described({ header, signedHeader, ops: placed, proof: [] }, leaves), bytes });
}

function described(parcel: Parcel, leaves: readonly Bytes[]): CheckedParcel {
  let latest = parcel.header.stamp;
  for (const { op } of parcel.ops) latest = Math.max(latest, opStamp(parcel.header.stamp, op.replaces)) as Stamp;
  return { ...parcel, id: batchIdOf(parcel.signedHeader.subarray(0, headerBytes)), latest, leaves };
}

function sortByKey(ops: readonly Op[]): readonly PlacedOp[] | undefined {
  const encoded = ops.map((op) => ({ op, bytes: encodeOp(op) }));
  encoded.sort((a, b) => compareBytes(keyOf(a.bytes), keyOf(b.bytes)));
  for (let i = 1; i < encoded.length; i++) if (encoded[i]?.op.key === encoded[i - 1]?.op.key) return undefined;
  return encoded.map((each, index) => ({ ...each, index }));
}
