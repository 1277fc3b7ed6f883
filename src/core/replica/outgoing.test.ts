import { expect, test } from "vitest";
import type { Instant, Time } from "../../base/brand.ts";
import { type Bytes, concat } from "../../base/bytes.ts";
import { Prng } from "../../base/prng.ts";
import { decodeGossip } from "../../codec/gossip.ts";
import { batchOpsMax } from "../../codec/limits.ts";
import { encodeOp } from "../../codec/op.ts";
import { encodeHeader, encodeParcel } from "../../codec/parcel.ts";
import { anyHeader } from "../../../tools/fuzz/samples.ts";
import type { Effect } from "../effects.ts";
import { gossipGatherBytes } from "../sync/limits.ts";
import { Outgoing } from "./outgoing.ts";

const now: Time = { wall: 5 as Instant, mono: 0 };

function batchOf(ops: number, valueBytes: number): Bytes {
  const encoded = Array.from({ length: ops }, (_, index) => {
    const content = { type: "value", value: new Uint8Array(valueBytes) } as const;
    const key = index.toString(16).padStart(3, "0");
    return { index, bytes: encodeOp({ key, content, ttlSeconds: undefined, replaces: undefined }) };
  });
  return encodeParcel(concat([encodeHeader(anyHeader(new Prng(1), ops)), new Uint8Array(64)]), ops, encoded, []);
}

/** How many batches are in each message that a turn with these ends with. */
function messagesOf(batches: readonly Bytes[]): readonly number[] {
  const outgoing = new Outgoing();
  for (const batch of batches) outgoing.add(batch, false);
  const out: Effect[] = [];
  return outgoing.endTurn(now, out, true).map(({ payload }) => {
    const decoded = decodeGossip(payload);
    if (!decoded.ok) throw new Error(decoded.code);
    return decoded.value.length;
  });
}

test("the batches of a turn share a message", () => {
  expect(messagesOf([batchOf(1, 10), batchOf(2, 10), batchOf(1, 0)])).toEqual([3]);
});

test("up to its bytes; a larger batch goes alone", () => {
  const third = batchOf(1, gossipGatherBytes / 3);
  expect(messagesOf([third, third, third])).toEqual([2, 1]);
  expect(messagesOf([third, batchOf(2, gossipGatherBytes - 8), third])).toEqual([1, 1, 1]);
});

test("up to as many operations as others take in one message, however small they are", () => {
  const largest = batchOf(batchOpsMax, 0);
  expect(messagesOf(new Array<Bytes>(6).fill(largest))).toEqual([4, 2]);
});
