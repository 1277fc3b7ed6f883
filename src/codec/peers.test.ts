import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyPeersMessage } from "../../tools/fuzz/samples.ts";
import type { Author } from "../base/brand.ts";
import { type Bytes, concat, toHex } from "../base/bytes.ts";
import { Prng } from "../base/prng.ts";
import { addressBytesMax, knownPeersMax, peersFrameBytesMax } from "./limits.ts";
import { peerIdOf } from "./peer-id.ts";
import { type KnownPeer, decodePeers, encodePeers } from "./peers.ts";

const key = "ab".repeat(32);
const peer = peerIdOf(key as Author);
const codeOf = (bytes: Bytes): string => {
  const decoded = decodePeers(bytes);
  return decoded.ok ? "ok" : decoded.code;
};
const known = (count: number, address = "/ip4/1.2.3.4/tcp/1"): Bytes =>
  encodePeers({
    type: "knownPeers",
    number: 1,
    peers: Array.from({ length: count }, (): KnownPeer => ({ peer, address })),
  });
const reached = encodePeers({ type: "probedOther", number: 1, reached: true });
const view = encodePeers({ type: "view", number: 1, view: { by: peer, cause: "banned", conclusion: "c", next: "n" } });

const dialBack = encodePeers({ type: "askDialBack", number: 1, ports: [4001] });
const dialedBack = encodePeers({ type: "dialedBack", number: 1, outcome: "notTried" });

describe("a message about peers", () => {
  test("comes back equal", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const message = anyPeersMessage(new Prng(seed));
        expect(decodePeers(encodePeers(message))).toEqual({ ok: true, value: message });
      }),
    );
  });

  test("has its one form", () => {
    expect(toHex(encodePeers({ type: "probeOther", number: 7, peer }))).toBe(`0300000007${key}`);
    expect(toHex(encodePeers({ type: "askView", number: 1, of: peer, about: peer }))).toBe(`0500000001${key}${key}`);
    expect(toHex(encodePeers({ type: "parted", number: 9, reason: "why" }))).toBe("09000000090003776879");
    expect(toHex(dialBack)).toBe("0a00000001010fa1");
    expect(toHex(dialedBack)).toBe("0b0000000106");
    expect(toHex(view)).toBe(`0600000001${key}0662616e6e656400016300016e`);
  });

  test("with texts that are too long carries their beginnings", () => {
    const long = { by: peer, cause: "c".repeat(99), conclusion: "ü".repeat(999), next: "" };
    const decoded = decodePeers(encodePeers({ type: "view", number: 1, view: long }));
    expect(decoded).toMatchObject({
      ok: true,
      value: { view: { cause: "c".repeat(32), conclusion: "ü".repeat(256) } },
    });
  });

  test("with as many of the longest addresses as may be fits its frame", () => {
    const bytes = known(knownPeersMax, "a".repeat(addressBytesMax));
    expect([codeOf(bytes), bytes.length <= peersFrameBytesMax]).toEqual(["ok", true]);
  });

  test.each<[string, Bytes, string]>([
    ["of 33 peers", known(knownPeersMax + 1), "malformed"],
    ["with an address of nothing", known(1, ""), "malformed"],
    ["with a longer address", known(1).with(38, addressBytesMax + 1), "malformed"],
    ["with an answer of 2", reached.with(5, 2), "malformed"],
    ["with a text that is no UTF-8", view.with(38, 0xff), "malformed"],
    ["of tag 0", reached.with(0, 0), "malformed"],
    ["with a longer reason", encodePeers({ type: "parted", number: 1, reason: "r" }).with(5, 2), "malformed"],
    ["of tag 12", reached.with(0, 12), "malformed"],
    ["that asks to be dialed back at no port", dialBack.with(5, 0).subarray(0, 6), "malformed"],
    ["that asks to be dialed back at port 0", dialBack.with(6, 0).with(7, 0), "malformed"],
    [
      "that asks to be dialed back at five ports",
      concat([dialBack.with(5, 5), new Uint8Array(8).fill(1)]),
      "malformed",
    ],
    ["with an outcome that does not exist", dialedBack.with(5, 7), "malformed"],
    ["cut short", reached.subarray(0, -1), "malformed"],
    ["with a byte behind the end", concat([reached, new Uint8Array(1)]), "malformed"],
    ["of no bytes", new Uint8Array(0), "malformed"],
    ["over its frame", new Uint8Array(peersFrameBytesMax + 1), "tooLarge"],
  ])("%s is refused", (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });
});
