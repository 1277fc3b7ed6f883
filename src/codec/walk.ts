/**
 * Messages of walk/1: two replicas compare their Merkle tries from the root down, and the asker
 * gets the entries it lacks. The asker says what stands at a path on its side; the server answers
 * with what stands below where they differ, two levels further down with each round trip, and in
 * the end with the entries themselves, and with those named to it on whose keys it has nothing.
 *
 *   open    = 0x01 | session u32 | clock u64 (ms) | count u64 | root 32 | flags u8 | held back u16
 *   opened  = 0x02 | session u32 | clock u64 (ms) | count u64 | root 32 | flags u8 | held back u16
 *   ask     = 0x03 | session u32 | request u32 | nodes u16 ≥ 1 | node × nodes
 *   answer  = 0x04 | session u32 | request u32 | nodes u16 | node × nodes
 *   parcels = 0x05 | session u32 | count u16 ≥ 1 | (length u32, parcel) × count
 *   more    = 0x06 | session u32
 *   close   = 0x07 | session u32 | more u8 (1 where the asker has entries on whose keys the server has none)
 *   ended   = 0x08 | session u32 | status u8 (0 busy, 1 unknown)
 *   node     = length u8 (digits of the path, ≤ 64) | path, two digits a byte, a last half byte zero
 *            | kind u8 | children (kind 0), entries (kind 1) or prefix (kind 2)
 *   children = bitmap u16 | hash 16 × set bits, ascending
 *   entries  = count u8 ≤ 64 | (position 8 | digest 16) × count, ascending by position
 *   prefix   = length u16 | prefix | length u16 | after | more u8 (0, 1)     kind 2, at the empty path
 *
 * A prefix asks for the entries on keys that begin with it, behind the key `after`, whatever the asker
 * has: what a user wants first comes first. Its answer names the last key sent, and whether there are more.
 *
 * Hashes and digests are cut to 16 bytes, positions to the 8 that begin with the byte of the path's
 * last digit: what they may hide by collision shows in the roots, which are whole.
 */
import { assert } from "../base/assert.ts";
import { type Bytes, compareBytes, utf8Decode, utf8Encode, utf8Length } from "../base/bytes.ts";
import { type Result, ok, refused } from "../base/result.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import type { Beacon } from "./frontier.ts";
import { readBeacon, writeBeacon } from "./beacon.ts";
import { readParcels } from "./gossip.ts";
import { keyBytesMax, walkEntriesMax, walkFrameBytesMax, walkNodesMax } from "./limits.ts";
import { isValidKey } from "./op.ts";
import type { Parcel } from "./parcel.ts";

/** Bytes of a hash or digest on the wire. */
export const walkHashBytes = 16;
/** Bytes of a position on the wire. */
export const walkPositionBytes = 8;
/** Digits of a whole position. */
export const walkPathDigitsMax = 64;

export interface WalkEntry {
  readonly position: Bytes;
  readonly digest: Bytes;
}

/** What stands at a path: the hashes of up to 16 subtrees, undefined where one is empty, or few entries; or keys asked for by prefix. */
export type WalkNode =
  | { readonly type: "children"; readonly path: string; readonly hashes: readonly (Bytes | undefined)[] }
  | { readonly type: "entries"; readonly path: string; readonly entries: readonly WalkEntry[] }
  | WalkPrefix;

export interface WalkPrefix {
  readonly type: "prefix";
  readonly prefix: string;
  /** The last key of the answer before; empty at first. */
  readonly after: string;
  /** In an answer: whether keys follow behind `after`. */
  readonly more: boolean;
}

export type WalkChildren = Extract<WalkNode, { type: "children" }>;

/** Why a session is served no longer: no room now, or nothing known of it. */
export const walkEndings = ["busy", "unknown"] as const;
export type WalkEnding = (typeof walkEndings)[number];

