/** What the soak asks of its two nodes. */

export interface Held {
  /** Of the whole process, its replica's thread included. */
  readonly residentBytes: number;
  /** Live on the main thread's heap after a full collection, with what lies beside it. */
  readonly heapBytes: number;
  /** Since the start. */
  readonly writes: number;
  readonly heard: number;
}

export interface SoakCommands {
  start(settings: { readonly dataDir: string; readonly networkName: string; readonly dial: readonly string[] }): {
    readonly address: string;
  };
  /** Keeps writing in the background: puts over others, deletes, values that expire. */
  write(work: { readonly perSecond: number; readonly keys: number; readonly prefix: string }): void;
  /** Watches, each from now on; `leaks` keeps what they tell for ever, on purpose. */
  watch(watches: { readonly count: number; readonly leaks: boolean }): void;
  held(): Held;
  stop(): void;
}
