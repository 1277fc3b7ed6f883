/**
 * Valid messages of every family, drawn from a seed: what a fuzzer mutates, and what the laws of
 * the codecs are tried on. Sizes are mostly small, sometimes at a limit. Signatures and hashes are
 * noise: no decoder looks into them.
 */
import type { Author, BatchId, Incarnation, Instant, NetworkId, PeerId, Stamp } from "../../src/base/brand.ts";
import { dialBackPortsMax, knownPeersMax, walkFrameBytesMax } from "../../src/codec/limits.ts";
import { type Bytes, compareBytes, concat, toHex, utf8Encode } from "../../src/base/bytes.ts";
import type { Prng } from "../../src/base/prng.ts";
import type { Ack } from "../../src/codec/ack.ts";
import { type AdmitMessage, goodbyeCodes } from "../../src/codec/admit.ts";
import {
  type Beacon,
  type OriginRanges,
  encodeDone,
  encodeFresh,
  encodeMore,
  encodeParcels,
  encodePull,
  encodeServing,
  encodeSuperseded,
} from "../../src/codec/frontier.ts";
import { type WalkNode, type encodeWalk, walkEndings } from "../../src/codec/walk.ts";
import { type PrefixAnswer, encodeSummarise, encodeSummarised, prefixStatuses } from "../../src/codec/prefix.ts";
import { proofLength } from "../../src/codec/merkle-shape.ts";
import { type Op, type OpContent, encodeOp } from "../../src/codec/op.ts";
import { type BatchHeader, encodeHeader, encodeParcel } from "../../src/codec/parcel.ts";
import { type PeersMessage, dialBackOutcomes } from "../../src/codec/peers.ts";
import { peerIdOf } from "../../src/codec/peer-id.ts";
import type { Range } from "../../src/codec/ranges-wire.ts";
import { type ProofBranch, type ProofEntry, encodeTrieProof } from "../../src/codec/trie-proof.ts";

const keyAlphabets = ["ab", "/key", "äöü", "日本語", "😀👍", "\u{10ffff}\uffff "];

/** One of the numbers where off-by-one faults live, or any. */
export function anyNumber(prng: Prng, max: number): number {
  const edges = [0, 1, 2, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, max - 1, max];
  const edge = prng.pick(edges);
  return prng.chance(0.3) && edge <= max ? edge : Math.floor(prng.unit() * (max + 1));
}

export function anyKey(prng: Prng): string {
  const characters = [...prng.pick(keyAlphabets)];
  const length = 1 + prng.below(prng.chance(0.1) ? 63 : 8);
  return Array.from({ length }, () => prng.pick(characters)).join("");
}

/** `bigValues` is the share of values of the largest size. */
export function anyOp(prng: Prng, key: string = anyKey(prng), bigValues = 0.02): Op {
  return {
    key,
    content: anyContent(prng, bigValues),
    ttlSeconds: prng.chance(0.3) ? 1 + anyNumber(prng, 0xffff_fffe) : undefined,
    replaces: prng.chance(0.3)
      ? { stamp: anyNumber(prng, 2 ** 53 - 2) as Stamp, batch: toHex(prng.bytes(32)) as BatchId }
      : undefined,
  };
}

function anyContent(prng: Prng, bigValues: number): OpContent {
  const kind = prng.below(4);
  if (kind === 0) return { type: "tombstone" };
  if (kind === 1) return { type: "blob", hash: prng.bytes(32), sizeBytes: anyNumber(prng, Number.MAX_SAFE_INTEGER) };
  return { type: "value", value: prng.bytes(prng.chance(bigValues) ? 64 * 1024 : prng.below(24)) };
}

export function anyHeader(prng: Prng, opsCount: number): BatchHeader {
  return {
    network: toHex(prng.bytes(32)) as NetworkId,
    author: toHex(prng.bytes(32)) as Author,
    incarnation: toHex(prng.bytes(8)) as Incarnation,
    sequence: 1 + anyNumber(prng, 2 ** 53 - 4),
    stamp: anyNumber(prng, Number.MAX_SAFE_INTEGER) as Stamp,
    opsRoot: prng.bytes(32),
    opsCount,
  };
}

/** Encoded operations with keys that ascend by their bytes. */
export function anyOps(prng: Prng, count: number): readonly Bytes[] {
  const keys = new Set<string>();
  while (keys.size < count) keys.add(count > 30 ? `${anyKey(prng)}${keys.size}` : anyKey(prng));
  const ordered = [...keys].sort((a, b) => compareBytes(utf8Encode(a), utf8Encode(b)));
  return ordered.map((key) => encodeOp(anyOp(prng, key, count > 30 ? 0 : 0.02)));
}

