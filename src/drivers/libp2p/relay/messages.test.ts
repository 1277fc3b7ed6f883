import { expect, test } from "vitest";
import type { Author } from "../../../base/brand.ts";
import { fromHex, toHex } from "../../../base/bytes.ts";
import { peerIdOf } from "../../../codec/peer-id.ts";
import { decodeRelay, encodeRelay, type RelayMessage, type RelayProtocol } from "./messages.ts";

const peer = peerIdOf("ab".repeat(32) as Author);
const id = `002408011220${"ab".repeat(32)}`;

/** Bytes written by hand after the definition in the specification. */
const known: readonly (readonly [RelayProtocol, RelayMessage, string])[] = [
  ["hop", { type: "reserve" }, "0800"],
  ["hop", { type: "connect", peer }, `080112280a26${id}`],
  ["hop", { type: "status", status: "noReservation" }, "080228cc01"],
  ["stop", { type: "connect", peer }, `080012280a26${id}`],
  ["stop", { type: "status", status: "ok" }, "08012064"],
];

test.each(known)("%s %j is encoded as the specification has it, and read back", (protocol, message, hex) => {
  expect(toHex(encodeRelay(protocol, message))).toBe(hex);
  expect(decodeRelay(protocol, fromHex(hex) as Uint8Array)).toEqual({ ok: true, value: message });
});

test("a granted place comes with its time, which is not read", () => {
  const granted = encodeRelay("hop", { type: "reserved", until: 300 });
  expect(toHex(granted)).toBe("08021a0308ac022864");
  expect(decodeRelay("hop", granted)).toEqual({ ok: true, value: { type: "status", status: "ok" } });
});

test("fields of newer programs are skipped", () => {
  const bytes = fromHex("080228c8017a036162637801") as Uint8Array;
  expect(decodeRelay("hop", bytes)).toEqual({ ok: true, value: { type: "status", status: "reservationRefused" } });
});

test.each([
  ["nothing", ""],
  ["a type that does not exist", "0807"],
  ["a cut-off number", "0880"],
  ["a number without end", `08${"80".repeat(9)}00`],
  ["a length beyond the end", "0801127f0a"],
  ["a connect without a peer", "0801"],
  ["a peer that is none", "080112040a020012"],
  ["a status that does not exist", "08022801"],
  ["a field of a kind that is not used", "0900000000000000000802"],
  ["more fields than any message has", "08027801".repeat(80)],
])("%s is malformed", (_, hex) => {
  expect(decodeRelay("hop", fromHex(hex) as Uint8Array)).toEqual({ ok: false, code: "malformed" });
});

test("an id of another kind than Ed25519 is no peer", () => {
  const other = encodeRelay("hop", { type: "connect", peer });
  other[other.length - 33] = 0x21;
  expect(decodeRelay("hop", other).ok).toBe(false);
});

test("an id of 4 KiB is refused by its length, before it is spelled in base 58", () => {
  const id = [0x0a, 0xf0, 0x1f, ...new Uint8Array(4_080).fill(0xff)];
  const message = new Uint8Array([0x08, 0x01, 0x12, 0xf3, 0x1f, ...id]);
  const before = process.threadCpuUsage();
  for (let i = 0; i < 100; i++) expect(decodeRelay("hop", message)).toEqual({ ok: false, code: "malformed" });
  expect(process.threadCpuUsage(before).user / 1_000).toBeLessThan(2_000); // by its spelling: 13 s
});
