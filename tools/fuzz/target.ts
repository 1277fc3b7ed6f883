/**
 * What a fuzz target is: a reader of foreign bytes with a way to make good ones. Readers of text
 * get their input as UTF-8, readers of several fields as one line each.
 */
import type { Bytes } from "../../src/base/bytes.ts";
import type { Prng } from "../../src/base/prng.ts";

/** What came of an input: the name of the outcome and, where there is one canonical form, the bytes it would be written as. */
export interface Decoding {
  readonly outcome: string;
  readonly again: Bytes | undefined;
}

export interface Target {
  readonly name: string;
  /** Targets of a group share the time of one in CI: small text formats, routes of one file. */
  readonly group: string;
  /** Exported functions and classes of `src` that this target feeds, as `codec/ack.ts decodeAck`. */
  readonly covers: readonly string[];
  /** Executions between two looks at the coverage. A look takes about 1 ms: slow targets look more often. */
  readonly batch: number;
  valid(prng: Prng): Bytes;
  /** Valid inputs near the size limit, made of the smallest parts there are. */
  heaviest(prng: Prng): readonly Bytes[];
  /** Only decodes, for the measurement of memory and of time; the value is kept alive by the caller. */
  decode(bytes: Bytes): unknown;
  /** Decodes and, where the form is canonical, encodes again. Throws for a fault. */
  look(bytes: Bytes): Decoding | Promise<Decoding>;
}

/** For targets that take some microseconds: looking takes a fifth of the time. */
export const fastBatch = 512;

export function refusedAs(code: string): Decoding {
  return { outcome: code, again: undefined };
}
