/**
 * Key holders of a world. Some seeds sign with real Ed25519; the others with a keyed hash that only
 * the world can check, which is a hundred times faster and just as unforgeable in here.
 */
import type { Author, PeerId } from "../src/base/brand.ts";
import { type Bytes, concat, equalBytes, toHex } from "../src/base/bytes.ts";
import type { Prng } from "../src/base/prng.ts";
import { peerIdOf } from "../src/codec/peer-id.ts";
import type { SignatureCheck } from "../src/core/effects.ts";
import { type Signer, ed25519PublicKey, ed25519Signer, ed25519Verify } from "../src/crypto/ed25519.ts";
import { sha256 } from "../src/crypto/hash.ts";

export interface Identity {
  readonly peer: PeerId;
  readonly signer: Signer;
}

export class Identities {
  readonly #isReal: boolean;
  readonly #onSigned: (message: Bytes) => void;
  readonly #secrets = new Map<Author, Bytes>();
  readonly #keys = new Map<Author, ReturnType<typeof ed25519PublicKey>>();

  constructor(isReal: boolean, onSigned: (message: Bytes) => void) {
    this.#isReal = isReal;
    this.#onSigned = onSigned;
  }

  create(prng: Prng): Identity {
    const secret = prng.bytes(32);
    const { author, sign } = this.#isReal ? ed25519Signer(secret) : this.#keyedHash(secret);
    const signer: Signer = {
      author,
      sign: (message) => {
        this.#onSigned(message);
        return sign(message);
      },
    };
    return { peer: peerIdOf(author), signer };
  }

  isValid({ author, message, signature }: SignatureCheck): boolean {
    if (this.#isReal) return this.#isRealValid({ author, message, signature });
    const secret = this.#secrets.get(author);
    return secret !== undefined && equalBytes(keyed(secret, message), signature);
  }

  #isRealValid({ author, message, signature }: SignatureCheck): boolean {
    if (!this.#keys.has(author)) this.#keys.set(author, ed25519PublicKey(author));
    const key = this.#keys.get(author);
    return key !== undefined && ed25519Verify(key, message, signature);
  }

  #keyedHash(secret: Bytes): Signer {
    const author = toHex(sha256(secret)) as Author;
    this.#secrets.set(author, secret);
    return { author, sign: (message) => keyed(secret, message) };
  }
}

/** 64 bytes, as long as a signature. */
function keyed(secret: Bytes, message: Bytes): Bytes {
  const half = sha256(concat([secret, message]));
  return concat([half, sha256(half)]);
}
