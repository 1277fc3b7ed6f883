/**
 * Bytes that cross to another thread are cloned with all of the memory they are a window of: 200 bytes
 * read from a socket, or cut from Node's pool, cost 64 KiB there. So each is given memory of its own first.
 * Source: https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeinternal, step 14.
 */
import type { Bytes } from "../base/bytes.ts";
import type { ReplicaInput, WrittenOp } from "../core/replica/inputs.ts";

/** The same input, with no bytes around those it is about. */
export function packed(input: ReplicaInput): ReplicaInput {
  switch (input.type) {
    case "frameReceived":
      return isAlone(input.frame) ? input : { ...input, frame: alone(input.frame) };
    case "gossipReceived":
      return isAlone(input.payload) ? input : { ...input, payload: alone(input.payload) };
    case "writeRequested":
      return input.ops.every(isOpAlone) ? input : { ...input, ops: input.ops.map(packedOp) };
    default:
      return input;
  }
}

function isOpAlone(op: WrittenOp): boolean {
  return op.type !== "put" || isAlone(op.value);
}

function packedOp(op: WrittenOp): WrittenOp {
  return op.type === "put" && !isAlone(op.value) ? { ...op, value: alone(op.value) } : op;
}

function isAlone(bytes: Bytes): boolean {
  return bytes.byteLength === bytes.buffer.byteLength;
}

/** Not `slice`, which of a Buffer is another window. */
function alone(bytes: Bytes): Bytes {
  return new Uint8Array(bytes);
}
