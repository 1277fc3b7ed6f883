/**
 * Messages of peers/1, by which linked members speak of other peers. Numbers are chosen by the asker, for each
 * kind of question by itself, and come back with the answer.
 *
 *   probe       = 0x01 | number u32                                   are you there?
 *   probed      = 0x02 | number u32
 *   probeOther  = 0x03 | number u32 | peer 32                         is that one there, for you?
 *   probedOther = 0x04 | number u32 | reached u8 (0, 1)
 *   askView     = 0x05 | number u32 | of 32 | about 32                how does `of` stand to `about`?
 *   view        = 0x06 | number u32 | by 32 | cause length u8, UTF-8 | conclusion length u16, UTF-8 | next length u16, UTF-8
 *   askPeers    = 0x07 | number u32                                   whom do you know?
 *   knownPeers  = 0x08 | number u32 | count u8 (≤ 32) | (peer 32 | address length u8 ≥ 1, UTF-8) × count
 *   parted      = 0x09 | ago u32 (ms) | reason length u16, UTF-8      why our last link ended, as seen from here
 *   askDialBack = 0x0a | number u32 | count u8 (1 to 4) | port u16 ≥ 1 × count     can you dial me, at one of these?
 *   dialedBack  = 0x0b | number u32 | outcome u8 (0 reached, 1 refused, 2 timeout, 3 unreachable, 4 wrong peer, 5 other, 6 not tried)
 *   findPeer    = 0x0c | number u32 | target 32                       who is near this peer?
 *   nearPeers   = 0x0d | number u32 | as in knownPeers                first all that is known of the target, then who answers, then who is near
 *
 * A peer is named by its Ed25519 public key. Dialing back goes to the address from which the asker's own link comes,
 * and to no other.
 */
import type { Author, PeerId } from "../base/brand.ts";
import { assert } from "../base/assert.ts";
import { type Bytes, fromHex, toHex } from "../base/bytes.ts";
import { type Result, ok, refused } from "../base/result.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import {
  addressBytesMax,
  causeBytesMax,
  dialBackPortsMax,
  knownPeersMax,
  peersFrameBytesMax,
  reasonBytesMax,
  viewTextBytesMax,
} from "./limits.ts";
import { authorOf, peerIdOf } from "./peer-id.ts";
import { clipped, readText } from "./text-io.ts";

/** A peer and one address at which it may be dialed. */
export interface KnownPeer {
  readonly peer: PeerId;
  readonly address: string;
}

/** How one node stands to another, in its own words. */
export interface PeerView {
  readonly by: PeerId;
  /** One of the causes that `why` knows. */
  readonly cause: string;
  readonly conclusion: string;
  readonly next: string;
}

/** What came of an attempt to dial the asker; the position is the number on the wire. */
export const dialBackOutcomes = [
  "reached",
  "refused",
  "timeout",
  "unreachable",
  "wrongPeer",
  "other",
  "notTried",
] as const;
export type DialBackOutcome = (typeof dialBackOutcomes)[number];

export type PeersMessage =
  | { readonly type: "probe" | "probed" | "askPeers"; readonly number: number }
  | { readonly type: "probeOther"; readonly number: number; readonly peer: PeerId }
  | { readonly type: "probedOther"; readonly number: number; readonly reached: boolean }
  | { readonly type: "askView"; readonly number: number; readonly of: PeerId; readonly about: PeerId }
  | { readonly type: "view"; readonly number: number; readonly view: PeerView }
  /** `number` is how long ago, in ms. */
  | { readonly type: "parted"; readonly number: number; readonly reason: string }
  | { readonly type: "askDialBack"; readonly number: number; readonly ports: readonly number[] }
  | { readonly type: "dialedBack"; readonly number: number; readonly outcome: DialBackOutcome }
  | { readonly type: "findPeer"; readonly number: number; readonly target: PeerId }
  | { readonly type: "knownPeers"; readonly number: number; readonly peers: readonly KnownPeer[] }
  | { readonly type: "nearPeers"; readonly number: number; readonly peers: readonly KnownPeer[] };

/** The position is the number on the wire, from 1 up. */
const tags = [
  "probe",
  "probed",
  "probeOther",
  "probedOther",
  "askView",
  "view",
  "askPeers",
  "knownPeers",
  "parted",
  "askDialBack",
  "dialedBack",
  "findPeer",
  "nearPeers",
] as const;

