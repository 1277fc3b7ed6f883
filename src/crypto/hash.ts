/**
 * SHA-256, and the two Merkle hashes with their own prefixes so that a leaf can never be taken
 * for a node (Source: RFC 6962 §2.1).
 */
import { hash } from "node:crypto";
import type { Bytes } from "../base/bytes.ts";

/** Room for a prefix and the largest operation; hashing one joined buffer is 1.6 × faster than two updates. */
const scratch = new Uint8Array(72 * 1024);

/** Bytes of a digest. */
const digestBytes = 32;

/** Goes through a string of one character a byte: less than half the time of asking for a buffer, which is allocated outside the heap. */
export function sha256(bytes: Bytes): Bytes {
  const characters = hash("sha256", bytes, "binary");
  const digest = new Uint8Array(digestBytes);
  for (let i = 0; i < digestBytes; i++) digest[i] = characters.charCodeAt(i);
  return digest;
}

/** 64 lower-case hex digits. */
export function sha256Hex(bytes: Bytes): string {
  return hash("sha256", bytes, "hex");
}

export function merkleLeaf(bytes: Bytes): Bytes {
  return sha256(prefixed(0, bytes));
}

export function merkleNode(left: Bytes, right: Bytes): Bytes {
  scratch[0] = 1;
  scratch.set(left, 1);
  scratch.set(right, 1 + left.length);
  return sha256(scratch.subarray(0, 1 + left.length + right.length));
}

function prefixed(prefix: number, bytes: Bytes): Bytes {
  const whole =
    bytes.length < scratch.length ? scratch.subarray(0, bytes.length + 1) : new Uint8Array(bytes.length + 1);
  whole[0] = prefix;
  whole.set(bytes, 1);
  return whole;
}
