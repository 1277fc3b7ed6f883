/**
 * A summary of a set of entries: how many, and the sum of their hashes modulo 2^256. It does not
 * depend on the order of arrival and changes in constant time.
 *
 * Limit: good against accident, not malice: whoever may write can, with about 2^31 work, make two
 * different sets of equal sum (Wagner 2002). The Merkle trie takes this place where proof is needed.
 */
import type { BatchId } from "../../base/brand.ts";
import type { Bytes } from "../../base/bytes.ts";
import { utf8Encode } from "../../base/bytes.ts";
import type { SetSummary } from "../../codec/frontier.ts";
import { sha256 } from "../../crypto/hash.ts";

const limbs = 16; // of 16 bits each, so that sums and carries stay exact in a number

export class SetFingerprint {
  readonly #sum = new Int32Array(limbs);
  #count: number;

  constructor(summary: SetSummary) {
    this.#count = summary.count;
    for (let i = 0; i < limbs; i++) this.#sum[i] = limbOf(summary.fingerprint, i);
  }

  static empty(): SetFingerprint {
    return new SetFingerprint({ count: 0, fingerprint: new Uint8Array(32) });
  }

  get count(): number {
    return this.#count;
  }

  add(element: Bytes): void {
    this.#count += 1;
    this.#shift(element, 1);
  }

  remove(element: Bytes): void {
    this.#count -= 1;
    this.#shift(element, -1);
  }

  summary(): SetSummary {
    const fingerprint = new Uint8Array(32);
    for (let i = 0; i < limbs; i++) {
      fingerprint[2 * i] = (this.#sum[i] as number) >> 8;
      fingerprint[2 * i + 1] = (this.#sum[i] as number) & 0xff;
    }
    return { count: this.#count, fingerprint };
  }

  #shift(element: Bytes, sign: 1 | -1): void {
    let carry = 0;
    for (let i = limbs - 1; i >= 0; i--) {
      const value = (this.#sum[i] as number) + sign * limbOf(element, i) + carry;
      carry = value < 0 ? -1 : value > 0xffff ? 1 : 0;
      this.#sum[i] = value & 0xffff;
    }
  }
}

/** What one entry adds to the sum. Key and batch name a version: a batch holds a key once. */
export function entryElement(key: string, batch: BatchId): Bytes {
  return sha256(utf8Encode(batch + key));
}

function limbOf(bytes: Bytes, limb: number): number {
  return ((bytes[2 * limb] as number) << 8) | (bytes[2 * limb + 1] as number);
}
