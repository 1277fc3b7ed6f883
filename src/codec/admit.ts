/**
 * Messages of admit/1, the first words on every link. Both sides say hello; each answers the
 * other's hello with welcome or goodbye. A goodbye may also come later and always precedes a close.
 *
 *   hello   = 0x01 | version u8 | network 32 | session 8 | clock u64 (ms) | agent length u8, UTF-8
 *   welcome = 0x02
 *   goodbye = 0x03 | code u8 | retry after u32 (s) | reason length u16, UTF-8
 *
 * Of a hello of another version only the version is understood, so that its sender can be told.
 */
import type { Instant, NetworkId } from "../base/brand.ts";
import { assert } from "../base/assert.ts";
import { type Bytes, fromHex, toHex } from "../base/bytes.ts";
import { type Result, ok, refused } from "../base/result.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import { admitFrameBytesMax, agentBytesMax, reasonBytesMax } from "./limits.ts";
import { clipped, readText } from "./text-io.ts";

export const admitVersion = 1;

/** Why a link is closed; the position in the list is the number on the wire. */
export const goodbyeCodes = [
  "other",
  "wrongNetwork",
  "wrongVersion",
  "noHello",
  "duplicate",
  "clock",
  "shuttingDown",
  "protocolViolation",
  "stale",
  "full",
  "banned",
  "failed",
] as const;

export type GoodbyeCode = (typeof goodbyeCodes)[number];

export interface Hello {
  readonly type: "hello";
  readonly version: number;
  readonly network: NetworkId;
  /** Drawn at each start of the process, 16 hex digits: tells a restarted peer from the one before. */
  readonly session: string;
  readonly clock: Instant;
  readonly agent: string;
}

export type AdmitMessage =
  | Hello
  | { readonly type: "foreignHello"; readonly version: number; readonly rest: Bytes }
  | { readonly type: "welcome" }
  | {
      readonly type: "goodbye";
      readonly code: GoodbyeCode;
      readonly retryAfterSeconds: number;
      readonly reason: string;
    };

export function encodeAdmit(message: AdmitMessage): Bytes {
  const writer = new ByteWriter(128);
  if (message.type === "welcome") return writer.u8(2).finish();
  if (message.type === "goodbye") {
    const reason = clipped(message.reason, reasonBytesMax);
    writer.u8(3).u8(goodbyeCodes.indexOf(message.code)).u32(message.retryAfterSeconds);
    return writer.u16(reason.length).bytes(reason).finish();
  }
  if (message.type === "foreignHello") return writer.u8(1).u8(message.version).bytes(message.rest).finish();
  const network = fromHex(message.network);
  const session = fromHex(message.session);
  assert(network?.length === 32 && session?.length === 8, "network and session have their lengths");
  const agent = clipped(message.agent, agentBytesMax);
  writer.u8(1).u8(message.version).bytes(network).bytes(session).u64(message.clock);
  return writer.u8(agent.length).bytes(agent).finish();
}

export function decodeAdmit(bytes: Bytes): Result<AdmitMessage, "malformed" | "tooLarge"> {
  if (bytes.length > admitFrameBytesMax) return refused("tooLarge");
  const reader = new ByteReader(bytes);
  const message = readMessage(reader);
  return message !== undefined && reader.finished ? ok(message) : refused("malformed");
}

function readMessage(reader: ByteReader): AdmitMessage | undefined {
  switch (reader.u8()) {
    case 1:
      return readHello(reader);
    case 2:
      return { type: "welcome" };
    case 3: {
      const code = goodbyeCodes[reader.u8()];
      const retryAfterSeconds = reader.u32();
      const reason = readText(reader, reader.u16(), reasonBytesMax);
      return code === undefined ? undefined : { type: "goodbye", code, retryAfterSeconds, reason };
    }
    default:
      return undefined;
  }
}

function readHello(reader: ByteReader): AdmitMessage {
  const version = reader.u8();
  if (version !== admitVersion) return { type: "foreignHello", version, rest: reader.bytes(reader.remaining) };
  const network = toHex(reader.bytes(32)) as NetworkId;
  const session = toHex(reader.bytes(8));
  const clock = reader.u64() as Instant;
  return { type: "hello", version, network, session, clock, agent: readText(reader, reader.u8(), agentBytesMax) };
}
