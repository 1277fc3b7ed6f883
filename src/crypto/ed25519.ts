/**
 * Ed25519 keys and signatures. One verifier rule in the whole system, that of node:crypto
 * (OpenSSL): other libraries accept small-order and mixed-order signatures that it refuses.
 *
 * The DER prefixes are those of RFC 8410: a PKCS#8 private key and an SPKI public key whose last
 * 32 bytes are the raw seed and the raw key.
 */
import { type KeyObject, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { Author } from "../base/brand.ts";
import { assert } from "../base/assert.ts";
import { type Bytes, fromHex, toHex } from "../base/bytes.ts";

const privatePrefix = Buffer.from("302e020100300506032b657004220420", "hex");
const publicPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** What a replica signs its batches with. */
export interface Signer {
  readonly author: Author;
  sign(message: Bytes): Bytes;
}

/** A signer from a 32-byte seed. */
export function ed25519Signer(seed: Bytes): Signer {
  assert(seed.length === 32, "an Ed25519 seed has 32 bytes");
  const key = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: "der", type: "pkcs8" });
  const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(publicPrefix.length);
  return { author: toHex(raw) as Author, sign: (message) => sign(null, message, key) };
}

/** A key object to keep: building one costs a third of a verification. Undefined for a malformed key. */
export function ed25519PublicKey(author: Author): KeyObject | undefined {
  const raw = fromHex(author);
  if (raw === undefined || raw.length !== 32) return undefined;
  try {
    return createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: "der", type: "spki" });
  } catch {
    return undefined; // 32 bytes that are no key: every signature by it is bad
  }
}

export function ed25519Verify(key: KeyObject, message: Bytes, signature: Bytes): boolean {
  return verify(null, message, key, signature);
}
