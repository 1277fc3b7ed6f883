/**
 * How much room the store has left, and what follows. Like a car park that shows "nearly full", then lets
 * nobody in, and always lets everybody out.
 *
 * 1. Pressure is the larger of two shares: the store's size of what `limits.max_disk` allows, and how far the
 *    disk's free space has come down to what `limits.disk_reserve` keeps: 0.9 at the reserve, 1 at nothing.
 * 2. Own puts are refused before what comes from peers is held off, so that a writer hears of it and a
 *    replica stays equal to the others for longer. What is held off is not lost: its numbers are not
 *    held, and a pull brings it when there is room again.
 * 3. What frees room is always taken: deletes of keys that are here, and collection.
 * 4. Between two measurements what was written counts for twice its bytes: in the log, and in the store.
 */
import { formatByteSize } from "../../base/byte-size.ts";
import { Ladder } from "../../base/ladder.ts";
import type { DiskLevel } from "../disk-level.ts";
import { diskHoldingMark, diskNearMark, diskRefusingMark } from "./limits.ts";

/** What the store takes, pages it may use again not counted, and what the disk has free, in bytes. */
export interface DiskSize {
  readonly usedBytes: number;
  readonly freeBytes: number;
}

export interface DiskLimits {
  /** Undefined for no limit. */
  readonly maxBytes: number | undefined;
  /** Free space of the disk that is left alone; 0 for none. */
  readonly reserveBytes: number;
}

export const noDiskLimits: DiskLimits = { maxBytes: undefined, reserveBytes: 0 };

export class DiskRoom {
  readonly #limits: () => DiskLimits;
  readonly #ladder = new Ladder<DiskLevel>("ok", [
    { name: "near", ...diskNearMark },
    { name: "refusing", ...diskRefusingMark },
    { name: "holding", ...diskHoldingMark },
  ]);
  #size: DiskSize | undefined;
  #spentBytes = 0;

  constructor(limits: () => DiskLimits) {
    this.#limits = limits;
  }

  get level(): DiskLevel {
    return this.#ladder.level;
  }

  /** As it was measured last; undefined where nobody measures, as in a simulation. */
  get size(): DiskSize | undefined {
    return this.#size;
  }

  get refusesPuts(): boolean {
    return this.#ladder.reached("refusing");
  }

  get holdsOff(): boolean {
    return this.#ladder.reached("holding");
  }

  measured({ usedBytes, freeBytes }: DiskSize): void {
    this.#size = { usedBytes, freeBytes };
    this.#spentBytes = 0;
    this.#ladder.step(this.#pressure());
  }

  /** The limits are others now. */
  limited(): void {
    this.#ladder.step(this.#pressure());
  }

  /** So many bytes were written since it was measured. */
  spent(bytes: number): void {
    this.#spentBytes += 2 * bytes;
    this.#ladder.step(this.#pressure());
  }

  /** Which of the two limits is nearer. */
  get pressedBy(): "size" | "free" {
    return this.#freePressure() > this.#usedPressure() ? "free" : "size";
  }

  /** Which limit presses, in words with its numbers, and what to do. */
  describe(): string {
    const { maxBytes, reserveBytes } = this.#limits();
    const { usedBytes, freeBytes } = this.#size ?? { usedBytes: 0, freeBytes: Infinity };
    if (this.pressedBy === "free")
      return `only ${formatByteSize(freeBytes)} are free on the disk of the data folder, and limits.disk_reserve keeps ${formatByteSize(reserveBytes)} free: free space there`;
    return `the store takes ${formatByteSize(usedBytes)} of the ${formatByteSize(maxBytes ?? Infinity)} that limits.max_disk allows: delete keys, or raise it (--max-disk)`;
  }

  #pressure(): number {
    return this.#size === undefined ? 0 : Math.max(this.#usedPressure(), this.#freePressure());
  }

  #usedPressure(): number {
    const { maxBytes } = this.#limits();
    return maxBytes === undefined ? 0 : ((this.#size?.usedBytes ?? 0) + this.#spentBytes) / maxBytes;
  }

  #freePressure(): number {
    const { reserveBytes } = this.#limits();
    if (reserveBytes === 0) return 0;
    const free = Math.max(0, (this.#size?.freeBytes ?? Infinity) - this.#spentBytes);
    return Math.max(0, 1 - ((1 - diskRefusingMark.from) * free) / reserveBytes);
  }
}
