/**
 * What one gossip message costs whoever receives it, in the worst case: as many of the smallest operations as fit its bytes,
 * and as many as are let in. `node --expose-gc bench/message-cost.ts`. Batches of 1,000 tombstones with keys of two bytes,
 * decoded and judged (the Merkle root of each) as the replica's thread does it: the median of 20 times after 10 to warm up,
 * and the memory that the decoded message keeps. Signatures are not in it: other threads check them, one for each batch.
 */
import { Prng } from "../src/base/prng.ts";
import { type Bytes, toHex } from "../src/base/bytes.ts";
import type { Incarnation, NetworkId, Stamp } from "../src/base/brand.ts";
import { decodeGossip, encodeGossip } from "../src/codec/gossip.ts";
import { batchOpsMax, gossipBytesMax } from "../src/codec/limits.ts";
import type { Op } from "../src/codec/op.ts";
import type { Parcel } from "../src/codec/parcel.ts";
import { checkParcel, makeBatch } from "../src/core/data/batch.ts";
import { ed25519Signer } from "../src/crypto/ed25519.ts";
import { nowMs } from "./clock.ts";

const warmUps = 10;
const runs = 20;
const prng = new Prng(1);
const network = toHex(prng.bytes(32)) as NetworkId;
const incarnation = toHex(prng.bytes(8)) as Incarnation;
const signer = ed25519Signer(prng.bytes(32));

function smallestBatch(sequence: number): Bytes {
  const ops = Array.from({ length: batchOpsMax }, (_, index): Op => {
    const key = index.toString(36).padStart(2, "0");
    return { key, content: { type: "tombstone" }, ttlSeconds: undefined, replaces: undefined };
  });
  const made = makeBatch(ops, { network, incarnation, sequence, stamp: sequence as Stamp }, signer);
  if (!made.ok) throw new Error(made.code);
  return made.value.bytes;
}

function measure(batches: readonly Bytes[]): string {
  const message = encodeGossip(batches);
  const [decoding, judging]: [number[], number[]] = [[], []];
  let kept: readonly Parcel[] = [];
  for (let i = 0; i < warmUps + runs; i++) {
    const began = nowMs();
    const decoded = decodeGossip(message);
    const decodedAt = nowMs();
    if (!decoded.ok) return `refused after ${(decodedAt - began).toFixed(1)} ms: ${decoded.code}`;
    for (const parcel of decoded.value)
      if (!checkParcel(parcel, network).ok) throw new Error("a good batch is refused");
    if (i >= warmUps) judging.push(nowMs() - decodedAt);
    if (i >= warmUps) decoding.push(decodedAt - began);
  }
  const before = inUse();
  const decoded = decodeGossip(message);
  if (decoded.ok) kept = decoded.value;
  const bytes = inUse() - before;
  const times = (bytes / message.length).toFixed(0);
  const ops = kept.reduce((sum, parcel) => sum + parcel.ops.length, 0);
  return `${ops} ops, ${message.length} B: decoded in ${median(decoding)} ms, judged in ${median(judging)} ms, keeps ${(bytes / 1e6).toFixed(1)} MB, ${times} times its size`;
}

function median(values: readonly number[]): string {
  return (values.toSorted((a, b) => a - b)[values.length >> 1] as number).toFixed(1);
}

function inUse(): number {
  if (globalThis.gc === undefined) throw new Error("start it with --expose-gc");
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const one = smallestBatch(1);
const all = Array.from({ length: Math.floor(gossipBytesMax / (one.length + 4)) }, (_, index) =>
  smallestBatch(index + 1),
);
for (const count of [1, 8, all.length]) console.log(`${count} batches: ${measure(all.slice(0, count))}`);
