/**
 * This node's own writes: from what a user asked to a signed batch, or to a refusal in words.
 *
 * 1. Each operation names the version it replaces, so that others can tell an overwrite from a
 *    conflict, and is stamped after it.
 * 2. Nothing is written while our clock is doubted, and nothing that is over its limit.
 */
import type { Time } from "../../base/brand.ts";
import type { Bytes } from "../../base/bytes.ts";
import type { Result } from "../../base/result.ts";
import { batchOpsMax, ttlSecondsMax, valueBytesMax } from "../../codec/limits.ts";
import { type Op, isValidKey } from "../../codec/op.ts";
import type { StoreView } from "../../ports/store.ts";
import { type CheckedParcel, makeBatch } from "../data/batch.ts";
import { nextBatchStamp } from "../data/stamp.ts";
import type { Outcome } from "../effects.ts";
import type { Parts } from "./parts.ts";
import type { WrittenOp } from "./inputs.ts";

export type WriteRefusal = Extract<Outcome, { type: "refused" }>;

export type MakeRefusal = "opsCount" | "keyTwice" | "tooLarge";

export interface OwnBatch {
  readonly parcel: CheckedParcel;
  readonly bytes: Bytes;
}

export function refusal(code: WriteRefusal["code"], message: string): WriteRefusal {
  return { type: "refused", code, message };
}

/** What is wrong with the request itself, if anything. */
export function checkWrite(ops: readonly WrittenOp[]): WriteRefusal | undefined {
  if (ops.length === 0 || ops.length > batchOpsMax)
    return refusal("invalid_batch", `a batch has 1 to ${batchOpsMax} operations, this one ${ops.length}`);
  for (const op of ops) {
    const refused = refuseKey(op.key);
    if (refused !== undefined) return refused;
    if (op.type === "put" && op.ttlSeconds !== undefined && !isTtl(op.ttlSeconds))
      return refusal("invalid_argument", `a time to live is a whole number of seconds from 1 to ${ttlSecondsMax}`);
    if (op.type === "put" && op.value.length > valueBytesMax) {
      return refusal(
        "value_too_large",
        `the value of ${JSON.stringify(op.key)} has ${op.value.length} bytes; at most ${valueBytesMax} are stored inline`,
      );
    }
  }
  return undefined;
}

export function refuseKey(key: string): WriteRefusal | undefined {
  if (isValidKey(key)) return undefined;
  const shown = JSON.stringify(key.slice(0, 64));
  return refusal("invalid_key", `the key ${shown} is empty, over 256 bytes or has control characters`);
}

function isTtl(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= ttlSecondsMax;
}

/** What was asked, with the version each operation replaces. */
export function replacing(ops: readonly WrittenOp[], view: StoreView): readonly Op[] {
  return ops.map((op) => opOf(op, view));
}

/** Takes the next number and signs. Nothing is taken where it is refused. */
export function signBatch(
  ops: readonly Op[],
  { network, signer, holdings }: Parts,
  now: Time,
): Result<OwnBatch, MakeRefusal> {
  const { incarnation, sequence, lastStamp } = holdings.state;
  const stamp = nextBatchStamp(now.wall, lastStamp);
  const made = makeBatch(ops, { network, incarnation, sequence: sequence + 1, stamp }, signer);
  if (made.ok) holdings.takeNumber(stamp);
  return made;
}

export function describeMakeRefusal(code: MakeRefusal): WriteRefusal {
  switch (code) {
    case "opsCount":
      return refusal("invalid_batch", `a batch has 1 to ${batchOpsMax} operations`);
    case "keyTwice":
      return refusal("invalid_batch", "a batch names each key at most once");
    case "tooLarge":
      return refusal("invalid_batch", "a batch has at most 900 KiB");
  }
}

function opOf(op: WrittenOp, view: StoreView): Op {
  const living = view.living(op.key);
  const replaces =
    living === undefined ? undefined : { stamp: living.stamp, batch: view.entry(living.id).version.batch };
  if (op.type === "delete") return { key: op.key, content: { type: "tombstone" }, ttlSeconds: undefined, replaces };
  return { key: op.key, content: { type: "value", value: op.value }, ttlSeconds: op.ttlSeconds, replaces };
}
