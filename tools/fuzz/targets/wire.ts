/**
 * Messages between peers. Each target makes valid ones, those that cost most memory per byte, and
 * decodes with a way back: what was accepted, encoded again from its decoded fields.
 */
import type { Author } from "../../../src/base/brand.ts";
import { assert } from "../../../src/base/assert.ts";
import { type Bytes, concat, equalBytes, toHex } from "../../../src/base/bytes.ts";
import { Prng } from "../../../src/base/prng.ts";
import { decodeAck, encodeAck } from "../../../src/codec/ack.ts";
import { decodeAdmit, encodeAdmit } from "../../../src/codec/admit.ts";
import { ByteReader, ByteWriter } from "../../../src/codec/byte-io.ts";
import {
  type FrontierMessage,
  decodeFrontier,
  encodeDone,
  encodeFresh,
  encodeMore,
  encodeParcels,
  encodePull,
  encodeServing,
  encodeSuperseded,
} from "../../../src/codec/frontier.ts";
import { batchOpsMax, messageOpsMax } from "../../../src/codec/limits.ts";
import { encodeSummarise, encodeSummarised } from "../../../src/codec/prefix.ts";
import { decodeGossip, encodeGossip } from "../../../src/codec/gossip.ts";
import { encodeOp } from "../../../src/codec/op.ts";
import {
  type Parcel,
  decodeParcel,
  decodeStoredHeader,
  encodeHeader,
  encodeParcel,
  headerBytes,
} from "../../../src/codec/parcel.ts";
import { peerIdOf } from "../../../src/codec/peer-id.ts";
import { decodePeers, encodePeers } from "../../../src/codec/peers.ts";
import { readRanges, writeRanges } from "../../../src/codec/ranges-wire.ts";
import { type TrieProof, decodeTrieProof, encodeTrieProof } from "../../../src/codec/trie-proof.ts";
import { type Target, fastBatch, refusedAs } from "../target.ts";
import { type WalkMessage, decodeWalk, encodeWalk } from "../../../src/codec/walk.ts";
import {
  anyAck,
  anyAdmit,
  anyPeersMessage,
  anyBeacon,
  anyFrontier,
  anyHeader,
  anyOp,
  anyParcel,
  anyRanges,
  anyTrieProof,
  anyWalk,
  anyWalkNode,
} from "../samples.ts";

const smallOpsParcel = (prng: Prng, count = batchOpsMax): Bytes => {
  const ops = Array.from({ length: count }, (_, index) => {
    const key = index.toString(36).padStart(2, "0");
    return {
      index,
      key,
      bytes: encodeOp({ key, content: { type: "tombstone" }, ttlSeconds: undefined, replaces: undefined }),
    };
  }).sort((a, b) => (a.key < b.key ? -1 : 1));
  return encodeParcel(concat([encodeHeader(anyHeader(prng, count)), prng.bytes(64)]), count, ops, []);
};

/** As many of the smallest operations as a message may have, in as few batches as may be. */
const mostOps = (prng: Prng): readonly Bytes[] => [
  ...Array.from({ length: Math.floor(messageOpsMax / batchOpsMax) }, () => smallOpsParcel(prng)),
  smallOpsParcel(prng, messageOpsMax % batchOpsMax),
];

const smallestParcel = (prng: Prng): Bytes => {
  const bytes = encodeOp({ key: "k", content: { type: "tombstone" }, ttlSeconds: undefined, replaces: undefined });
  return encodeParcel(concat([encodeHeader(anyHeader(prng, 1)), prng.bytes(64)]), 1, [{ index: 0, bytes }], []);
};

const manyOrigins = (prng: Prng, count: number, ranges: number): Parameters<typeof encodeSuperseded>[1] =>
  Array.from({ length: count }, () => ({
    author: anyHeader(prng, 1).author,
    incarnation: anyHeader(prng, 1).incarnation,
    ranges: Array.from({ length: ranges }, (_, i) => [2 * i + 1, 2 * i + 1] as const),
  }));

/** In front of an operation, so that it stands alone in a batch of one. */
const envelopePrng = new Prng(1);
const fixedEnvelope = concat([
  encodeHeader(anyHeader(envelopePrng, 1)),
  envelopePrng.bytes(64),
  new Uint8Array([0, 1]),
]);

