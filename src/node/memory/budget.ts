/**
 * Keeps the process within `limits.max_memory`: looks at its resident memory a few times in a second, and slows the
 * node down the more the less is left. Like a driver who brakes early and never locks the wheels: also with nothing
 * left the node goes on, slowly.
 *
 * 1. Pressure is how much is taken of the room between what the node needs idle, its ground, and the limit.
 * 2. From `slowing` on memory that can be missed is given back, no further peer is let in, all links together are
 *    read slowly, and own writes wait a moment. From `refusing` on puts, batches and proofs are refused too.
 * 3. What is still resident after everything was given back is the ground from then on: an allocator keeps some
 *    of what it had, and uses it again. So there is always a way back.
 */
import { formatByteSize } from "../../base/byte-size.ts";
import { Fault } from "../../base/fault.ts";
import { Ladder } from "../../base/ladder.ts";
import { memoryLookEveryMs, memoryMarks, memoryPaceBytes, memoryReliefEveryMs, memoryRoomBytesMin } from "./limits.ts";

export type MemoryLevel = "ok" | "slowing" | "refusing";

/** What the budget can do to the node. */
export interface Relieved {
  /** Bytes in a second that are read from all links; undefined for as many as come. */
  pace(bytesPerSecond: number | undefined): void;
  /** Gives back what can be missed; resolves when that is done. */
  relieve(): Promise<void>;
  changed(level: MemoryLevel, usedBytes: number, limitBytes: number): void;
}

export class MemoryBudget {
  readonly #node: Relieved;
  readonly #rss: () => number;
  readonly #ladder = new Ladder<MemoryLevel>("ok", [
    { name: "slowing", from: memoryMarks.slowingFrom, until: memoryMarks.slowingUntil },
    { name: "refusing", from: memoryMarks.refusingFrom, until: memoryMarks.refusingUntil },
  ]);
  #limitBytes: number | undefined;
  #groundBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #relievedAt = -Infinity;
  #isRelieving = false;

  /** Undefined for no limit. */
  constructor(limitBytes: number | undefined, node: Relieved, rss: () => number = () => process.memoryUsage.rss()) {
    this.#limitBytes = limitBytes;
    this.#node = node;
    this.#rss = rss;
  }

  get level(): MemoryLevel {
    return this.#ladder.level;
  }

  get limitBytes(): number | undefined {
    return this.#limitBytes;
  }

  get usedBytes(): number {
    return this.#rss();
  }

  /** The node is up and idle: what is left when it has given back what the start took is what it needs. */
  async start(): Promise<void> {
    if (this.#limitBytes !== undefined) await this.#node.relieve();
    this.#groundBytes = this.#rss();
    this.#timer = setInterval(() => this.look(performance.now()), memoryLookEveryMs).unref();
  }

  limitTo(limitBytes: number | undefined): void {
    this.#limitBytes = limitBytes;
    this.look(performance.now());
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Waits a moment where there is little memory; throws `memory_budget` where there is none for a request that needs some. */
  async admit(needsMemory: boolean): Promise<void> {
    if (this.level === "refusing") this.look(performance.now());
    if (this.level === "refusing" && needsMemory)
      throw new Fault(
        "memory_budget",
        `the node takes ${formatByteSize(this.#rss())} of the ${formatByteSize(this.#limitBytes ?? Infinity)} that limits.max_memory allows (--max-memory raises it); try again in a moment`,
      );
    if (this.level !== "ok") await new Promise((resolve) => setTimeout(resolve, memoryLookEveryMs / 4));
  }

  /** Called by the timer; apart, so that a test can be the clock. */
  look(now: number): void {
    const before = this.level;
    const rss = this.#rss();
    const level = this.#ladder.step(this.#pressure(rss));
    if (level !== before) {
      this.#node.pace(level === "ok" ? undefined : memoryPaceBytes[level]);
      this.#node.changed(level, rss, this.#limitBytes ?? 0);
    }
    if (level !== "ok" && !this.#isRelieving && now - this.#relievedAt >= memoryReliefEveryMs) void this.#relieve(now);
  }

  async #relieve(now: number): Promise<void> {
    this.#relievedAt = now;
    this.#isRelieving = true;
    await this.#node.relieve();
    this.#isRelieving = false;
    this.#settle(this.#rss());
  }

  /** What nothing gives back is no pressure. */
  #settle(rss: number): void {
    const highest = (this.#limitBytes ?? Infinity) - memoryRoomBytesMin;
    this.#groundBytes = Math.max(this.#groundBytes, Math.min(rss, highest));
    this.#ladder.step(this.#pressure(rss));
  }

  #pressure(rss: number): number {
    if (this.#limitBytes === undefined) return 0;
    const room = Math.max(memoryRoomBytesMin, this.#limitBytes - this.#groundBytes);
    return 1 - (this.#limitBytes - rss) / room;
  }
}
