import { createSocket } from "node:dgram";
import { expect, test } from "vitest";
import { mdnsPacketBytesMax } from "./limits.ts";
import { dropImplausible, isPlausiblePacket } from "./mdns-packets.ts";

function packet(counts: readonly [number, number, number, number], bodyBytes: number): Uint8Array {
  const bytes = new Uint8Array(12 + bodyBytes);
  counts.forEach((count, index) => new DataView(bytes.buffer).setUint16(4 + 2 * index, count));
  return bytes;
}

test.each<[string, Uint8Array, boolean]>([
  ["a question of the least size", packet([1, 0, 0, 0], 5), true],
  ["a question and a record of each kind", packet([1, 1, 1, 1], 38), true],
  ["one byte less than that", packet([1, 1, 1, 1], 37), false],
  ["as many records as a header can announce", packet([0, 0xff_ff, 0xff_ff, 0xff_ff], 100), false],
  ["less than a header", new Uint8Array(11), false],
  ["the largest packet", packet([0, 1, 0, 0], mdnsPacketBytesMax - 12), true],
  ["a larger one", packet([0, 1, 0, 0], mdnsPacketBytesMax - 11), false],
])("%s", (_, bytes, plausible) => {
  expect(isPlausiblePacket(bytes)).toBe(plausible);
});

test("a socket's listeners hear plausible packets only, and its other events", () => {
  const socket = createSocket("udp4");
  dropImplausible(socket);
  const heard: unknown[] = [];
  socket.on("message", (bytes) => heard.push(bytes.length));
  socket.on("listening", () => heard.push("listening"));
  socket.emit("message", Buffer.from(packet([1, 0, 0, 0], 5)), undefined as never);
  socket.emit("message", Buffer.from(packet([9, 0, 0, 0], 5)), undefined as never);
  socket.emit("listening");
  expect(heard).toEqual([17, "listening"]);
  socket.close();
});
