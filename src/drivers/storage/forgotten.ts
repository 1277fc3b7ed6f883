/**
 * How far the log has forgotten: living operations that went without a successor, because they
 * were collected, set aside or written by a wrong clock. A watcher that had not come so far yet
 * can no longer be told that their keys have no value any more.
 */
import { randomBytes } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { OpId } from "../../ports/store.ts";
import { microsPerMs } from "./expiry.ts";

/** Names this log among all others, so that a position in another one is known as such. */
export function ensureLogTag(db: DatabaseSync): void {
  db.prepare("INSERT OR IGNORE INTO meta (name, value) VALUES ('log_tag', ?)").run(randomBytes(4).toString("hex"));
}

/** Keeps the marks, in the open turn. */
export class ForgottenMarks {
  readonly #ofOp: StatementSync;
  readonly #raise: StatementSync;

  constructor(db: DatabaseSync) {
    this.#ofOp = db.prepare("SELECT due FROM op WHERE id = ? AND flags & 3 = 0");
    this.#raise = db.prepare(
      "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(?2 AS INTEGER))",
    );
  }

  /** Before the operations go. What has not expired yet counts as gone now. */
  note(ops: readonly OpId[], nowMs: number): void {
    if (ops.length === 0) return;
    const dues = ops.map((id) => Number(this.#ofOp.get(id)?.["due"] ?? 0));
    this.#raise.run("forgotten_op", String(Math.max(...ops)));
    this.#raise.run("forgotten_due", String(Math.min(Math.max(...dues), nowMs * microsPerMs)));
  }
}
