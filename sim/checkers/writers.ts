/**
 * Promise 11: a number names one batch. An honest writer numbers its batches from 1 without gaps,
 * never gives a number twice, and its stamps grow; whoever takes in two batches of an honest writer
 * under one number has found a number given before it was durable.
 *
 * A disk that lost what was durable on it excuses the numberings it knew: nothing there can tell.
 */
import type { BatchHeader } from "../../src/codec/parcel.ts";
import { Violation } from "./violation.ts";

interface Numbering {
  sequence: number;
  stamp: number;
}

export class Writers {
  readonly #honest = new Set<string>();
  readonly #numberings = new Map<string, Numbering>();
  /** The batch of each number of an honest writer. */
  readonly #batches = new Map<string, string>();
  readonly #excused = new Set<string>();

  isHonest(author: string): void {
    this.#honest.add(author);
  }

  /** A batch of the node's own became durable. */
  wrote(node: number, { author, incarnation, sequence, stamp }: BatchHeader): void {
    const origin = `${author}/${incarnation}`;
    if (this.#excused.has(origin)) return;
    const last = this.#numberings.get(origin) ?? { sequence: 0, stamp: 0 };
    if (sequence !== last.sequence + 1)
      this.#broken("a batch has not the next number", node, last, { sequence, stamp });
    if (stamp <= last.stamp)
      this.#broken("a batch is stamped before the one before it", node, last, { sequence, stamp });
    this.#numberings.set(origin, { sequence, stamp });
  }

  /** A batch is durable on some honest node's disk. */
  taken(node: number, { author, incarnation, sequence, stamp }: BatchHeader, batch: string): void {
    if (!this.#honest.has(author)) return;
    const origin = `${author}/${incarnation}`;
    if (this.#excused.has(origin)) return;
    const name = `${origin}/${sequence}`;
    const known = this.#batches.get(name);
    if (known === undefined) this.#batches.set(name, batch);
    else if (known !== batch) this.#broken("one number stands for two batches", node, undefined, { sequence, stamp });
  }

  /** The writer's disk lost what was durable on it, perhaps back into a numbering before this one. Returns what is excused. */
  lost(author: string, incarnation: string): readonly string[] {
    const origins = [...this.#numberings.keys()].filter((origin) => origin.startsWith(`${author}/`));
    origins.push(`${author}/${incarnation}`);
    for (const origin of origins) this.#excused.add(origin);
    return origins;
  }

  isExcused(author: string, incarnation: string): boolean {
    return this.#excused.has(`${author}/${incarnation}`);
  }

  #broken(message: string, node: number, last: Numbering | undefined, fresh: Numbering): never {
    throw new Violation("11 a number names one batch", message, { node, last, fresh });
  }
}
