/**
 * Which packets are decoded at all. The library makes room for as many records as a header announces, before it looks
 * for them: twelve bytes could have it make room for 260,000. So what cannot hold what it announces is thrown away first.
 *
 * Source: RFC 1035 section 4.1, RFC 6762 section 17
 */
import type { Socket } from "node:dgram";
import { mdnsPacketBytesMax } from "./limits.ts";

const headerBytes = 12;
/** The root as name, type and class. */
const questionBytesMin = 5;
/** And beside that a time to live and the length of nothing. */
const recordBytesMin = 11;

export function isPlausiblePacket(packet: Uint8Array): boolean {
  if (packet.length < headerBytes || packet.length > mdnsPacketBytesMax) return false;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => view.getUint16(at)) as [
    number,
    number,
    number,
    number,
  ];
  const records = answers + authorities + additionals;
  return headerBytes + questions * questionBytesMin + records * recordBytesMin <= packet.length;
}

/** From now on the socket's listeners hear plausible packets only. */
export function dropImplausible(socket: Socket): void {
  const emit = socket.emit.bind(socket) as (event: string, ...heard: unknown[]) => boolean;
  const filtered = (event: string, ...heard: unknown[]): boolean =>
    event === "message" && !isPlausiblePacket(heard[0] as Uint8Array) ? false : emit(event, ...heard);
  socket.emit = filtered as Socket["emit"];
}
