/**
 * Two messages of frontier/1 by which a node asks a peer for the summary of all its living entries
 * under a prefix, and is answered once.
 *
 *   summarise  = 0x06 | session u32 | length u16 (1 … 256) | prefix UTF-8
 *   summarised = 0x07 | session u32 | status u8 | count u64 | digest 32
 *
 * Count and digest are zero unless the status is 0 (whole): 1 says that there are too many entries,
 * 2 that the peer has no time for it now.
 */
import { assert } from "../base/assert.ts";
import { type Bytes, utf8Decode, utf8Encode } from "../base/bytes.ts";
import { type ByteReader, ByteWriter } from "./byte-io.ts";
import { keyBytesMax } from "./limits.ts";
import { isValidKey } from "./op.ts";

/** Entries under a prefix: how many, and a digest over them in the order of their keys. */
export interface PrefixSummary {
  readonly count: number;
  readonly digest: Bytes;
}

export const prefixStatuses = ["whole", "tooMany", "busy"] as const;

export type PrefixAnswer =
  | { readonly status: "whole"; readonly summary: PrefixSummary }
  | { readonly status: "tooMany" }
  | { readonly status: "busy" };

export interface SummariseMessage {
  readonly type: "summarise";
  readonly session: number;
  readonly prefix: string;
}

export interface SummarisedMessage {
  readonly type: "summarised";
  readonly session: number;
  readonly answer: PrefixAnswer;
}

const nothing: PrefixSummary = { count: 0, digest: new Uint8Array(32) };

export function encodeSummarise(session: number, prefix: string): Bytes {
  assert(isValidKey(prefix), "a prefix is the beginning of a key");
  const bytes = utf8Encode(prefix);
  return new ByteWriter(7 + bytes.length).u8(6).u32(session).u16(bytes.length).bytes(bytes).finish();
}

export function encodeSummarised(session: number, answer: PrefixAnswer): Bytes {
  const { count, digest } = answer.status === "whole" ? answer.summary : nothing;
  assert(digest.length === 32, "a digest is 32 bytes");
  const status = prefixStatuses.indexOf(answer.status);
  return new ByteWriter(46).u8(7).u32(session).u8(status).u64(count).bytes(digest).finish();
}

/** What follows the tag 6 and the session. */
export function readSummarise(reader: ByteReader, session: number): SummariseMessage | undefined {
  const length = reader.u16();
  if (length === 0 || length > keyBytesMax) return undefined;
  const prefix = utf8Decode(reader.bytes(length));
  return prefix === undefined || !isValidKey(prefix) ? undefined : { type: "summarise", session, prefix };
}

/** What follows the tag 7 and the session. */
export function readSummarised(reader: ByteReader, session: number): SummarisedMessage | undefined {
  const status = prefixStatuses[reader.u8()];
  const summary = { count: reader.u64(), digest: reader.bytes(32) };
  if (status === "whole") return { type: "summarised", session, answer: { status, summary } };
  const isEmpty = summary.count === 0 && summary.digest.every((byte) => byte === 0);
  return status === undefined || !isEmpty ? undefined : { type: "summarised", session, answer: { status } };
}