export function anyParcel(prng: Prng, shape: "whole" | "any" = "any"): Bytes {
  const opsCount = prng.chance(0.02) ? 1_000 : 1 + prng.below(6);
  const whole = shape === "whole" || prng.chance(0.5);
  const chosen = Array.from({ length: opsCount }, (_, index) => index).filter(() => whole || prng.chance(0.4));
  const indices = chosen.length === 0 ? [prng.below(opsCount)] : chosen;
  const ops = anyOps(prng, indices.length).map((bytes, i) => ({ index: indices[i] as number, bytes }));
  const signedHeader = concat([encodeHeader(anyHeader(prng, opsCount)), prng.bytes(64)]);
  const proof = Array.from({ length: proofLength(opsCount, indices) }, () => prng.bytes(32));
  return encodeParcel(signedHeader, opsCount, ops, proof);
}

/** A parcel of exactly one operation, as a batch or as a fragment. */
function anySingleParcel(prng: Prng): Bytes {
  const opsCount = prng.chance(0.5) ? 1 : 1 + prng.below(1_000);
  const index = prng.below(opsCount);
  const signedHeader = concat([encodeHeader(anyHeader(prng, opsCount)), prng.bytes(64)]);
  const proof = Array.from({ length: proofLength(opsCount, [index]) }, () => prng.bytes(32));
  return encodeParcel(signedHeader, opsCount, [{ index, bytes: encodeOp(anyOp(prng)) }], proof);
}

function anyProofBranch(prng: Prng): ProofBranch {
  const own = prng.below(16);
  const share = prng.unit();
  return Array.from({ length: 16 }, (_, digit) =>
    digit !== own && prng.chance(share) ? { count: 1 + anyNumber(prng, 2 ** 53 - 2), hash: prng.bytes(32) } : undefined,
  );
}

function anyProofEntries(prng: Prng, count: number): readonly ProofEntry[] {
  const positions = Array.from({ length: count }, () => prng.bytes(32)).sort(compareBytes);
  return positions.map((position) => ({ position, digest: prng.bytes(32) }));
}

export function anyTrieProof(prng: Prng): Bytes {
  const depth = prng.chance(0.05) ? 63 : prng.below(6);
  const branches = Array.from({ length: depth }, () => anyProofBranch(prng));
  const kind = prng.below(3);
  if (kind === 0 && depth > 0) return encodeTrieProof({ branches, end: { type: "empty" } });
  if (kind === 1)
    return encodeTrieProof({
      branches,
      end: { type: "present", others: anyProofEntries(prng, prng.below(16)), parcel: anySingleParcel(prng) },
    });
  const others = anyProofEntries(prng, (depth > 0 ? 1 : 0) + prng.below(16));
  return encodeTrieProof({ branches, end: { type: "absent", others } });
}

/** Ascending ranges that do not touch, at most `max` of them. */
export function anyRanges(prng: Prng, max: number): readonly Range[] {
  const count = prng.chance(0.1) ? max : prng.below(Math.min(5, max + 1));
  const ranges: Range[] = [];
  let least = 1;
  for (let i = 0; i < count; i++) {
    const from = least + prng.below(1_000);
    const to = from + (prng.chance(0.5) ? 0 : prng.below(1_000));
    ranges.push([from, to]);
    least = to + 2;
  }
  if (prng.chance(0.1) && count < max) ranges.push([least, 2 ** 53 - 2]);
  return ranges;
}

/** At least one, where none is no message. */
function someOrigins(prng: Prng): readonly OriginRanges[] {
  const origins = anyOrigins(prng);
  return origins.length > 0 ? origins : someOrigins(prng);
}

export function anyOrigins(prng: Prng): readonly OriginRanges[] {
  return Array.from({ length: prng.below(4) }, () => ({
    author: toHex(prng.bytes(32)) as Author,
    incarnation: toHex(prng.bytes(8)) as Incarnation,
    ranges: anyRanges(prng, 65),
  }));
}

export function anyBeacon(prng: Prng): Beacon {
  const clock = anyNumber(prng, Number.MAX_SAFE_INTEGER) as Instant;
  return {
    clock,
    summary: { count: anyNumber(prng, Number.MAX_SAFE_INTEGER), root: prng.bytes(32) },
    stale: prng.chance(0.5),
    full: prng.chance(0.5),
    heldBack: prng.below(0x1_0000),
  };
}

export function anyPrefixAnswer(prng: Prng): PrefixAnswer {
  const status = prng.pick(prefixStatuses);
  if (status !== "whole") return { status };
  return { status, summary: { count: anyNumber(prng, Number.MAX_SAFE_INTEGER), digest: prng.bytes(32) } };
}

export function anyFrontier(prng: Prng): Bytes {
  const session = anyNumber(prng, 0xffff_ffff);
  switch (prng.below(9)) {
    case 8:
      return encodeFresh(prng.bytes(prng.below(200)));
    case 7:
      return encodeServing(session, 1 + anyNumber(prng, 1_000_000));
    case 0:
      return encodePull(session, anyBeacon(prng), prng.chance(0.5), anyOrigins(prng));
    case 1:
      return encodeParcels(
        session,
        Array.from({ length: 1 + prng.below(4) }, () => anyParcel(prng)),
      );
    case 2:
      return encodeSuperseded(session, someOrigins(prng));
    case 3:
      return encodeDone(session, anyBeacon(prng), prng.pick(["complete", "busy"]));
    case 4:
      return encodeSummarise(session, anyKey(prng));
    case 5:
      return encodeSummarised(session, anyPrefixAnswer(prng));
    default:
      return encodeMore(session);
  }
}

