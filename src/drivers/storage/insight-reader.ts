/**
 * Reads for operators' questions, on the reader's connection: which keys came in which batches, and
 * when. Every read is bounded by the number of rows it may look at.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Instant } from "../../base/brand.ts";
import { fromHex } from "../../base/bytes.ts";
import type { OriginRanges } from "../../codec/frontier.ts";

/** The newest living operations among which those after a time are looked for. Guess: 5 ms. */
const newestRowsMax = 1_000;

export class InsightReader {
  readonly #keysOf: StatementSync;
  readonly #keysSince: StatementSync;

  constructor(db: DatabaseSync) {
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
