/**
 * Gathers records into batches that a node takes: as many operations, bytes of batch and bytes of
 * JSON as its bounds allow, and each key once.
 */
import { utf8Length } from "../../base/bytes.ts";
import { limits } from "../../api/limits.ts";
import { batchBytesMax, batchOpsMax, ttlSecondsMax, valueBytesMax } from "../../codec/limits.ts";
import { isValidKey } from "../../codec/op.ts";
import type { TransferRecord } from "./record.ts";

/** Bytes of an encoded operation beside key and value, and of a batch's header. Source: the layouts in codec/op.ts and parcel.ts. */
const opOverheadBytes = 51;
const headerRoomBytes = 1_024;
const jsonRoomBytes = 1_024;

export interface ImportOp {
  readonly key: string;
  readonly json: string;
  readonly batchBytes: number;
}

/** What a node is asked to write; or that it has expired; or what is wrong. */
export function importOpOf(
  { key: given, value, encoding, expiresAt }: TransferRecord,
  prefix: string,
  nowMs: number,
): ImportOp | "expired" | { readonly problem: string } {
  const key = prefix + given;
  if (!isValidKey(key)) return { problem: "a key has 1 to 256 bytes of UTF-8 without control characters" };
  const valueBytes = encoding === "utf8" ? utf8Length(value) : base64Bytes(value);
  if (valueBytes === undefined) return { problem: "the value is not base64" };
  if (valueBytes > valueBytesMax) return { problem: `the value has ${valueBytes} bytes, at most ${valueBytesMax} go` };
  const ttl = expiresAt === undefined ? undefined : Math.round((Date.parse(expiresAt) - nowMs) / 1_000);
  if (Number.isNaN(ttl)) return { problem: "the expiry is no time such as 2026-01-31T12:00:00Z" };
  if (ttl !== undefined && ttl < 1) return "expired";
  if (ttl !== undefined && ttl > ttlSecondsMax) return { problem: "the expiry is over 136 years away" };
  const put = { key, value, ...(encoding === "base64" && { encoding }), ...(ttl !== undefined && { ttl }) };
  return { key, json: JSON.stringify({ put }), batchBytes: opOverheadBytes + utf8Length(key) + valueBytes };
}

/** Undefined for what is not base64 in its one form. */
function base64Bytes(text: string): number | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes.length : undefined;
}

export interface ImportBatch {
  readonly body: Buffer;
  readonly ops: number;
  readonly firstLine: number;
  readonly lastLine: number;
}

export class Batcher {
  readonly #keys = new Set<string>();
  #json: string[] = [];
  #jsonBytes = jsonRoomBytes;
  #batchBytes = headerRoomBytes;
  #firstLine = 0;
  #lastLine = 0;

  /** Takes one operation; the batch that had no room for it comes out, to be written first. */
  add(op: ImportOp, line: number): ImportBatch | undefined {
    const jsonBytes = utf8Length(op.json) + 1;
    const isFull =
      this.#keys.size >= batchOpsMax ||
      this.#keys.has(op.key) ||
      this.#batchBytes + op.batchBytes > batchBytesMax ||
      this.#jsonBytes + jsonBytes > limits.batchBodyBytesMax;
    const full = isFull ? this.take() : undefined;
    if (this.#keys.size === 0) this.#firstLine = line;
    this.#lastLine = line;
    this.#keys.add(op.key);
    this.#json.push(op.json);
    this.#jsonBytes += jsonBytes;
    this.#batchBytes += op.batchBytes;
    return full;
  }

  /** What has gathered; undefined where nothing has. */
  take(): ImportBatch | undefined {
    if (this.#keys.size === 0) return undefined;
    const body = Buffer.from(`{"ops":[${this.#json.join(",")}]}`);
    const batch = { body, ops: this.#keys.size, firstLine: this.#firstLine, lastLine: this.#lastLine };
    this.#keys.clear();
    [this.#json, this.#jsonBytes, this.#batchBytes] = [[], jsonRoomBytes, headerRoomBytes];
    return batch;
  }
}
