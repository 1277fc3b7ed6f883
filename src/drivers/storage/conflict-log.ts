/**
 * Losing versions of writes that met without having seen each other: the last 4 of a key, for
 * 24 h, at most 10,000 in all, the oldest going first.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ConflictRow } from "../../ports/store.ts";

/** Same bounds as `core/data/limits.ts`, checked equal by a test. */
export const conflictLogLimits = { perKeyMax: 4, ageMsMax: 86_400_000, rowsMax: 10_000 } as const;

export class ConflictLog {
  readonly #add: StatementSync;
  readonly #trimKey: StatementSync;
  readonly #trimAge: StatementSync;
  readonly #trimRows: StatementSync;

  constructor(db: DatabaseSync) {
    this.#add = db.prepare("INSERT INTO conflict (key, at, loser, winner, value) VALUES (?, ?, ?, ?, ?)");
    this.#trimKey = db.prepare(
      "DELETE FROM conflict WHERE key = ?1 AND id <= (SELECT id FROM conflict WHERE key = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    );
    this.#trimAge = db.prepare("DELETE FROM conflict WHERE at < ? AND id <= (SELECT min(id) + 100 FROM conflict)");
    this.#trimRows = db.prepare("DELETE FROM conflict WHERE id <= (SELECT max(id) - ? FROM conflict)");
  }

  add({ key, at, loser, winner, value }: ConflictRow): void {
    this.#add.run(key, at, JSON.stringify(loser), JSON.stringify(winner), value ?? null);
    this.#trimKey.run(key, conflictLogLimits.perKeyMax);
    this.#trimAge.run(at - conflictLogLimits.ageMsMax);
    this.#trimRows.run(conflictLogLimits.rowsMax);
  }
}
