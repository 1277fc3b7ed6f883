import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Author } from "../base/brand.ts";
import { fromHex, toHex, utf8Encode } from "../base/bytes.ts";
import { batchIdOf, signedMessage } from "./batch-digest.ts";
import { ed25519PublicKey, ed25519Signer, ed25519Verify } from "./ed25519.ts";
import { merkleLeaf, merkleNode, sha256, sha256Hex } from "./hash.ts";

describe("Ed25519", () => {
  // Source: RFC 8032 §7.1, tests 1 and 2.
  test.each([
    {
      seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      author: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      message: "",
      signature:
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    },
    {
      seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      author: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      message: "72",
      signature:
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    },
  ])("signs as RFC 8032 does: $author", ({ seed, author, message, signature }) => {
    const signer = ed25519Signer(fromHex(seed)!);
    expect(signer.author).toBe(author);
    expect(toHex(signer.sign(fromHex(message)!))).toBe(signature);
    const key = ed25519PublicKey(signer.author)!;
    expect(ed25519Verify(key, fromHex(message)!, fromHex(signature)!)).toBe(true);
  });

  test("refuses another message, signature or key", () => {
    const signer = ed25519Signer(new Uint8Array(32).fill(1));
    const key = ed25519PublicKey(signer.author)!;
    const message = utf8Encode("message");
    const signature = signer.sign(message);
    const other = ed25519PublicKey(ed25519Signer(new Uint8Array(32).fill(2)).author)!;
    expect(ed25519Verify(key, message, signature)).toBe(true);
    expect(ed25519Verify(key, utf8Encode("massage"), signature)).toBe(false);
    for (let i = 0; i < 64; i++)
      expect(ed25519Verify(key, message, new Uint8Array(signature).with(i, signature[i]! ^ 1))).toBe(false);
    expect(ed25519Verify(other, message, signature)).toBe(false);
    expect(ed25519Verify(key, message, signature.subarray(0, 63))).toBe(false);
    expect(ed25519Verify(key, message, new Uint8Array(0))).toBe(false);
  });

  // s + the group's order verifies in careless libraries and makes two signatures out of one.
  test("refuses a signature whose number is not reduced", () => {
    const signer = ed25519Signer(new Uint8Array(32).fill(1));
    const message = utf8Encode("message");
    const signature = new Uint8Array(signer.sign(message));
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    let s = order;
    for (let i = 31; i >= 0; i--) s += BigInt(signature[32 + i]!) << BigInt(8 * i);
    for (let i = 0; i < 32; i++) signature[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
    expect(ed25519Verify(ed25519PublicKey(signer.author)!, message, signature)).toBe(false);
  });

  test.each(["", "ab", "g".repeat(64), "ab".repeat(33), "AB".repeat(32)])("makes no key of %j", (author) => {
    expect(ed25519PublicKey(author as Author)).toBeUndefined();
  });

  test("never throws for 32 bytes that are no point of the curve", () => {
    const author = "02".padEnd(64, "0") as Author;
    const key = ed25519PublicKey(author);
    expect(key === undefined || !ed25519Verify(key, new Uint8Array(1), new Uint8Array(64))).toBe(true);
  });

  test("takes seeds of 32 bytes only", () => {
    expect(() => ed25519Signer(new Uint8Array(31))).toThrow("32 bytes");
  });
});

describe("hashes", () => {
  test("are those of SHA-256, in both forms", () => {
    const bytes = utf8Encode("abc");
    expect(sha256Hex(bytes)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(toHex(sha256(bytes))).toBe(sha256Hex(bytes));
  });

  // The scratch buffer has 72 KiB; longer inputs go another way.
  test.each([0, 1, 72 * 1024 - 2, 72 * 1024 - 1, 72 * 1024, 100_000])(
    "of a leaf of %d bytes are prefixed by 0",
    (length) => {
      const bytes = new Uint8Array(length).fill(9);
      expect(toHex(merkleLeaf(bytes))).toBe(createHash("sha256").update(new Uint8Array(1)).update(bytes).digest("hex"));
    },
  );

  test("of a node are prefixed by 1", () => {
    const [left, right] = [sha256(utf8Encode("l")), sha256(utf8Encode("r"))];
    expect(toHex(merkleNode(left, right))).toBe(
      createHash("sha256").update("\x01").update(left).update(right).digest("hex"),
    );
  });
});

test("what is signed and what is hashed of a header begin differently", () => {
  const header = new Uint8Array(123).fill(5);
  expect(Buffer.from(signedMessage(header)).toString("latin1")).toBe(`p2p-sync batch v1 sign\0${"\x05".repeat(123)}`);
  expect(batchIdOf(header)).toBe(createHash("sha256").update("p2p-sync batch v1 id\0").update(header).digest("hex"));
});
