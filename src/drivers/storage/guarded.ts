/** SQLite's failures as faults with a code and a next step. */
import { Fault } from "../../base/fault.ts";

/** SQLite's "disk full" result code. Source: https://sqlite.org/rescode.html */
const sqliteFull = 13;

/** Runs it; what SQLite throws comes out as `disk_full` or `storage_failed`. */
export function guarded<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof Fault || !(cause instanceof Error) || !("errcode" in cause)) throw cause;
    const full = (Number(cause.errcode) & 0xff) === sqliteFull;
    throw new Fault(
      full ? "disk_full" : "storage_failed",
      `the store could not ${what}: ${cause.message}${full ? ". Free space and start again; nothing of this turn was written." : ""}`,
      { sqlite: Number(cause.errcode) },
      cause,
    );
  }
}
