/**
 * How large proofs are and how long making and checking one takes, by the number of keys:
 * `node bench/proofs.ts [KEYS …]`. One node of the library in this process, strict durability, no
 * peers: batches of 1,000 values of 128 bytes, of which 1,000 keys that are there and 1,000 that
 * are not are asked for one after the other, and each proof is checked.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Prng } from "../src/base/prng.ts";
import { type Node, checkProof, createNode } from "../src/index.ts";
import { nowMs } from "./clock.ts";

const batchOps = 1_000;
const valueBytes = 128;
const samples = 1_000;

async function fill(node: Node, keys: number): Promise<void> {
  const prng = new Prng(keys);
  for (let i = 0; i < keys; i += batchOps) {
    const ops = Array.from({ length: Math.min(batchOps, keys - i) }, (_, at) => ({
      type: "put" as const,
      key: `key/${i + at}`,
      value: prng.bytes(valueBytes),
    }));
    await node.batch(ops);
  }
}

async function measure(node: Node, keyAt: (i: number) => string): Promise<string> {
  const [sizes, asked, checked]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < samples; i++) {
    const key = keyAt(i);
    const start = nowMs();
    const { root, proof } = await node.prove(key);
    const got = nowMs();
    const result = checkProof(Buffer.from(root, "hex"), key, proof);
    checked.push(nowMs() - got);
    if (!result.ok) throw new Error(`${key}: ${result.code}`);
    asked.push(got - start);
    sizes.push(proof.length);
  }
  return `${spread(sizes, 0)} B; asked for in ${spread(asked, 2)} ms; checked in ${spread(checked, 3)} ms`;
}

/** Median and 99th percentile. */
function spread(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(digits);
  return `${at(0.5)} (p99 ${at(0.99)})`;
}

async function run(keys: number): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "p2p-sync-proofs-"));
  try {
    await using node = await createNode({ networkName: "proofs", dataDir, p2pPort: 0, p2pMdns: false });
    await fill(node, keys);
    await node.prove("warm");
    console.log(`${keys} keys, present: ${await measure(node, (i) => `key/${Math.floor((i * keys) / samples)}`)}`);
    console.log(`${keys} keys, absent:  ${await measure(node, (i) => `none/${i}`)}`);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const asked = process.argv.slice(2).map(Number);
for (const keys of asked.length > 0 ? asked : [1_000, 100_000, 1_000_000]) await run(keys);
