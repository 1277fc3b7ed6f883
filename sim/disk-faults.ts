/**
 * What the disk of one node does wrong, by seed: it fails to read, to write or to sync, is full for
 * a while, loses power in the middle of a turn or behind a commit that was not synced, and turns a
 * bit of what it holds.
 */
import type { BatchId } from "../src/base/brand.ts";
import type { Bytes } from "../src/base/bytes.ts";
import { ByteReader } from "../src/codec/byte-io.ts";
import { readOp } from "../src/codec/op.ts";
import type { DiskTrouble } from "./faulty-store.ts";
import { MemoryDisk } from "./memory-disk.ts";
import { type CommitFate, StoreFailure } from "./memory-store.ts";
import { PowerCut } from "./process.ts";
import type { Setting } from "./setting.ts";
import type { KeptOp, StoredBatch } from "./stored-batch.ts";

/** Share of commits of a relaxed node behind which the disk syncs by itself. */
const syncShare = 0.03;
/** Share of the turns that are not synced which a power cut takes at least. */
const damagedShareMin = 0.8;
/** Share of turned bits that are in a header, not in an operation. */
const headerShare = 0.2;

export class DiskFaults implements DiskTrouble {
  /** Whether the disk was set up; nothing goes wrong before. */
  isBorn = false;
  /** There is no space until then. */
  fullUntil: number = -Infinity;
  readonly #setting: Setting;
  readonly #node: number;
  #failed = false;

  constructor(setting: Setting, node: number) {
    this.#setting = setting;
    this.#node = node;
  }

  emptyDisk(): MemoryDisk {
    const disk = new MemoryDisk();
    if (this.#setting.options.isRelaxed) disk.unsynced = [];
    this.isBorn = false;
    return disk;
  }

  /** A process starts on it. */
  begin(disk: MemoryDisk): void {
    this.isBorn = disk.state !== undefined; // it may have lost even that
    this.#failed = false;
  }

  /** Whether an error of this process is one that was planned here. */
  hasFailed(error: unknown): boolean {
    return this.#failed && error instanceof StoreFailure;
  }

  reading(): void {
    if (this.#happens(this.#setting.options.readFailure)) this.#fail("eioRead", "a read failed (EIO)");
  }

  writing(): void {
    if (this.isBorn && this.#setting.queue.now < this.fullUntil) this.#fail("enospc", "no space left (ENOSPC)");
    if (!this.#happens(this.#setting.options.tornWrite)) return;
    this.#setting.recorder.count("fault:tornWrite");
    throw new PowerCut();
  }

  fate(disk: MemoryDisk): CommitFate {
    const { prng, options, recorder } = this.#setting;
    if (disk.unsynced !== undefined && prng.chance(syncShare)) disk.unsynced = [];
    if (!this.#happens(options.commitFailure)) return "durable";
    this.#failed = true;
    const isLost = prng.chance(0.5);
    recorder.count(isLost ? "fault:eioCommit" : "fault:fsync");
    return isLost ? "failsLost" : "failsDurable";
  }

  /** The power went off: what a relaxed node had not synced is damaged from some turn on. Whether anything is gone. */
  losesUnsynced(disk: MemoryDisk): boolean {
    const { prng, recorder, writers, frontiers } = this.#setting;
    const { unsynced, state } = disk;
    if (unsynced === undefined || unsynced.length === 0 || state === undefined) return false;
    const kept = Math.floor(unsynced.length * (1 - damagedShareMin) * prng.unit());
    disk.loseUnsynced(kept);
    disk.unsynced = [];
    this.isBorn = disk.state !== undefined;
    frontiers.lost(writers.lost(this.#setting.authorOf(this.#node), state.incarnation));
    recorder.count("fault:unsyncedDamaged");
    return true;
  }

  /** Turns one bit of an operation or a header; false where nothing is stored yet. */
  flipBit(disk: MemoryDisk): boolean {
    const { prng } = this.#setting;
    const ids = [...disk.batches.keys()];
    if (ids.length === 0) return false;
    const id = prng.pick<BatchId>(ids);
    const stored = disk.batches.get(id) as StoredBatch;
    if (prng.chance(headerShare)) disk.batches.set(id, { ...stored, signedHeader: this.#flipped(stored.signedHeader) });
    else {
      const chosen = prng.pick(stored.ops);
      const ops = stored.ops.map((op) => (op === chosen ? this.#damaged(op) : op));
      disk.batches.set(id, { ...stored, ops });
    }
    return true;
  }

  #damaged(op: KeptOp): KeptOp {
    const bytes = this.#flipped(op.bytes);
    const reader = new ByteReader(bytes);
    const decoded = readOp(reader);
    return {
      ...op,
      bytes,
      fact: undefined,
      leaf: undefined,
      op: reader.finished ? { ...decoded.op, key: op.op.key } : op.op,
    };
  }

  #flipped(bytes: Bytes): Bytes {
    const copy = bytes.slice();
    const bit = this.#setting.prng.below(copy.length * 8);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    return copy;
  }

  #happens(share: number): boolean {
    return share > 0 && this.isBorn && this.#setting.isFaulty() && this.#setting.prng.chance(share);
  }

  #fail(kind: string, message: string): never {
    this.#failed = true;
    this.#setting.recorder.count(`fault:${kind}`);
    throw new StoreFailure(message);
  }
}
