import fc from "fast-check";
import { expect, test } from "vitest";
import type { Author } from "../base/brand.ts";
import { fromBase58, toBase58, toHex } from "../base/bytes.ts";
import { authorOf, peerIdOf } from "./peer-id.ts";

// Source: https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md, test vectors: the Ed25519
// public key 1ed1e8fa…02ce (the protobuf's data without its four bytes in front).
const author = "1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e" as Author;

test("a peer id has 52 characters and begins like every Ed25519 one", () => {
  expect(peerIdOf(author)).toMatch(/^12D3KooW.{44}$/);
});

test("author and peer id name each other", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const author = toHex(key) as Author;
      expect(authorOf(peerIdOf(author))).toBe(author);
    }),
  );
});

test.each([
  ["nothing", ""],
  ["no base58", "12D3KooW0"],
  ["a short key", toBase58(fromBase58(peerIdOf(author))!.subarray(0, 37))],
  ["another key type", toBase58(fromBase58(peerIdOf(author))!.with(3, 2))],
  ["a hashed id of an RSA key", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"],
  ["a text that is far too long", "1".repeat(10_000)],
])("an id with %s names no author", (_, peer) => {
  expect(authorOf(peer)).toBeUndefined();
});

test("an author of the wrong length is a fault of the program", () => {
  expect(() => peerIdOf("ab" as Author)).toThrow("32 bytes");
});
