/**
 * Where a watcher stands: behind which operation of this node's log, and behind which expiry. Its
 * text, the cursor, also names the log, because a position means nothing in the log of another node.
 */
import { Fault } from "../base/fault.ts";
import type { Instant } from "../base/brand.ts";
import { expiredBefore } from "../drivers/storage/expiry.ts";
import type { LogState } from "../drivers/storage/log-reader.ts";

export interface WatchPlace {
  /** Of the last operation of the log that was dealt with. */
  position: number;
  /** Everything that expired before this, in microseconds, was dealt with, and of that moment operations up to `id`. */
  due: number;
  id: number;
}

/** Throws `invalid_argument` for what is no cursor, `watch_gap` where changes behind it are no longer known. */
export function placeBehind(after: number | string | undefined, log: LogState, now: Instant): WatchPlace {
  const fresh = { due: expiredBefore(now) - 1, id: log.head };
  if (after === undefined) return { position: log.head, ...fresh };
  const place = typeof after === "number" ? { position: positionOf(after), ...fresh } : parsed(after, log, fresh);
  if (place.position > log.head)
    throw gap(`position ${place.position} is ahead of this node's log, which ends at ${log.head}`, place, log);
  checkNoGap(place, log);
  return place;
}

/** Who knows nothing yet misses nothing; who knows something must be told of all that went. */
export function checkNoGap(place: WatchPlace, log: LogState): void {
  if (place.position > 0 && (place.position < log.forgottenOp || place.due < log.forgottenDue))
    throw gap(`this node has forgotten entries since position ${place.position}`, place, log);
}

export function cursorOf({ position, due, id }: WatchPlace, { tag }: LogState): string {
  return [tag, position, due, id].join(".");
}

function parsed(text: string, log: LogState, fresh: { readonly due: number; readonly id: number }): WatchPlace {
  if (/^\d{1,16}$/.test(text)) return { position: positionOf(Number(text)), ...fresh };
  const [, tag, ...numbers] = /^([0-9a-f]{8})\.(\d{1,16})\.(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
  if (tag === undefined) throw notACursor(text);
  const [position = 0, due = 0, id = 0] = numbers.map(Number);
  if (tag !== log.tag) throw gap("this cursor is of another node, or of another store of this one", { position }, log);
  return { position: positionOf(position), due, id };
}

function positionOf(number: number): number {
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw notACursor(String(number));
}

function notACursor(text: string): Fault {
  return new Fault(
    "invalid_argument",
    `${JSON.stringify(text.slice(0, 80))} is no place to resume behind; it is the cursor or the position of a change`,
    { field: "after" },
  );
}

function gap(why: string, { position }: { readonly position: number }, { head, forgottenOp }: LogState): Fault {
  return new Fault("watch_gap", `changes may have been missed: ${why}; list what is there, then watch from now on`, {
    position,
    head,
    forgotten: forgottenOp,
  });
}