export function encodePeers(message: PeersMessage): Bytes {
  const writer = new ByteWriter(128).u8(tags.indexOf(message.type) + 1).u32(message.number);
  switch (message.type) {
    case "probe":
    case "probed":
    case "askPeers":
      break;
    case "probeOther":
      writer.bytes(keyOf(message.peer));
      break;
    case "probedOther":
      writer.u8(message.reached ? 1 : 0);
      break;
    case "askView":
      writer.bytes(keyOf(message.of)).bytes(keyOf(message.about));
      break;
    case "view":
      writeView(writer, message.view);
      break;
    case "parted": {
      const reason = clipped(message.reason, reasonBytesMax);
      writer.u16(reason.length).bytes(reason);
      break;
    }
    case "findPeer":
      writer.bytes(keyOf(message.target));
      break;
    case "knownPeers":
    case "nearPeers":
      writer.u8(message.peers.length);
      for (const { peer, address } of message.peers) {
        const text = clipped(address, addressBytesMax);
        writer.bytes(keyOf(peer)).u8(text.length).bytes(text);
      }
      break;
    case "askDialBack":
      writer.u8(message.ports.length);
      for (const port of message.ports) writer.u16(port);
      break;
    case "dialedBack":
      writer.u8(dialBackOutcomes.indexOf(message.outcome));
      break;
  }
  return writer.finish();
}

export function decodePeers(bytes: Bytes): Result<PeersMessage, "malformed" | "tooLarge"> {
  if (bytes.length > peersFrameBytesMax) return refused("tooLarge");
  const reader = new ByteReader(bytes);
  const message = readMessage(tags[reader.u8() - 1], reader.u32(), reader);
  return message !== undefined && reader.finished ? ok(message) : refused("malformed");
}

function readMessage(
  type: (typeof tags)[number] | undefined,
  number: number,
  reader: ByteReader,
): PeersMessage | undefined {
  switch (type) {
    case undefined:
      return undefined;
    case "probe":
    case "probed":
    case "askPeers":
      return { type, number };
    case "probeOther":
      return { type, number, peer: readPeer(reader) };
    case "probedOther": {
      const reached = reader.u8();
      return reached > 1 ? undefined : { type, number, reached: reached === 1 };
    }
    case "askView":
      return { type, number, of: readPeer(reader), about: readPeer(reader) };
    case "view":
      return { type, number, view: readView(reader) };
    case "parted":
      return { type, number, reason: readText(reader, reader.u16(), reasonBytesMax) };
    case "findPeer":
      return { type, number, target: readPeer(reader) };
    case "knownPeers":
    case "nearPeers":
      return { type, number, peers: readKnown(reader) };
    case "askDialBack": {
      const count = reader.u8();
      if (count === 0 || count > dialBackPortsMax) return undefined;
      const ports = Array.from({ length: count }, () => reader.u16());
      return ports.includes(0) ? undefined : { type, number, ports };
    }
    case "dialedBack": {
      const outcome = dialBackOutcomes[reader.u8()];
      return outcome === undefined ? undefined : { type, number, outcome };
    }
  }
}

function writeView(writer: ByteWriter, { by, cause, conclusion, next }: PeerView): void {
  const [short, told, advice] = [
    clipped(cause, causeBytesMax),
    clipped(conclusion, viewTextBytesMax),
    clipped(next, viewTextBytesMax),
  ] as const;
  writer.bytes(keyOf(by)).u8(short.length).bytes(short);
  writer.u16(told.length).bytes(told).u16(advice.length).bytes(advice);
}

function readView(reader: ByteReader): PeerView {
  const by = readPeer(reader);
  const cause = readText(reader, reader.u8(), causeBytesMax);
  const conclusion = readText(reader, reader.u16(), viewTextBytesMax);
  return { by, cause, conclusion, next: readText(reader, reader.u16(), viewTextBytesMax) };
}

function readKnown(reader: ByteReader): readonly KnownPeer[] {
  const count = reader.u8();
  if (count > knownPeersMax) reader.fail();
  const peers: KnownPeer[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const peer = readPeer(reader);
    const length = reader.u8();
    if (length === 0) reader.fail();
    peers.push({ peer, address: readText(reader, length, addressBytesMax) });
  }
  return peers;
}

function keyOf(peer: PeerId): Bytes {
  const author = authorOf(peer);
  const key = author === undefined ? undefined : fromHex(author);
  assert(key !== undefined, "a peer is named by an Ed25519 key");
  return key;
}

function readPeer(reader: ByteReader): PeerId {
  const key = reader.bytes(32);
  return reader.failed ? ("" as PeerId) : peerIdOf(toHex(key) as Author);
}