export type WalkMessage =
  | { readonly type: "open"; readonly session: number; readonly beacon: Beacon }
  | { readonly type: "opened"; readonly session: number; readonly beacon: Beacon }
  | { readonly type: "ask"; readonly session: number; readonly request: number; readonly nodes: readonly WalkNode[] }
  | {
      readonly type: "answer";
      readonly session: number;
      readonly request: number;
      /** What stands at paths that differ, and which of the named entries the server has no version of. */
      readonly nodes: readonly WalkNode[];
    }
  | { readonly type: "parcels"; readonly session: number; readonly parcels: readonly Parcel[] }
  | { readonly type: "more"; readonly session: number }
  | { readonly type: "close"; readonly session: number; readonly more: boolean }
  | { readonly type: "ended"; readonly session: number; readonly status: WalkEnding };

/** The message as a frame; parcels go as the bytes they are stored in. */
export function encodeWalk(message: Exclude<WalkMessage, { type: "parcels" }> | WalkParcels): Bytes {
  const writer = new ByteWriter(128).u8(tags[message.type]).u32(message.session);
  switch (message.type) {
    case "open":
    case "opened":
      writeBeacon(writer, message.beacon);
      break;
    case "ask":
    case "answer":
      writer.u32(message.request).u16(message.nodes.length);
      for (const node of message.nodes) writeNode(writer, node);
      break;
    case "parcels":
      writer.u16(message.parcels.length);
      for (const parcel of message.parcels) writer.u32(parcel.length).bytes(parcel);
      break;
    case "ended":
      writer.u8(walkEndings.indexOf(message.status));
      break;
    case "close":
      writer.u8(message.more ? 1 : 0);
      break;
    case "more":
      break;
  }
  return writer.finish();
}

export interface WalkParcels {
  readonly type: "parcels";
  readonly session: number;
  readonly parcels: readonly Bytes[];
}

export function decodeWalk(bytes: Bytes): Result<WalkMessage, "malformed" | "tooLarge"> {
  if (bytes.length > walkFrameBytesMax) return refused("tooLarge");
  const reader = new ByteReader(bytes);
  const message = readMessage(reader);
  if (message === "tooLarge") return refused(message);
  return message !== undefined && reader.finished ? ok(message) : refused("malformed");
}

/** Bytes a node takes in a message. */
export function walkNodeBytes(node: WalkNode): number {
  if (node.type === "prefix") return 7 + utf8Length(node.prefix) + utf8Length(node.after);
  const head = 2 + ((node.path.length + 1) >> 1);
  if (node.type === "entries") return head + 1 + node.entries.length * (walkPositionBytes + walkHashBytes);
  return head + 2 + walkHashBytes * node.hashes.reduce((sum, hash) => sum + (hash === undefined ? 0 : 1), 0);
}

/** The part of a position that goes over the wire for an entry below a path. */
export function cutPosition(position: Bytes, path: string): Bytes {
  const from = Math.min(path.length >> 1, position.length - walkPositionBytes);
  return position.subarray(from, from + walkPositionBytes);
}

const tags = { open: 1, opened: 2, ask: 3, answer: 4, parcels: 5, more: 6, close: 7, ended: 8 } as const;
const nodeKinds = { children: 0, entries: 1, prefix: 2 } as const;

function readMessage(reader: ByteReader): WalkMessage | "tooLarge" | undefined {
  const tag = reader.u8();
  const session = reader.u32();
  switch (tag) {
    case tags.open:
      return { type: "open", session, beacon: readBeacon(reader) };
    case tags.opened:
      return { type: "opened", session, beacon: readBeacon(reader) };
    case tags.ask: {
      const request = reader.u32();
      const nodes = readNodes(reader);
      return nodes.length === 0 ? undefined : { type: "ask", session, request, nodes };
    }
    case tags.answer: {
      const request = reader.u32();
      return { type: "answer", session, request, nodes: readNodes(reader) };
    }
    case tags.parcels: {
      const parcels = readParcels(reader);
      return parcels === "tooLarge" || parcels === undefined ? parcels : { type: "parcels", session, parcels };
    }
    case tags.more:
      return { type: "more", session };
    case tags.close: {
      const more = reader.u8();
      return more > 1 ? undefined : { type: "close", session, more: more === 1 };
    }
    case tags.ended: {
      const status = walkEndings[reader.u8()];
      return status === undefined ? undefined : { type: "ended", session, status };
    }
    default:
      return undefined;
  }
}

