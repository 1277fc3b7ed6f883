/**
 * The two digests of a batch header. What is signed and what is hashed are kept apart from each
 * other and from everything else an identity key signs by their tags.
 */
import type { BatchId } from "../base/brand.ts";
import { type Bytes, concat, utf8Encode } from "../base/bytes.ts";
import { sha256Hex } from "./hash.ts";

const signTag = utf8Encode("p2p-sync batch v1 sign\0");
const idTag = utf8Encode("p2p-sync batch v1 id\0");

/** The bytes an author's signature covers, of the 123 bytes of a header. */
export function signedMessage(header: Bytes): Bytes {
  return concat([signTag, header]);
}

/** The name of a batch, of the 123 bytes of its header. */
export function batchIdOf(header: Bytes): BatchId {
  return sha256Hex(concat([idTag, header])) as BatchId;
}
