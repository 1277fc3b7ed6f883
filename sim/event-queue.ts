/**
 * Virtual time: what happens next, and when. Events of one instant run in the order they were
 * scheduled, so a run depends on nothing but its seed.
 */
interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class EventQueue {
  /** Virtual milliseconds since the world began. */
  now = 0;
  /** Events that have run. */
  ran = 0;
  readonly #heap: Entry[] = [];
  #order = 0;

  /** Runs something `delayMs` from now; never before now. */
  after(delayMs: number, run: () => void): void {
    this.at(this.now + delayMs, run);
  }

  at(time: number, run: () => void): void {
    this.#heap.push({ at: Math.max(time, this.now), order: this.#order++, run });
    this.#rise(this.#heap.length - 1);
  }

  /** Runs everything up to and at `time`, and leaves the clock there. */
  runUntil(time: number): void {
    for (let top = this.#heap[0]; top !== undefined && top.at <= time; top = this.#heap[0]) {
      this.#removeTop();
      this.now = top.at;
      this.ran += 1;
      top.run();
    }
    this.now = Math.max(this.now, time);
  }

  #removeTop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(start: number): void {
    const heap = this.#heap;
    for (let child = start; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!isBefore(heap[child] as Entry, heap[parent] as Entry)) return;
      swap(heap, child, parent);
      child = parent;
    }
  }

  #sink(start: number): void {
    const heap = this.#heap;
    for (let parent = start; ;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && isBefore(heap[child] as Entry, heap[least] as Entry)) least = child;
      }
      if (least === parent) return;
      swap(heap, parent, least);
      parent = least;
    }
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at !== b.at ? a.at < b.at : a.order < b.order;
}

function swap(heap: Entry[], a: number, b: number): void {
  const kept = heap[a] as Entry;
  heap[a] = heap[b] as Entry;
  heap[b] = kept;
}
