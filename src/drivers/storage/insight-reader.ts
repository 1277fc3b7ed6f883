/**
 * Reads for operators' questions, on the reader's connection: which keys came in which batches, and
 * when. Every read is bounded by the number of rows it may look at.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { BatchId, Instant, PeerId, Stamp } from "../../base/brand.ts";
import { fromHex } from "../../base/bytes.ts";
import type { OriginRanges } from "../../codec/frontier.ts";
import { type Op, storedOp } from "../../codec/op.ts";
import { type BatchHeader, decodeStoredHeader, headerBytes } from "../../codec/parcel.ts";
import { batchIdOf } from "../../crypto/batch-digest.ts";
import type { Arrival } from "../../ports/store.ts";
import { type ArrivalColumns, arrivalOf } from "./arrivals.ts";
import { storedNumber } from "./stored-json.ts";

/** The newest living operations among which those after a time are looked for. Guess: 5 ms. */
const newestRowsMax = 1_000;

/** All that is stored of the version of a key that lives, tombstones included. */
export interface ReadVersion {
  readonly op: Op;
  readonly stamp: Stamp;
  readonly header: BatchHeader;
  readonly batch: BatchId;
  readonly arrival: Arrival | undefined;
}

interface VersionRow extends ArrivalColumns {
  readonly key: string;
  readonly flags: number;
  readonly rest: Uint8Array;
  readonly stamp: number;
  readonly header: Uint8Array;
}

export class InsightReader {
  readonly #version: StatementSync;
  readonly #peer: StatementSync;
  readonly #keysOf: StatementSync;
  readonly #keysSince: StatementSync;

  constructor(db: DatabaseSync) {
    this.#version = db.prepare(
      `SELECT op.key, op.flags, op.rest, op.stamp, parcel.header, parcel.arrived_at, parcel.via
       FROM op JOIN parcel ON parcel.id = op.parcel WHERE op.key = ? AND op.living = 1`,
    );
    this.#peer = db.prepare("SELECT id FROM peer WHERE ref = ?");
    this.#keysOf = db.prepare(
      `SELECT op.key FROM parcel JOIN op ON op.id BETWEEN parcel.id AND parcel.id + parcel.span - 1
       WHERE parcel.origin = (SELECT ref FROM origin WHERE author = ?1 AND incarnation = ?2)
         AND parcel.sequence BETWEEN ?3 AND ?4 AND op.living = 1 LIMIT ?5`,
    );
    this.#keysSince = db.prepare(
      `SELECT key FROM (SELECT op.id, op.key, parcel.arrived_at FROM op JOIN parcel ON parcel.id = op.parcel
         WHERE op.living = 1 ORDER BY op.id DESC LIMIT ${newestRowsMax})
       WHERE arrived_at >= ?1 ORDER BY id DESC LIMIT ?2`,
    );
  }

  version(key: string): ReadVersion | undefined {
    const row = this.#version.get(key) as unknown as VersionRow | undefined;
    if (row === undefined) return undefined;
    return {
      op: storedOp(row).op,
      stamp: storedNumber("the stamp of an operation", row.stamp) as Stamp,
      header: decodeStoredHeader(row.header),
      batch: batchIdOf(row.header.subarray(0, headerBytes)),
      arrival: arrivalOf(row, (number) => this.#peer.get(number)?.["id"] as PeerId | undefined),
    };
  }

  /** Keys of living entries whose batch has one of these numbers. */
  keysOf(origins: readonly OriginRanges[], limit: number): readonly string[] {
    const keys: string[] = [];
    for (const { author, incarnation, ranges } of origins) {
      for (const [from, to] of ranges) {
        if (keys.length >= limit) return keys;
        const [who, numbering] = [fromHex(author) ?? null, fromHex(incarnation) ?? null];
        const rows = this.#keysOf.all(who, numbering, from, to, limit - keys.length);
        keys.push(...rows.map((row) => row["key"] as string));
      }
    }
    return keys;
  }

  /** Keys of living entries that came here at `at` or later, the latest first, among the newest thousand. */
  keysSince(at: Instant, limit: number): readonly string[] {
    return this.#keysSince.all(at, limit).map((row) => row["key"] as string);
  }
}