export const targets: readonly Target[] = [
  {
    name: "op",
    group: "op",
    batch: fastBatch,
    covers: ["codec/op.ts readOp"],
    valid: (prng) => encodeOp(anyOp(prng)),
    heaviest: (prng) => [encodeOp({ ...anyOp(prng), content: { type: "value", value: prng.bytes(64 * 1024) } })],
    decode: (bytes) => decodeParcel(concat([fixedEnvelope, bytes])),
    look: (bytes) => {
      const decoded = decodeParcel(concat([fixedEnvelope, bytes]));
      if (!decoded.ok) return refusedAs(decoded.code);
      const { op } = decoded.value.ops[0] as Parcel["ops"][number];
      return { outcome: `ok ${op.content.type}`, again: encodeOp(op) };
    },
  },
  {
    name: "parcel",
    group: "parcel",
    batch: fastBatch,
    covers: ["codec/parcel.ts decodeParcel", "codec/parcel.ts decodeStoredHeader"],
    valid: anyParcel,
    heaviest: (prng) => [smallOpsParcel(prng)],
    decode: decodeParcel,
    look: (bytes) => {
      const decoded = decodeParcel(bytes);
      if (!decoded.ok) return refusedAs(decoded.code);
      const { ops, header, signedHeader } = decoded.value;
      assert(
        equalBytes(encodeHeader(decodeStoredHeader(signedHeader)), encodeHeader(header)),
        "a stored header is the one received",
      );
      return {
        outcome: ops.length === header.opsCount ? "ok whole" : "ok fragment",
        again: parcelAgain(decoded.value),
      };
    },
  },
  {
    name: "gossip",
    group: "gossip",
    batch: fastBatch,
    covers: ["codec/gossip.ts decodeGossip", "codec/gossip.ts readParcels"],
    valid: (prng) => encodeGossip(Array.from({ length: 1 + prng.below(4) }, () => anyParcel(prng, "whole"))),
    heaviest: (prng) => [
      encodeGossip(Array.from({ length: messageOpsMax }, () => smallestParcel(prng))),
      encodeGossip(mostOps(prng)),
    ],
    decode: decodeGossip,
    look: (bytes) => {
      const decoded = decodeGossip(bytes);
      return decoded.ok
        ? { outcome: "ok", again: encodeGossip(decoded.value.map(parcelAgain)) }
        : refusedAs(decoded.code);
    },
  },
  {
    name: "frontier",
    group: "frontier",
    batch: fastBatch,
    covers: [
      "codec/frontier.ts decodeFrontier",
      "codec/beacon.ts readBeacon",
      "codec/prefix.ts readSummarise",
      "codec/prefix.ts readSummarised",
    ],
    valid: anyFrontier,
    heaviest: (prng) => [
      encodePull(1, anyBeacon(prng), true, manyOrigins(prng, 4_096, 0)),
      encodePull(1, anyBeacon(prng), true, manyOrigins(prng, 4_096, 1)),
      encodeSuperseded(1, manyOrigins(prng, 1_000, 65)),
      encodeParcels(
        1,
        Array.from({ length: messageOpsMax }, () => smallestParcel(prng)),
      ),
    ],
    decode: decodeFrontier,
    look: (bytes) => {
      const decoded = decodeFrontier(bytes);
      return decoded.ok
        ? { outcome: `ok ${decoded.value.type}`, again: frontierAgain(decoded.value) }
        : refusedAs(decoded.code);
    },
  },
  {
    name: "walk",
    group: "walk",
    batch: fastBatch,
    covers: ["codec/walk.ts decodeWalk"],
    valid: (prng) => encodeWalk(anyWalk(prng)),
    heaviest: (prng) => [
      encodeWalk({ type: "ask", session: 1, request: 1, nodes: Array.from({ length: 256 }, () => anyWalkNode(prng)) }),
      encodeWalk({ type: "parcels", session: 1, parcels: Array.from({ length: 200 }, () => smallestParcel(prng)) }),
      encodeWalk({ type: "parcels", session: 1, parcels: mostOps(prng) }),
    ],
    decode: decodeWalk,
    look: (bytes) => {
      const decoded = decodeWalk(bytes);
      return decoded.ok
        ? { outcome: `ok ${decoded.value.type}`, again: walkAgain(decoded.value) }
        : refusedAs(decoded.code);
    },
  },
  {
    name: "admit",
    group: "admit",
    batch: fastBatch,
    covers: ["codec/admit.ts decodeAdmit", "codec/text-io.ts readText"],
    valid: (prng) => encodeAdmit(anyAdmit(prng)),
    heaviest: (prng) => [
      encodeAdmit({ type: "goodbye", code: "other", retryAfterSeconds: prng.below(9), reason: "r".repeat(256) }),
    ],
    decode: decodeAdmit,
    look: (bytes) => {
      const decoded = decodeAdmit(bytes);
      return decoded.ok
        ? { outcome: `ok ${decoded.value.type}`, again: encodeAdmit(decoded.value) }
        : refusedAs(decoded.code);
    },
  },
  {
    name: "peers",
    group: "peers",
    batch: fastBatch,
    covers: ["codec/peers.ts decodePeers"],
    valid: (prng) => encodePeers(anyPeersMessage(prng)),
    heaviest: (prng) => [
      encodePeers({
        type: "knownPeers",
        number: 1,
        peers: Array.from({ length: 32 }, () => ({
          peer: peerIdOf(toHex(prng.bytes(32)) as Author),
          address: "a".repeat(200),
        })),
      }),
    ],
    decode: decodePeers,
    look: (bytes) => {
      const decoded = decodePeers(bytes);
      return decoded.ok
        ? { outcome: `ok ${decoded.value.type}`, again: encodePeers(decoded.value) }
        : refusedAs(decoded.code);
    },
  },
  {
    name: "ack",
    group: "ack",
    batch: fastBatch,
    covers: ["codec/ack.ts decodeAck"],
    valid: (prng) => encodeAck(anyAck(prng)),
    heaviest: (prng) => [
      encodeAck({ ...anyAck(prng), ranges: Array.from({ length: 64 }, (_, i) => [2 * i + 1, 2 * i + 1] as const) }),
    ],
    decode: decodeAck,
    look: (bytes) => {
      const decoded = decodeAck(bytes);
      return decoded.ok ? { outcome: "ok", again: encodeAck(decoded.value) } : refusedAs(decoded.code);
    },
  },
  {
    name: "ranges",
    group: "ranges",
    batch: fastBatch,
    covers: ["codec/ranges-wire.ts readRanges"],
    valid: (prng) => rangesBytes(anyRanges(prng, 65)),
    heaviest: () => [rangesBytes(Array.from({ length: 65 }, (_, i) => [2 * i + 1, 2 * i + 1] as const))],
    decode: (bytes) => readRanges(new ByteReader(bytes), 65),
    look: (bytes) => {
      const reader = new ByteReader(bytes);
      const ranges = readRanges(reader, 65);
      return reader.finished ? { outcome: "ok", again: rangesBytes(ranges) } : refusedAs("malformed");
    },
  },
  {
    name: "trie-proof",
    group: "trie-proof",
    batch: fastBatch,
    covers: ["codec/trie-proof.ts decodeTrieProof"],
    valid: anyTrieProof,
    heaviest: (prng) => [longestProof(prng)],
    decode: decodeTrieProof,
    look: (bytes) => {
      const decoded = decodeTrieProof(bytes);
      return decoded.ok
        ? { outcome: `ok ${decoded.value.end.type}`, again: trieProofAgain(decoded.value) }
        : refusedAs(decoded.code);
    },
  },
];

