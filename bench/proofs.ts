/**
 * How large proofs are and how long making and checking one takes, by the number of keys:
 * `node bench/proofs.ts [KEYS …]`. In one process and without a store: sets of signed batches of
 * 1,000 values of 128 bytes, of which 1,000 keys that are there and 1,000 that are not are proven.
 */
import { Prng } from "../src/base/prng.ts";
import { checkProof } from "../src/core/data/trie/check-proof.ts";
import { ProvenSet, valueOp } from "../test/support/proven-set.ts";
import { nowMs } from "./clock.ts";

const batchOps = 1_000;
const valueBytes = 128;
const samples = 1_000;

function setOf(keys: number): ProvenSet {
  const set = new ProvenSet();
  const prng = new Prng(keys);
  for (let i = 0; i < keys; i += batchOps) {
    const size = Math.min(batchOps, keys - i);
    set.write(Array.from({ length: size }, (_, at) => valueOp(`key/${i + at}`, prng.bytes(valueBytes))));
  }
  return set;
}

function measure(set: ProvenSet, keyAt: (i: number) => string): string {
  const { root } = set;
  const keys = Array.from({ length: samples }, (_, i) => keyAt(i));
  const proofs = keys.map((key) => set.prove(key));
  const sizes = proofs.map(({ length }) => length).sort((a, b) => a - b);
  const times = keys
    .map((key, i) => {
      const start = nowMs();
      const checked = checkProof(root, key, proofs[i] as Uint8Array);
      if (!checked.ok) throw new Error(`${key}: ${checked.code}`);
      return nowMs() - start;
    })
    .sort((a, b) => a - b);
  const makeStart = nowMs();
  for (const key of keys) set.prove(key);
  const makeMs = (nowMs() - makeStart) / samples;
  const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * (samples - 1))] as number;
  const bytes = `${at(sizes, 0.5)} B median, ${at(sizes, 0.99)} B p99, ${at(sizes, 1)} B largest`;
  const check = `checked in ${at(times, 0.5).toFixed(3)} ms median, ${at(times, 0.99).toFixed(3)} ms p99`;
  return `${bytes}; ${check}; made in ${makeMs.toFixed(3)} ms`;
}

const asked = process.argv.slice(2).map(Number);
for (const keys of asked.length > 0 ? asked : [1_000, 100_000, 1_000_000]) {
  const set = setOf(keys);
  console.log(`${keys} keys, present: ${measure(set, (i) => `key/${Math.floor((i * keys) / samples)}`)}`);
  console.log(`${keys} keys, absent:  ${measure(set, (i) => `none/${i}`)}`);
}
