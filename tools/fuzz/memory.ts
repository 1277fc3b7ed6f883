/**
 * How much memory a decoder takes for one input.
 *
 * Method: collect garbage, read the heap and the array buffers, decode, read again while the value
 * is still held. No collection is asked for in between, so the difference counts garbage as well as
 * what is kept; a collection that happens by itself can only take garbage away. The figure thus lies
 * between what the value keeps alive and all that was ever allocated for it. Started with
 * `--min-semi-space-size=64` no collection happens within one message, and it is the latter.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Bytes } from "../../src/base/bytes.ts";
import { messageOpsMax } from "../../src/codec/limits.ts";
import { opMemoryBytes } from "../../src/core/sync/limits.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes a decoder may allocate for an input. */
export function allocationBytesMax(inputBytes: number): number {
  return 4 * inputBytes + 1024 * 1024;
}

/**
 * The same for messages of as many of the smallest parts as may be.
 * Deviation: an operation of 5 bytes costs about 270 bytes of objects and views, 450 before the decoder is compiled, and
 * identifiers what is said below. Source: measured on gossip of batches of 1,000 tombstones.
 */
export function smallPartsBytesMax(inputBytes: number): number {
  return identifierPartsBytesMax(inputBytes) + opMemoryBytes * messageOpsMax;
}

/**
 * The same where the smallest parts are batches of one operation, or origins: mostly identifiers.
 * Deviation: a part of 41 to 201 bytes costs three texts and their objects, and a range of two bytes an array. Source: measured on
 * frontier messages: 17 times their size with one range each, 30 times with 65; 37 times with one where hex text is joined from pieces.
 */
export function identifierPartsBytesMax(inputBytes: number): number {
  return 40 * inputBytes + 1024 * 1024;
}

export function allocatedBytes(decode: (bytes: Bytes) => unknown, bytes: Bytes): number {
  collectGarbage();
  const before = inUse();
  const value = decode(bytes);
  const after = inUse();
  held.push(value); // so that the value lives up to here
  held.pop();
  return after - before;
}

const held: unknown[] = [];

function inUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
