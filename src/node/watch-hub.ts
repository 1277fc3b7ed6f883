/**
 * Watching: every watcher reads the log of living operations for itself, from its own position,
 * and sleeps until a turn wrote something. So a slow watcher costs nothing and misses nothing but
 * versions that were overwritten before it looked.
 */
import { peerIdOf } from "../codec/peer-id.ts";
import type { Instant } from "../base/brand.ts";
import type { ReadChange, SqliteReader } from "../drivers/storage/sqlite-reader.ts";
import type { Change, WatchOptions } from "./facade.ts";

/** Changes read at once. Guess: at most 16 MiB of the largest values. */
const changesAtOnce = 256;

export class WatchHub {
  readonly #reader: SqliteReader;
  readonly #sleepers = new Set<() => void>();
  #closed = false;

  constructor(reader: SqliteReader) {
    this.#reader = reader;
  }

  /** Wakes the watchers: something was written, or it is time to go. */
  wake(): void {
    for (const sleeper of this.#sleepers) sleeper();
    this.#sleepers.clear();
  }

  close(): void {
    this.#closed = true;
    this.wake();
  }

  async *watch({ prefix = "", after, signal }: WatchOptions): AsyncGenerator<Change, void, undefined> {
    let position = after ?? this.#reader.position();
    const over = (): boolean => this.#closed || signal?.aborted === true;
    while (!over()) {
      const changes = this.#reader.changes(position, changesAtOnce, Date.now() as Instant);
      for (const change of changes) {
        position = change.position;
        if (change.key.startsWith(prefix)) yield changeOf(change);
        if (over()) return;
      }
      if (changes.length === 0) await this.#sleep(signal);
    }
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
    });
  }
}

function changeOf({ position, key, value, stamp, author }: ReadChange): Change {
  const common = { position, key, stamp, author: peerIdOf(author) };
  return value === undefined ? { ...common, type: "delete" } : { ...common, type: "put", value };
}
