/** What users do: puts, deletes and batches on a small space of keys, now and then something that must be refused. */
import { utf8Encode } from "../src/base/bytes.ts";
import type { Prng } from "../src/base/prng.ts";
import { valueBytesMax } from "../src/codec/limits.ts";
import type { Wish, WrittenOp } from "../src/core/replica/inputs.ts";
import type { SimNode } from "./node.ts";
import type { WorldOptions } from "./options.ts";

const deleteShare = 0.3;
const batchShare = 0.2;
/** Share of batches as large as they may be. */
const fullShare = 0.3;
const sharedShare = 0.3;
const wrongShare = 0.03;
/** Share of writes on keys that users have left. */
const leftShare = 0.15;
const sharedTimeoutMs = 25_000;

/** Returns the number of operations asked for. */
export function writeSomething(node: SimNode, options: WorldOptions, prng: Prng): number {
  const wish: Wish = prng.chance(sharedShare)
    ? { type: "shared", copies: 1 + prng.below(options.nodes - 1), timeoutMs: 500 + prng.below(sharedTimeoutMs - 500) }
    : { type: "local" };
  const isWrong = prng.chance(wrongShare);
  const ops = isWrong ? wrongOps(prng) : someOps(oldestKey(node.worldMs, options, prng), options, prng);
  node.write(ops, wish, !isWrong);
  return isWrong ? 0 : ops.length;
}

/** Several nodes write one key at one moment: where their clocks are right, with one stamp. */
export function writeTies(nodes: readonly SimNode[], options: WorldOptions, prng: Prng): void {
  const key = `k${prng.below(options.keys)}`;
  for (const node of nodes) if (prng.chance(0.7)) node.write([someOp(key, options, prng)], { type: "local" }, true);
}

/** Where keys move on, users turn mostly to new ones, and now and then to one that was left long ago. */
function oldestKey(worldMs: number, { keysMoveMs }: WorldOptions, prng: Prng): number {
  if (keysMoveMs === 0) return 0;
  const latest = Math.floor(worldMs / keysMoveMs);
  return prng.chance(leftShare) ? prng.below(latest + 1) : latest;
}

function someOps(from: number, options: WorldOptions, prng: Prng): readonly WrittenOp[] {
  const whole = prng.chance(fullShare) ? options.batchOpsMax : 1 + prng.below(options.batchOpsMax);
  const count = prng.chance(batchShare) ? whole : 1;
  const keys = new Set(Array.from({ length: count }, () => `k${from + prng.below(options.keys)}`));
  return [...keys].map((key) => someOp(key, options, prng));
}

function someOp(key: string, options: WorldOptions, prng: Prng): WrittenOp {
  if (prng.chance(options.valueBytesMin > 1_000 ? 0 : deleteShare)) return { type: "delete", key };
  const size = options.valueBytesMin + prng.below(options.valueBytesMax - options.valueBytesMin + 1);
  const value = new Uint8Array(size).fill(prng.below(256));
  value.set(prng.bytes(4));
  return { type: "put", key, value, ttlSeconds: prng.chance(options.ttlShare) ? 1 + prng.below(100) : undefined };
}

function wrongOps(prng: Prng): readonly WrittenOp[] {
  const put = (key: string, value = utf8Encode("x")): WrittenOp => ({ type: "put", key, value, ttlSeconds: undefined });
  const kinds: readonly (() => readonly WrittenOp[])[] = [
    () => [],
    () => [put("")],
    () => [put("a\u0000b")],
    () => [put("\ud800")],
    () => [put("é".repeat(129))],
    () => [put("twice"), put("twice")],
    () => [put("big", new Uint8Array(valueBytesMax + 1))],
    () => Array.from({ length: 1_001 }, (_, index) => put(`many${index}`)),
  ];
  return prng.pick(kinds)();
}
