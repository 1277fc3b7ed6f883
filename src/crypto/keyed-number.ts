/**
 * Numbers that nobody can steer who does not know the key: where in a table something belongs. The key is made from
 * what an identity signs, so it needs no place of its own on disk.
 */
import { type Bytes, concat, utf8Encode } from "../base/bytes.ts";
import type { Signer } from "./ed25519.ts";
import { sha256 } from "./hash.ts";

const keyTag = utf8Encode("p2p-sync placement v1\0");

export type KeyedNumber = (...parts: readonly string[]) => number;

/** A number of 32 bits for each list of texts, by SHA-256. */
export function keyedNumber(signer: Signer): KeyedNumber {
  const key: Bytes = sha256(signer.sign(keyTag));
  return (...parts) => {
    const hash = sha256(concat([key, utf8Encode(JSON.stringify(parts))]));
    return new DataView(hash.buffer, hash.byteOffset).getUint32(0);
  };
}
