/**
 * People who go on writing on several nodes whatever happens to the network: each on a node of
 * their own, keys of their own, and now and then one that all of them write. What was acknowledged
 * is remembered, and later every node is asked for it.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { RealNode } from "../support/real-node.ts";
import { until } from "../support/until.ts";

/** Pause of a writer between an answer and the next write, in ms. Guess: people who hurry. */
const pauseMs = 20;
/** Every so many writes go to a key that the others write, too. */
const contestedEvery = 5;
const contestedKeys = 7;

export class Writing {
  /** Writer → own keys, by name, with their acknowledged values. */
  readonly #acknowledged = new Map<string, Map<string, string>>();
  readonly #contested = new Map<string, Set<string>>();
  readonly #loops: Promise<void>[];
  readonly #name: string;
  #isOver = false;

  constructor(name: string, nodes: readonly RealNode[]) {
    this.#name = name;
    this.#loops = nodes.map((node) => this.#write(node));
    for (const loop of this.#loops) loop.catch(() => undefined); // thrown by `stop`
  }

  get acknowledged(): number {
    return [...this.#acknowledged.values()].reduce((sum, keys) => sum + keys.size, 0);
  }

  /** Resolves once every writer has this many acknowledged keys more than now. */
  async untilMore(writes: number, writers: readonly RealNode[], deadlineMs = 20_000): Promise<void> {
    const counts = (): readonly number[] => writers.map(({ name }) => this.#acknowledged.get(name)?.size ?? 0);
    const before = counts();
    const grown = (): boolean => counts().every((count, index) => count >= (before[index] ?? 0) + writes);
    await until(`${writes} more writes are acknowledged by each`, grown, { deadlineMs, seen: counts });
  }

  /** Throws what a node refused. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  /** Throws where a node has not what was acknowledged, or a value nobody wrote. */
  async check(nodes: readonly RealNode[]): Promise<void> {
    for (const node of nodes) {
      const found = await node.all(`${this.#name}/`);
      for (const keys of this.#acknowledged.values())
        for (const [key, value] of keys)
          if (found.get(key) !== value) throw new Error(`${node.name} has lost ${key}, which was acknowledged`);
      for (const [key, values] of this.#contested)
        if (!values.has(found.get(key) ?? "")) throw new Error(`${node.name} has an invented value under ${key}`);
    }
  }

  async #write(node: RealNode): Promise<void> {
    const own = new Map<string, string>();
    this.#acknowledged.set(node.name, own);
    for (let turn = 0; !this.#isOver; turn++) {
      const value = `${turn} by ${node.name}`;
      const isContested = turn % contestedEvery === 0;
      const key = isContested ? `${this.#name}/all/${turn % contestedKeys}` : `${this.#name}/${node.name}/${turn}`;
      if (isContested) this.#tried(key, value);
      try {
        await node.put(key, value);
      } catch (error) {
        if (node.process.endedOnPurpose) return; // killed by the test: not acknowledged
        throw error;
      }
      if (!isContested) own.set(key, value);
      await wait(pauseMs);
    }
  }

  #tried(key: string, value: string): void {
    const values = this.#contested.get(key) ?? new Set();
    this.#contested.set(key, values.add(value));
  }
}
