/**
 * A witness of writes: it issues them to a node, remembers what was acknowledged, and later holds
 * a store against its memory.
 *
 * 1. Each key has one writer that waits for its answer, so at any moment at most the newest write
 *    of a key is open. After a crash a key may have its last acknowledged value, or the open one.
 * 2. Batches write keys that nobody else writes, all with one value: all of them are there or none.
 * 3. A key or value that was never issued is invented, and so is one of a refused write.
 */
import type { NodeClient } from "../support/node-client.ts";

interface KeyMemory {
  /** Undefined: no value, never written or deleted. */
  acknowledged: string | undefined;
  open: { readonly value: string | undefined } | undefined;
}

interface BatchMemory {
  readonly keys: readonly string[];
  readonly value: string;
  state: "open" | "acknowledged";
}

export interface Verdict {
  /** Acknowledged, and not there or older than acknowledged. */
  readonly lost: readonly string[];
  /** There, and never issued. */
  readonly invented: readonly string[];
  /** First keys of batches of which only a part is there. */
  readonly torn: readonly string[];
  /** Writes that were open when the node went, and that are there all the same. */
  readonly openKept: number;
  readonly live: number;
}

const batchSize = 10;
const hotKeys = 4;
const singleWriters = 4;
const batchWriters = 2;
const hotWriters = 2;

export class Witness {
  readonly #keys = new Map<string, KeyMemory>();
  readonly #batches: BatchMemory[] = [];
  readonly #paddingBytes: number;
  #acknowledged = 0;
  #values = 0;

  /** `paddingBytes` makes every value so much longer. */
  constructor(paddingBytes = 0) {
    this.#paddingBytes = paddingBytes;
  }

  /** Writes acknowledged so far; a batch is one. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Writes from several writers at once, under names that begin with `name`, until the node answers no more or refuses. Resolves with the last refusal. */
  async writeUntilGone(node: NodeClient, name: string): Promise<string> {
    const singles = Array.from({ length: singleWriters }, (_, n) =>
      this.#loop((turn) => this.#single(node, `${name}/single/${n}/${turn}`)),
    );
    const hot = Array.from({ length: hotWriters }, (_, n) =>
      this.#loop((turn) => this.#single(node, `hot/${n}/${turn % hotKeys}`, turn % 3 === 2)),
    );
    const batches = Array.from({ length: batchWriters }, (_, n) =>
      this.#loop((turn) => this.#batch(node, `${name}/batch/${n}/${turn}`)),
    );
    const ends = await Promise.all([...singles, ...hot, ...batches]);
    return ends[0] ?? "";
  }

  /** Holds what a store has against what it must and may have. Afterwards what is there counts as acknowledged. */
  judge(found: ReadonlyMap<string, string>): Verdict {
    const lost: string[] = [];
    const torn: string[] = [];
    const known = new Set<string>();
    let openKept = 0;
    for (const [key, memory] of this.#keys) {
      const value = found.get(key);
      known.add(key);
      const isOpen = memory.open !== undefined && value === memory.open.value && value !== memory.acknowledged;
      if (isOpen) openKept += 1;
      else if (value !== memory.acknowledged) lost.push(key);
      memory.acknowledged = value;
      memory.open = undefined;
    }
    for (const batch of this.#batches) {
      const there = batch.keys.filter((key) => found.get(key) === batch.value).length;
      for (const key of batch.keys) known.add(key);
      if (there !== 0 && there !== batch.keys.length) torn.push(batch.keys[0] ?? "");
      else if (there === 0 && batch.state === "acknowledged") lost.push(batch.keys[0] ?? "");
      else if (there !== 0 && batch.state === "open") {
        batch.state = "acknowledged";
        openKept += 1;
      }
    }
    this.#forgetOpenBatches();
    const invented = [...found.keys()].filter((key) => !known.has(key));
    return { lost, invented, torn, openKept, live: found.size };
  }

  /** What never became visible must not come later either: its keys count as invented from now on. */
  #forgetOpenBatches(): void {
    const kept = this.#batches.filter(({ state }) => state === "acknowledged");
    this.#batches.splice(0, this.#batches.length, ...kept);
  }

  /** Answers what ended it. */
  async #loop(write: (turn: number) => Promise<void>): Promise<string> {
    for (let turn = 0; ; turn++) {
      try {
        await write(turn);
      } catch (error) {
        return (error as Error).message;
      }
    }
  }

  async #single(node: NodeClient, key: string, remove = false): Promise<void> {
    const memory = this.#keys.get(key) ?? { acknowledged: undefined, open: undefined };
    this.#keys.set(key, memory);
    const value = remove ? undefined : this.#nextValue();
    memory.open = { value };
    if (value === undefined) await node.delete(key);
    else await node.put(key, value);
    memory.acknowledged = value;
    memory.open = undefined;
    this.#acknowledged += 1;
  }

  async #batch(node: NodeClient, name: string): Promise<void> {
    const keys = Array.from({ length: batchSize }, (_, n) => `${name}/${n}`);
    const batch: BatchMemory = { keys, value: this.#nextValue(), state: "open" };
    this.#batches.push(batch);
    await node.putAll(keys.map((key) => [key, batch.value]));
    batch.state = "acknowledged";
    this.#acknowledged += 1;
  }

  #nextValue(): string {
    this.#values += 1;
    return `value ${this.#values} ${"·".repeat(this.#paddingBytes / 2)}`;
  }
}

/** What is wrong, or undefined. */
export function complaintOf({ lost, invented, torn }: Verdict): string | undefined {
  const parts = [
    ...(lost.length > 0 ? [`${lost.length} acknowledged writes lost: ${lost.slice(0, 3).join(", ")}`] : []),
    ...(invented.length > 0 ? [`${invented.length} keys never written: ${invented.slice(0, 3).join(", ")}`] : []),
    ...(torn.length > 0 ? [`${torn.length} batches in part: ${torn.slice(0, 3).join(", ")}`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}