function writeNode(writer: ByteWriter, node: WalkNode): void {
  if (node.type === "prefix") {
    writer.u8(0).u8(nodeKinds.prefix);
    for (const text of [node.prefix, node.after]) writer.u16(utf8Encode(text).length).bytes(utf8Encode(text));
    writer.u8(node.more ? 1 : 0);
    return;
  }
  assert(node.path.length <= walkPathDigitsMax, "a path has at most as many digits as a position");
  writer.u8(node.path.length);
  for (let i = 0; i < node.path.length; i += 2)
    writer.u8(Number.parseInt(node.path.slice(i, i + 2).padEnd(2, "0"), 16));
  writer.u8(nodeKinds[node.type]);
  if (node.type === "entries") {
    writer.u8(node.entries.length);
    for (const { position, digest } of node.entries) writer.bytes(position).bytes(digest);
    return;
  }
  const present = node.hashes.reduce((bitmap, hash, digit) => bitmap + (hash === undefined ? 0 : 2 ** digit), 0);
  writer.u16(present);
  for (const hash of node.hashes) if (hash !== undefined) writer.bytes(hash);
}

function readNodes(reader: ByteReader): readonly WalkNode[] {
  const count = reader.u16();
  if (count > walkNodesMax) reader.fail();
  const nodes: WalkNode[] = [];
  for (let i = 0; i < count && !reader.failed; i++) nodes.push(readNode(reader));
  return nodes;
}

function readNode(reader: ByteReader): WalkNode {
  const path = readPath(reader);
  const kind = reader.u8();
  if (kind === nodeKinds.children) return { type: "children", path, hashes: readHashes(reader) };
  if (kind === nodeKinds.prefix) return readPrefix(reader, path);
  if (kind !== nodeKinds.entries) reader.fail();
  return { type: "entries", path, entries: readEntries(reader) };
}

function readPrefix(reader: ByteReader, path: string): WalkPrefix {
  const prefix = readText(reader);
  const after = readText(reader);
  const more = reader.u8();
  if (path !== "" || more > 1) reader.fail();
  return { type: "prefix", prefix, after, more: more === 1 };
}

/** Empty, or what could be a key. */
function readText(reader: ByteReader): string {
  const length = reader.u16();
  if (length === 0) return "";
  if (length > keyBytesMax) reader.fail();
  const text = utf8Decode(reader.bytes(length));
  if (text !== undefined && isValidKey(text)) return text;
  reader.fail();
  return "";
}

function readPath(reader: ByteReader): string {
  const digits = reader.u8();
  if (digits > walkPathDigitsMax) reader.fail();
  let path = "";
  for (let i = 0; i < digits && !reader.failed; i += 2) {
    const byte = reader.u8();
    const isHalf = i + 1 === digits;
    if (isHalf && byte % 16 !== 0) reader.fail();
    path += isHalf ? (byte >> 4).toString(16) : byte.toString(16).padStart(2, "0");
  }
  return path;
}

function readHashes(reader: ByteReader): readonly (Bytes | undefined)[] {
  const present = reader.u16();
  return Array.from({ length: 16 }, (_, digit) =>
    (present >> digit) % 2 === 1 ? reader.bytes(walkHashBytes) : undefined,
  );
}

function readEntries(reader: ByteReader): readonly WalkEntry[] {
  const count = reader.u8();
  if (count > walkEntriesMax) reader.fail();
  const entries: WalkEntry[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const entry = { position: reader.bytes(walkPositionBytes), digest: reader.bytes(walkHashBytes) };
    const last = entries.at(-1);
    if (last !== undefined && compareBytes(last.position, entry.position) > 0) reader.fail();
    entries.push(entry);
  }
  return entries;
}