export function anyPeersMessage(prng: Prng): PeersMessage {
  const number = anyNumber(prng, 0xffff_ffff);
  const peer = (): PeerId => peerIdOf(toHex(prng.bytes(32)) as Author);
  const text = (): string => anyKey(prng).slice(0, 8).toWellFormed();
  switch (prng.below(10)) {
    case 6:
      return {
        type: "askDialBack",
        number,
        ports: Array.from({ length: 1 + prng.below(dialBackPortsMax) }, () => 1 + prng.below(65_535)),
      };
    case 7:
      return { type: "dialedBack", number, outcome: prng.pick(dialBackOutcomes) };
    case 8:
      return { type: "parted", number, reason: text() };
    case 0:
      return { type: prng.pick(["probe", "probed", "askPeers"]), number };
    case 1:
      return { type: "probeOther", number, peer: peer() };
    case 2:
      return { type: "probedOther", number, reached: prng.chance(0.5) };
    case 3:
      return { type: "askView", number, of: peer(), about: peer() };
    case 4:
      return { type: "view", number, view: { by: peer(), cause: text(), conclusion: text(), next: text() } };
    case 5:
      return { type: "findPeer", number, target: peer() };
    default: {
      const count = prng.below(prng.chance(0.1) ? knownPeersMax + 1 : 3);
      return {
        type: prng.pick(["knownPeers", "nearPeers"]),
        number,
        peers: Array.from({ length: count }, () => ({ peer: peer(), address: text() })),
      };
    }
  }
}

export function anyAdmit(prng: Prng): AdmitMessage {
  switch (prng.below(4)) {
    case 0:
      return { type: "welcome" };
    case 1:
      return { type: "foreignHello", version: 2 + prng.below(254), rest: prng.bytes(prng.below(100)) };
    case 2: {
      const reason = anyKey(prng).slice(0, 60).toWellFormed();
      return {
        type: "goodbye",
        code: prng.pick(goodbyeCodes),
        retryAfterSeconds: anyNumber(prng, 0xffff_ffff),
        reason,
      };
    }
    default:
      return {
        type: "hello",
        version: 1,
        network: toHex(prng.bytes(32)) as NetworkId,
        session: toHex(prng.bytes(8)),
        clock: anyNumber(prng, Number.MAX_SAFE_INTEGER) as Instant,
        agent: anyKey(prng).slice(0, 10).toWellFormed(),
      };
  }
}

export function anyAck(prng: Prng): Ack {
  const ranges = anyRanges(prng, 64);
  return { incarnation: toHex(prng.bytes(8)) as Incarnation, ranges: ranges.length === 0 ? [[1, 1]] : ranges };
}

export function anyWalkNode(prng: Prng): WalkNode {
  if (prng.chance(0.2))
    return {
      type: "prefix",
      prefix: prng.chance(0.8) ? anyKey(prng) : "",
      after: prng.chance(0.5) ? anyKey(prng) : "",
      more: prng.chance(0.5),
    };
  const path = toHex(prng.bytes(32)).slice(0, prng.below(65));
  if (prng.chance(0.5))
    return {
      type: "children",
      path,
      hashes: Array.from({ length: 16 }, () => (prng.chance(0.7) ? prng.bytes(16) : undefined)),
    };
  const entries = Array.from({ length: prng.below(5) }, () => ({ position: prng.bytes(8), digest: prng.bytes(16) }));
  return { type: "entries", path, entries: entries.sort((a, b) => compareBytes(a.position, b.position)) };
}

/** As many as fit a frame; together a few large ones do not. */
function anyWalkParcels(session: number, prng: Prng): Parameters<typeof encodeWalk>[0] {
  let bytes = 1 + 4 + 2;
  const parcels = Array.from({ length: 1 + prng.below(4) }, () => anyParcel(prng)).filter((parcel) => {
    const isFitting = bytes + 4 + parcel.length <= walkFrameBytesMax;
    if (isFitting) bytes += 4 + parcel.length;
    return isFitting;
  });
  return parcels.length === 0 ? { type: "more", session } : { type: "parcels", session, parcels };
}

export function anyWalk(prng: Prng): Parameters<typeof encodeWalk>[0] {
  const session = anyNumber(prng, 0xffff_ffff);
  const request = anyNumber(prng, 0xffff_ffff);
  const nodes = Array.from({ length: 1 + prng.below(4) }, () => anyWalkNode(prng));
  switch (prng.below(7)) {
    case 0:
      return { type: "open", session, beacon: anyBeacon(prng) };
    case 1:
      return { type: "opened", session, beacon: anyBeacon(prng) };
    case 2:
      return { type: "ask", session, request, nodes };
    case 3:
      return { type: "answer", session, request, nodes };
    case 4:
      return anyWalkParcels(session, prng);
    case 5:
      return { type: "ended", session, status: prng.pick(walkEndings) };
    default:
      return prng.chance(0.5) ? { type: "more", session } : { type: "close", session, more: prng.chance(0.5) };
  }
}
