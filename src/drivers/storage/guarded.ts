/** SQLite's failures, and rows that nobody wrote, as faults with a code and a next step. */
import { Fault } from "../../base/fault.ts";
import { storeDamaged } from "../../base/store-damaged.ts";

/** SQLite's result codes for a full disk, for a file whose pages contradict each other, and for one that is no database. Source: https://sqlite.org/rescode.html */
const [sqliteFull, sqliteCorrupt, sqliteNotADb] = [13, 11, 26];

/** Runs it; what SQLite throws comes out as `disk_full`, `store_damaged` or `storage_failed`. */
export function guarded<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw ofSqlite(what, cause);
  }
}

/**
 * The same object, whose methods throw `store_damaged` where a row has what no row was written with: a number where a
 * text belongs, JSON that is none. One bit of a SQLite record tells one type from another, so that this may stand anywhere.
 */
export function guardingRows<T extends object>(reader: T): T {
  const methods = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(reader) as object);
  for (const [name, { value }] of Object.entries(methods)) {
    if (typeof value !== "function" || name === "constructor") continue;
    const method = value.bind(reader) as (...given: readonly unknown[]) => unknown;
    // Not by `readingRows`, whose function would be made anew for every point read.
    const guard = (...given: readonly unknown[]): unknown => {
      try {
        return method(...given);
      } catch (cause) {
        throw ofRows(name, cause);
      }
    };
    Object.defineProperty(reader, name, { value: guard, configurable: true }); // a store that plays faults stands in for it
  }
  return reader;
}

/** Runs what reads rows, as above. */
export function readingRows<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw ofRows(what, cause);
  }
}

/** What is to be thrown instead where reading rows threw this. */
function ofRows(what: string, cause: unknown): unknown {
  const isOfRows = cause instanceof TypeError || cause instanceof RangeError || cause instanceof SyntaxError;
  // What SQLite was asked with a parameter of the wrong type is a fault of the program.
  if (isOfRows && !("code" in cause && cause.code === "ERR_INVALID_ARG_TYPE"))
    return storeDamaged(`what the store has for ${what} cannot be read`, {}, cause);
  return ofSqlite(what, cause);
}

/** What is to be thrown instead of this, where SQLite threw it. */
function ofSqlite(what: string, cause: unknown): unknown {
  if (cause instanceof Fault || !(cause instanceof Error) || !("errcode" in cause)) return cause;
  const code = Number(cause.errcode) & 0xff;
  const details = { sqlite: Number(cause.errcode) };
  if (code === sqliteCorrupt || code === sqliteNotADb)
    return storeDamaged(`the store could not ${what}, since ${cause.message}`, details, cause);
  const isFull = code === sqliteFull;
  return new Fault(
    isFull ? "disk_full" : "storage_failed",
    `the store could not ${what}: ${cause.message}${isFull ? ". Free space and start again; nothing of this turn was written." : ""}`,
    details,
    cause,
  );
}