/** As many small parts as a proof can have. */
function longestProof(prng: Prng): Bytes {
  const branch = Array.from({ length: 16 }, (_, digit) =>
    digit === 0 ? undefined : { count: 1, hash: prng.bytes(32) },
  );
  const others = Array.from({ length: 16 }, (_, i) => ({
    position: new Uint8Array(32).fill(i),
    digest: prng.bytes(32),
  }));
  return encodeTrieProof({ branches: Array.from({ length: 63 }, () => branch), end: { type: "absent", others } });
}

function trieProofAgain({ branches, end }: TrieProof): Bytes {
  if (end.type !== "present") return encodeTrieProof({ branches, end });
  return encodeTrieProof({ branches, end: { ...end, parcel: parcelAgain(end.parcel) } });
}

function rangesBytes(ranges: ReturnType<typeof readRanges>): Bytes {
  const writer = new ByteWriter(1 + 16 * ranges.length);
  writeRanges(writer, ranges);
  return writer.finish();
}

/** A parcel encoded from its decoded fields, except for the signature. */
function parcelAgain(parcel: Parcel): Bytes {
  const signedHeader = concat([encodeHeader(parcel.header), parcel.signedHeader.subarray(headerBytes)]);
  const ops = parcel.ops.map(({ index, op }) => ({ index, bytes: encodeOp(op) }));
  return encodeParcel(signedHeader, parcel.header.opsCount, ops, parcel.proof);
}

function frontierAgain(message: FrontierMessage): Bytes {
  switch (message.type) {
    case "pull":
      return encodePull(message.session, message.beacon, message.last, message.origins);
    case "parcels":
      return encodeParcels(message.session, message.parcels.map(parcelAgain));
    case "superseded":
      return encodeSuperseded(message.session, message.origins);
    case "done":
      return encodeDone(message.session, message.beacon, message.status);
    case "more":
      return encodeMore(message.session);
    case "serving":
      return encodeServing(message.session, message.batches);
    case "fresh":
      return encodeFresh(message.payload);
    case "summarise":
      return encodeSummarise(message.session, message.prefix);
    case "summarised":
      return encodeSummarised(message.session, message.answer);
  }
}

function walkAgain(message: WalkMessage): Bytes {
  return encodeWalk(message.type === "parcels" ? { ...message, parcels: message.parcels.map(parcelAgain) } : message);
}
