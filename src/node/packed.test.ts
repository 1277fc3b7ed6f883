import { expect, test } from "vitest";
import type { PeerId } from "../base/brand.ts";
import type { Bytes } from "../base/bytes.ts";
import type { ReplicaInput } from "../core/replica/inputs.ts";
import { packed } from "./packed.ts";

/** 200 bytes in the middle of what a socket may have read at once. */
function cut(): Bytes {
  return Buffer.alloc(65_536, 7).subarray(1_000, 1_200);
}

const inputs: readonly [string, ReplicaInput, (input: ReplicaInput) => Bytes | undefined][] = [
  [
    "a message of gossip",
    { type: "gossipReceived", message: 1, from: "peer" as PeerId, payload: cut() },
    (input) => (input.type === "gossipReceived" ? input.payload : undefined),
  ],
  [
    "a put",
    {
      type: "writeRequested",
      ticket: 1,
      wish: { type: "local" },
      ops: [
        { type: "delete", key: "a" },
        { type: "put", key: "b", value: cut(), ttlSeconds: undefined },
      ],
    },
    (input) => (input.type === "writeRequested" && input.ops[1]?.type === "put" ? input.ops[1].value : undefined),
  ],
];

test.each(inputs)("%s crosses with its own bytes alone", (_name, input, bytesOf) => {
  const crossed = structuredClone(packed(input));
  const bytes = bytesOf(crossed);
  expect(bytes?.buffer.byteLength).toBe(200);
  expect(crossed).toEqual(structuredClone(input));
  expect(bytesOf(structuredClone(input))?.buffer.byteLength, "what it would be").toBe(65_536);
});

test("bytes that are alone already are not copied", () => {
  const input: ReplicaInput = { type: "gossipReceived", message: 1, from: "p" as PeerId, payload: new Uint8Array(9) };
  expect(packed(input)).toBe(input);
});
