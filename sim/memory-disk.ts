/** The disk of a simulated node: tables in memory that outlive its processes. */
import { assert } from "../src/base/assert.ts";
import type { BatchId } from "../src/base/brand.ts";
import { type Bytes, compareUtf8 } from "../src/base/bytes.ts";
import type { OriginRanges } from "../src/codec/frontier.ts";
import { partitionsKeptMax } from "../src/core/peers/partitions/limits.ts";
import { conflictAgeMsMax, conflictsMax, conflictsPerKeyMax } from "../src/core/data/limits.ts";
import type { AsideEntry, ConflictRow, OpId, StoreState, TriePageRow } from "../src/ports/store.ts";
import type { KnownAddress } from "../src/ports/known-address.ts";
import type { PeerRule } from "../src/ports/peer-rule.ts";
import type { PartitionRecord } from "../src/ports/partition.ts";
import type { LivingFact } from "./checkers/facts.ts";
import type { KeptOp, StoredBatch } from "./stored-batch.ts";

/** Where a living operation stands. */
export interface Place {
  readonly batch: BatchId;
  readonly index: number;
  readonly key: string;
}

/** What outlives a process. */
export class MemoryDisk {
  readonly batches: Map<BatchId, StoredBatch> = new Map();
  /** Batches by origin and number. */
  readonly numbers: Map<string, Map<number, readonly BatchId[]>> = new Map();
  readonly living: Map<string, OpId> = new Map();
  readonly places: Map<OpId, Place> = new Map();
  readonly origins: Map<string, OriginRanges> = new Map();
  state: StoreState | undefined;
  conflicts: readonly ConflictRow[] = [];
  evidence: readonly { readonly first: Bytes; readonly second: Bytes }[] = [];
  /** Entries set aside, by key, the oldest first. */
  readonly aside: Map<string, AsideEntry> = new Map();
  /** Pages of the Merkle trie by path. */
  readonly trie: Map<string, TriePageRow> = new Map();
  trieFrom: OpId = 1;
  partitions: readonly PartitionRecord[] = [];
  readonly peerRules: Map<string, PeerRule> = new Map();
  readonly addresses: Map<string, KnownAddress> = new Map();
  ids = 0;
  /** The undoing of each turn that is committed and not synced, oldest first; undefined where commits sync. */
  unsynced: (readonly (() => void)[])[] | undefined;

  /** Takes away the latest turns that are not synced, but for the first `kept` of them. Returns how many. */
  loseUnsynced(kept: number): number {
    const lost = this.unsynced?.splice(kept) ?? [];
    for (const turn of lost.reverse()) for (const undo of [...turn].reverse()) undo();
    return lost.length;
  }

  /** As it is now, apart from it. */
  copy(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const [id, batch] of this.batches) copy.batches.set(id, batch);
    for (const [origin, numbers] of this.numbers) copy.numbers.set(origin, new Map(numbers));
    for (const [key, id] of this.living) copy.living.set(key, id);
    for (const [id, place] of this.places) copy.places.set(id, place);
    for (const [name, origin] of this.origins) copy.origins.set(name, origin);
    for (const [key, entry] of this.aside) copy.aside.set(key, entry);
    for (const [path, page] of this.trie) copy.trie.set(path, page);
    for (const [target, rule] of this.peerRules) copy.peerRules.set(target, rule);
    for (const [address, known] of this.addresses) copy.addresses.set(address, known);
    copy.trieFrom = this.trieFrom;
    copy.state = this.state;
    copy.conflicts = this.conflicts;
    copy.evidence = this.evidence;
    copy.ids = this.ids;
    if (this.unsynced !== undefined) copy.unsynced = [];
    return copy;
  }

  /** All living operations as plain data, by key. */
  facts(): ReadonlyMap<string, LivingFact> {
    return new Map([...this.living.keys()].map((key) => [key, this.fact(key) as LivingFact]));
  }

  /** The living operation on a key as plain data for checkers. */
  fact(key: string): LivingFact | undefined {
    const id = this.living.get(key);
    const place = id === undefined ? undefined : this.places.get(id);
    const stored = place === undefined ? undefined : this.batches.get(place.batch);
    if (place === undefined || stored === undefined) return undefined;
    const op = keptOp(stored, place.index);
    if (op.fact?.signedHeader === stored.signedHeader) return op.fact;
    const { batch, index } = place;
    op.fact = { key, batch, index, signedHeader: stored.signedHeader, opBytes: op.bytes, seen: undefined };
    return op.fact;
  }

  /** In the order of their paths. */
  triePages(): readonly TriePageRow[] {
    return [...this.trie.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Keys of living operations that begin so and lie behind `after`, in the order of their bytes. */
  keysUnder(prefix: string, after: string): readonly string[] {
    return [...this.living.keys()]
      .filter((key) => key.startsWith(prefix) && compareUtf8(key, after) > 0)
      .sort(compareUtf8);
  }

  /** Operations stored, dead ones included. */
  storedOps(): number {
    let sum = 0;
    for (const { ops } of this.batches.values()) sum += ops.length;
    return sum;
  }
}

export function keptOp(stored: StoredBatch, index: number): KeptOp {
  const first = stored.ops[index]; // where it stands in a whole batch
  const op = first?.index === index ? first : stored.ops.find((each) => each.index === index);
  assert(op !== undefined, "a place names a stored operation");
  return op;
}

/** With a record in the place of the one with its id, or as the newest. */
export function withPartition(kept: readonly PartitionRecord[], saved: PartitionRecord): readonly PartitionRecord[] {
  return [...kept.filter(({ id }) => id !== saved.id), saved].sort((a, b) => a.id - b.id).slice(-partitionsKeptMax);
}

/** With a further conflict, without what is too old or too much: per key, then in all. */
export function withConflict(conflicts: readonly ConflictRow[], added: ConflictRow): readonly ConflictRow[] {
  const young = [...conflicts, added].filter(({ at }) => at > added.at - conflictAgeMsMax);
  const ofKey = young.filter(({ key }) => key === added.key);
  const surplus = new Set(ofKey.slice(0, Math.max(0, ofKey.length - conflictsPerKeyMax)));
  return young.filter((conflict) => !surplus.has(conflict)).slice(-conflictsMax);
}
