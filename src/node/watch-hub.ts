/**
 * Watching: every watcher reads the log of living operations for itself, from its own position,
 * and sleeps until a turn wrote something or a value expires. So a slow watcher costs nothing and
 * misses nothing but versions that were overwritten before it looked.
 *
 * 1. Of a value that has expired a watcher is told `expire` once: where the log is read if its time
 *    was over already, else from the list of what is due, when its time comes.
 * 2. A place from which changes cannot be told any more is refused with `watch_gap`, never passed over.
 * 3. Where the clock was set back, expiries since then may be told again.
 */
import { setImmediate as nextPass } from "node:timers/promises";
import { peerIdOf } from "../codec/peer-id.ts";
import type { Instant } from "../base/brand.ts";
import { expiredBefore } from "../drivers/storage/expiry.ts";
import type { LogReader, ReadChange } from "../drivers/storage/log-reader.ts";
import type { Change, Watch, WatchOptions } from "./facade.ts";
import { type WatchPlace, checkNoGap, cursorOf, placeBehind } from "./watch-place.ts";

/** Changes read at once. Guess: at most 16 MiB of the largest values. */
const changesAtOnce = 256;
/** The timer for the next expiry never waits longer, in ms, so that a clock that jumped is noticed. */
const timerMsMax = 5_000;

export class WatchHub {
  readonly #log: LogReader;
  readonly #now: () => Instant;
  readonly #sleepers = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(log: LogReader, now: () => Instant = () => Date.now() as Instant) {
    this.#log = log;
    this.#now = now;
  }

  /** Wakes the watchers: something was written or has expired, or it is time to go. */
  wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const sleeper of this.#sleepers) sleeper();
    this.#sleepers.clear();
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }

  /** Throws `invalid_argument` or `watch_gap`. */
  watch({ prefix = "", after, signal }: WatchOptions): Watch {
    const log = this.#log.state();
    const place = placeBehind(after, log, this.#now());
    const changes = this.#run(place, prefix, signal);
    return {
      get cursor() {
        return cursorOf(place, log);
      },
      [Symbol.asyncIterator]: () => changes,
    };
  }

  async *#run(
    place: WatchPlace,
    prefix: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Change, void, undefined> {
    const over = (): boolean => this.#closed || signal?.aborted === true;
    while (!over()) {
      checkNoGap(place, this.#log.state());
      let moved = false;
      for (const change of this.#next(place)) {
        moved = true;
        if (change?.key.startsWith(prefix) === true) yield change;
        if (over()) return;
      }
      await (moved ? nextPass() : this.#sleep(signal)); // who skips a million changes lets others run in between
    }
  }

  /** What follows a place, which moves along; undefined for what is told elsewhere. First the log to its end, then what expired. */
  *#next(place: WatchPlace): Generator<Change | undefined> {
    const now = this.#now();
    if (place.due > expiredBefore(now)) [place.due, place.id] = [expiredBefore(now) - 1, 0];
    const changes = this.#log.changes(place.position, changesAtOnce);
    for (const change of changes) {
      place.position = change.position;
      yield isOver(change, now) ? lateExpiry(change, place) : changeOf(change);
    }
    if (changes.length === 0) yield* this.#expired(place, now);
  }

  *#expired(place: WatchPlace, now: Instant): Generator<Change | undefined> {
    const { changes, reached } = this.#log.expired(place, now, changesAtOnce);
    for (const change of changes) {
      if (change.position > place.position) return yield undefined; // merged meanwhile: the log is read first
      [place.due, place.id] = [change.due, change.position];
      yield expireOf(change, place);
    }
    const end = reached ?? { due: expiredBefore(now) - 1, id: place.position };
    [place.due, place.id] = [end.due, end.id];
    if (reached !== undefined) yield undefined;
  }

  #sleep(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener("abort", wake);
        this.#sleepers.delete(wake);
        resolve();
      };
      signal?.addEventListener("abort", wake);
      this.#sleepers.add(wake);
      this.#setTimer();
    });
  }

  /** One for all watchers; it keeps no process alive. */
  #setTimer(): void {
    if (this.#timer !== undefined) return;
    const now = this.#now();
    const next = this.#log.nextExpiry(now);
    if (next === undefined) return;
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(1, next - now), timerMsMax)).unref();
  }
}

function isOver({ due }: ReadChange, now: Instant): boolean {
  return due !== undefined && due < expiredBefore(now);
}

/** Of a value that was over before the log was read here; undefined where the list of what is due will tell it. */
function lateExpiry(change: ReadChange, place: WatchPlace): Change | undefined {
  const { due = 0, position } = change;
  const isBehind = due < place.due || (due === place.due && position <= place.id);
  return isBehind ? expireOf(change, place) : undefined;
}

function expireOf({ key, stamp, author }: ReadChange, { position }: WatchPlace): Change {
  return { position, type: "expire", key, stamp, author: peerIdOf(author) };
}

function changeOf({ position, key, value, stamp, author }: ReadChange): Change {
  const common = { position, key, stamp, author: peerIdOf(author) };
  return value === undefined ? { ...common, type: "delete" } : { ...common, type: "put", value };
}
