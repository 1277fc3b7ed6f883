/**
 * Messages of circuit relay v2 as protobuf. Only the fields that are used are read; others, which
 * newer programs may send, are skipped. Vouchers are neither made nor read: only admitted members
 * use a relay here, and the relay itself knows who has a place. Nor is the time read until which a
 * place is kept, for clocks differ: it is asked for again well before.
 *
 * Source: https://github.com/libp2p/specs/blob/master/relay/circuit-v2.md#protobuf
 */
import type { PeerId } from "../../../base/brand.ts";
import { type Bytes, concat, fromBase58, toBase58 } from "../../../base/bytes.ts";
import { type Result, ok, refused } from "../../../base/result.ts";
import { authorOf } from "../../../codec/peer-id.ts";
import { relayFieldsMax, relayMessageBytesMax } from "./limits.ts";

/** `hop` is spoken with the relay, `stop` by the relay with the other side. */
export type RelayProtocol = "hop" | "stop";

const statusNumbers = {
  ok: 100,
  reservationRefused: 200,
  resourceLimitExceeded: 201,
  permissionDenied: 202,
  connectionFailed: 203,
  noReservation: 204,
  malformed: 400,
  unexpected: 401,
} as const;

export type RelayStatus = keyof typeof statusNumbers;

export type RelayMessage =
  | { readonly type: "reserve" }
  | { readonly type: "connect"; readonly peer: PeerId }
  | { readonly type: "status"; readonly status: RelayStatus }
  /** The answer to `reserve`; Unix time in s until which the place is kept. */
  | { readonly type: "reserved"; readonly until: number };

/** The two protocols number alike things differently. */
const numbers = {
  hop: { reserve: 0, connect: 1, status: 2, peerField: 2, statusField: 5 },
  stop: { reserve: -1, connect: 0, status: 1, peerField: 2, statusField: 4 },
} as const;
const reservationField = 3;

export function encodeRelay(protocol: RelayProtocol, message: RelayMessage): Bytes {
  const { peerField, statusField, ...types } = numbers[protocol];
  switch (message.type) {
    case "reserve":
      return varintField(1, types.reserve);
    case "connect": {
      const id = bytesField(1, fromBase58(message.peer) as Bytes);
      return concat([varintField(1, types.connect), bytesField(peerField, id)]);
    }
    case "status":
      return concat([varintField(1, types.status), varintField(statusField, statusNumbers[message.status])]);
    case "reserved": {
      const reservation = bytesField(reservationField, varintField(1, message.until));
      return concat([varintField(1, types.status), reservation, varintField(statusField, statusNumbers.ok)]);
    }
  }
}

/** A reservation that is granted comes as `status` `ok`. */
export function decodeRelay(protocol: RelayProtocol, message: Bytes): Result<RelayMessage, "malformed"> {
  const fields = message.length > relayMessageBytesMax ? undefined : fieldsOf(message);
  const { peerField, statusField, ...types } = numbers[protocol];
  switch (fields?.get(1)) {
    case types.reserve:
      return ok({ type: "reserve" });
    case types.connect: {
      const peer = peerIn(fields?.get(peerField));
      return peer === undefined ? refused("malformed") : ok({ type: "connect", peer });
    }
    case types.status: {
      const status = statusIn(fields?.get(statusField));
      return status === undefined ? refused("malformed") : ok({ type: "status", status });
    }
    default:
      return refused("malformed");
  }
}

type Field = number | Bytes;

/** Bytes of an identity multihash of an Ed25519 key; of longer ones base58 takes work by the square of their length. */
const peerIdBytesMax = 38;

function peerIn(field: Field | undefined): PeerId | undefined {
  const id = typeof field === "object" ? fieldsOf(field)?.get(1) : undefined;
  const peer = typeof id === "object" && id.length <= peerIdBytesMax ? toBase58(id) : "";
  return authorOf(peer) === undefined ? undefined : (peer as PeerId);
}

function statusIn(field: Field | undefined): RelayStatus | undefined {
  return (Object.keys(statusNumbers) as RelayStatus[]).find((name) => statusNumbers[name] === field);
}

/** The first of each number, or undefined where the bytes are no message. */
function fieldsOf(message: Bytes): ReadonlyMap<number, Field> | undefined {
  const fields = new Map<number, Field>();
  let [at, read] = [0, 0];
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 7; shift++) {
      const byte = message[at++] ?? NaN;
      value += (byte & 0x7f) * 2 ** (7 * shift);
      if (byte < 0x80) return value;
    }
    return NaN; // cut off, or above all that is used
  };
  while (at < message.length) {
    const tag = varint();
    const value = varint();
    if (Number.isNaN(tag) || Number.isNaN(value) || ++read > relayFieldsMax) return undefined;
    const isBytes = tag % 8 === 2;
    if ((!isBytes && tag % 8 !== 0) || (isBytes && value > message.length - at)) return undefined;
    const number = Math.floor(tag / 8);
    if (!fields.has(number)) fields.set(number, isBytes ? message.subarray(at, at + value) : value);
    if (isBytes) at += value;
  }
  return fields;
}

function varintField(number: number, value: number): Bytes {
  return new Uint8Array([number * 8, ...varintOf(value)]);
}

function bytesField(number: number, value: Bytes): Bytes {
  return concat([new Uint8Array([number * 8 + 2, ...varintOf(value.length)]), value]);
}

function varintOf(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return [...bytes, rest];
}
