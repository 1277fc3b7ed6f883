/**
 * The store of simulated nodes: `ports/store.ts` in memory, on a disk that outlives its process.
 *
 * The disk's tables are changed at once and every change leaves its undoing behind; a crash or a
 * rollback plays those backwards, a commit throws them away. So what a new process finds on the
 * disk is exactly the turns that were committed.
 *
 * A commit may fail (EIO, ENOSPC): the turn is then wholly on the disk or not at all, and this
 * store refuses to be used again.
 */
// tidy: long because the class has one small method for each promise of the port
import type { Range } from "../src/codec/ranges-wire.ts";
import { assert, unreachable } from "../src/base/assert.ts";
import type { Author, BatchId, Incarnation, Stamp } from "../src/base/brand.ts";
import type { Bytes } from "../src/base/bytes.ts";
import type { OriginRanges } from "../src/codec/frontier.ts";
import { takeFragments } from "../src/crypto/fragment.ts";
import { asideMax, evidenceMax } from "../src/core/data/limits.ts";
import type { PartitionRecord } from "../src/ports/partition.ts";
import type { KnownAddress } from "../src/ports/known-address.ts";
import type { PeerRule } from "../src/ports/peer-rule.ts";
import type {
  AsideEntry,
  LivingEntry,
  LivingOp,
  OpId,
  ParcelRow,
  ParcelStretch,
  Store,
  StoredOp,
  StoredParcel,
  StoreState,
  StoreWrite,
  TriePageSummary,
} from "../src/ports/store.ts";
import type { KeyChange, LivingFact } from "./checkers/facts.ts";
import { MemoryDisk, type Place, keptOp, withConflict, withPartition } from "./memory-disk.ts";
import { type KeptOp, type StoredBatch, compacted, encodeStored, unite, withDead } from "./stored-batch.ts";

/** What becomes of a commit: done, or failed with the turn on the disk or not. */
export type CommitFate = "durable" | "failsDurable" | "failsLost";

export interface DiskHooks {
  fate(): CommitFate;
  /** The keys whose living operation differs after a turn that is durable now. */
  durable(changes: readonly KeyChange[]): void;
}

const healthy: DiskHooks = { fate: () => "durable", durable: () => undefined };

export interface MemoryStore extends Store {
  readonly disk: MemoryDisk;
  /** The process ends here: what was not committed is gone, and so is this store. */
  crash(): void;
}

export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
}

export function createMemoryStore(disk: MemoryDisk = new MemoryDisk(), hooks: DiskHooks = healthy): MemoryStore {
  return new TurnStore(disk, hooks);
}

// The class is one wall of small methods, one per promise of the port; parts of it apart would only pass the tables around.
class TurnStore implements MemoryStore {
  readonly disk: MemoryDisk;
  readonly #hooks: DiskHooks;
  readonly #undo: (() => void)[] = [];
  readonly #touched = new Map<string, LivingFact | undefined>();
  #isOpen = false;
  #isDead = false;

  constructor(disk: MemoryDisk, hooks: DiskHooks) {
    this.disk = disk;
    this.#hooks = hooks;
  }

  begin(): void {
    this.#mustLive();
    assert(!this.#isOpen, "one turn at a time");
    this.#isOpen = true;
  }

  apply(write: StoreWrite): void {
    this.#mustLive();
    assert(this.#isOpen, "writes belong to a turn");
    switch (write.type) {
      case "merge":
        return this.#merge(write.parcel, write.supersedes);
      case "retract":
        return this.#compact(this.#kill(write.ops));
      case "setOrigin":
        return this.#put(this.disk.origins, `${write.origin.author}/${write.origin.incarnation}`, write.origin);
      case "setState":
        return this.#assign("state", write.state);
      case "setAside":
        for (const entry of write.entries) {
          this.#remove(this.disk.aside, entry.key);
          this.#put(this.disk.aside, entry.key, entry);
        }
        for (const key of [...this.disk.aside.keys()].slice(0, -asideMax)) this.#remove(this.disk.aside, key);
        return undefined;
      case "dropAside":
        for (const key of write.keys) this.#remove(this.disk.aside, key);
        return undefined;
      case "setTrie":
        for (const path of write.dropped) this.#remove(this.disk.trie, path);
        for (const row of write.pages) this.#put(this.disk.trie, row.path, row);
        return this.#assign("trieFrom", write.from);
      case "addConflict":
        return this.#assign("conflicts", withConflict(this.disk.conflicts, write.conflict));
      case "savePartition":
        return this.#assign("partitions", withPartition(this.disk.partitions, write.partition));
      case "setPeerRule":
        return this.#put(this.disk.peerRules, write.rule.target, write.rule);
      case "dropPeerRule":
        return this.#remove(this.disk.peerRules, write.target);
      case "setAddress":
        return this.#put(this.disk.addresses, write.known.address, write.known);
      case "dropAddress":
        return this.#remove(this.disk.addresses, write.address);
      case "addEvidence":
        if (this.disk.evidence.length >= evidenceMax) return undefined;
        return this.#assign("evidence", [...this.disk.evidence, { first: write.first, second: write.second }]);
      default:
        unreachable(write);
    }
  }

  commit(): void {
    this.#mustLive();
    assert(this.#isOpen, "a commit ends a turn");
    const fate = this.#hooks.fate();
    if (fate === "failsLost") this.#rollBack();
    const changes = [...this.#touched].map(([key, before]) => ({ key, before, after: this.disk.fact(key) }));
    if (this.#undo.length > 0) this.disk.unsynced?.push([...this.#undo]);
    this.#undo.length = 0;
    this.#touched.clear();
    this.#isOpen = false;
    this.#hooks.durable(changes);
    if (fate === "durable") return;
    this.#isDead = true;
    throw new StoreFailure("the disk failed (EIO)");
  }

  close(): void {
    this.crash();
  }

  crash(): void {
    this.#rollBack();
    this.#isOpen = false;
    this.#isDead = true;
  }

  living(key: string): LivingOp | undefined {
    this.#mustLive();
    const id = this.disk.living.get(key);
    if (id === undefined) return undefined;
    const place = this.disk.places.get(id) as Place;
    return { id, stamp: keptOp(this.disk.batches.get(place.batch) as StoredBatch, place.index).stamp };
  }

  entry(id: OpId): LivingEntry {
    this.#mustLive();
    const { stored, op } = this.#kept(id);
    return {
      id,
      op: { index: op.index, op: op.op, bytes: op.bytes },
      version: { stamp: op.stamp, author: stored.author, batch: stored.batch },
      arrival: op.arrival,
    };
  }

  livingEntry(id: OpId): LivingEntry | undefined {
    this.#mustLive();
    return this.disk.places.has(id) ? this.entry(id) : undefined;
  }

  parcels({ author, incarnation, from, to, skip, bytesMax }: ParcelStretch): StoredParcel[] {
    this.#mustLive();
    const numbers = this.disk.numbers.get(`${author}/${incarnation}`);
    if (numbers === undefined) return [];
    const found: StoredParcel[] = [];
    let bytes = 0;
    for (const sequence of [...numbers.keys()].filter((each) => from <= each && each <= to).sort((a, b) => a - b)) {
      for (const batch of (numbers.get(sequence) ?? []).slice(sequence === from ? skip : 0)) {
        if (bytes >= bytesMax && found.length > 0) return found;
        const parcel = encodeStored(this.disk.batches.get(batch) as StoredBatch);
        found.push({ sequence, bytes: parcel });
        bytes += parcel.length;
      }
    }
    return found;
  }

  fragments(ids: readonly OpId[], bytesMax: number): ReturnType<Store["fragments"]> {
    this.#mustLive();
    return takeFragments(ids, bytesMax, (id) => {
      const place = this.disk.places.get(id);
      return place === undefined
        ? undefined
        : { parcel: place.batch, index: place.index, part: () => this.disk.batches.get(place.batch) as StoredBatch };
    });
  }

  headers(author: Author, incarnation: Incarnation, sequence: number): Bytes[] {
    this.#mustLive();
    const batches = this.disk.numbers.get(`${author}/${incarnation}`)?.get(sequence) ?? [];
    return batches.map((batch) => (this.disk.batches.get(batch) as StoredBatch).signedHeader);
  }

  whollyLiving(author: Author, incarnation: Incarnation, from: number): readonly Range[] {
    this.#mustLive();
    const numbers = [...(this.disk.numbers.get(`${author}/${incarnation}`)?.entries() ?? [])];
    const lives = (batch: BatchId): boolean => {
      const { ops, opsCount, living } = this.disk.batches.get(batch) as StoredBatch;
      return living === ops.length && ops.length === opsCount;
    };
    const stored = numbers
      .filter(([sequence, batches]) => sequence >= from && [...batches].some(lives))
      .map(([sequence]) => sequence);
    const ranges: [number, number][] = [];
    for (const sequence of stored.sort((a, b) => a - b)) {
      const last = ranges.at(-1);
      if (last !== undefined && sequence === last[1] + 1) last[1] = sequence;
      else ranges.push([sequence, sequence]);
    }
    return ranges;
  }

  livingAfter(author: Author, stamp: Stamp, max: number): LivingEntry[] {
    this.#mustLive();
    const found: LivingEntry[] = [];
    for (const id of this.disk.places.keys()) {
      const { stored, op } = this.#kept(id);
      if (found.length < max && stored.author === author && op.stamp > stamp) found.push(this.entry(id));
    }
    return found;
  }

  origins(): OriginRanges[] {
    this.#mustLive();
    return [...this.disk.origins.values()];
  }

  nextId(): OpId {
    this.#mustLive();
    return this.disk.ids + 1;
  }

  livingFrom(id: OpId, max: number): LivingEntry[] {
    this.#mustLive();
    const ids = [...this.disk.places.keys()].filter((each) => each >= id).sort((a, b) => a - b);
    return ids.slice(0, max).map((each) => this.entry(each));
  }

  livingUnder(prefix: string, after: string, max: number): ReturnType<Store["livingUnder"]> {
    this.#mustLive();
    const keys = this.disk.keysUnder(prefix, after).slice(0, max);
    return keys.map((key) => ({ id: this.disk.living.get(key) as OpId, key }));
  }

  collectable(before: Stamp, max: number): ReturnType<Store["collectable"]> {
    this.#mustLive();
    const due = [...this.disk.places].flatMap(([id, { key }]) => {
      const { due: at, op } = this.#kept(id).op;
      const tombstone = op.content.type === "tombstone";
      return at !== undefined && at < before ? [{ id, key, at, tombstone }] : [];
    });
    return due
      .sort((a, b) => a.at - b.at || a.id - b.id)
      .slice(0, max)
      .map(({ id, key, tombstone }) => ({ id, key, tombstone }));
  }

  aside(max: number): AsideEntry[] {
    this.#mustLive();
    return [...this.disk.aside.values()].toReversed().slice(0, max);
  }

  asideEntry(key: string): AsideEntry | undefined {
    this.#mustLive();
    return this.disk.aside.get(key);
  }

  trie(): { readonly pages: readonly TriePageSummary[]; readonly from: OpId } {
    this.#mustLive();
    return { pages: this.disk.triePages(), from: this.disk.trieFrom };
  }

  triePage(path: string): Bytes {
    this.#mustLive();
    const page = this.disk.trie.get(path);
    assert(page !== undefined, "a page of the trie that is asked for is stored");
    return page.body.slice();
  }

  state(): StoreState | undefined {
    this.#mustLive();
    return this.disk.state;
  }

  under(prefix: string, after: string, max: number, visit: (key: string, batch: BatchId) => void): boolean {
    this.#mustLive();
    const keys = this.disk.keysUnder(prefix, after);
    for (const key of keys.slice(0, max)) visit(key, this.entry(this.disk.living.get(key) as OpId).version.batch);
    return keys.length <= max;
  }

  partitions(): readonly PartitionRecord[] {
    this.#mustLive();
    return this.disk.partitions;
  }

  addresses(): readonly KnownAddress[] {
    this.#mustLive();
    return [...this.disk.addresses.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  peerRules(): readonly PeerRule[] {
    this.#mustLive();
    return [...this.disk.peerRules.values()];
  }

  #merge(row: ParcelRow, supersedes: readonly OpId[]): void {
    const changed = this.#kill(supersedes).add(row.batch);
    const stored = this.disk.batches.get(row.batch);
    const firstId = this.nextId();
    this.disk.ids += row.ops.length;
    this.#put(
      this.disk.batches,
      row.batch,
      unite(stored, row, (place) => this.#give(row, place, firstId + place)),
    );
    if (stored === undefined) this.#list(row.author, row.incarnation, row.sequence, (ids) => [...ids, row.batch]);
    this.#compact(changed);
  }

  /** A new operation takes the place of its key, which must be free. */
  #give({ batch, ops }: ParcelRow, place: number, id: OpId): OpId {
    const { op, index } = ops[place] as StoredOp;
    const { key } = op;
    if (this.disk.living.has(key)) throw new StoreFailure(`two living operations on the key ${key}`);
    this.#touch(key);
    this.#put(this.disk.places, id, { batch, index, key });
    this.#put(this.disk.living, key, id);
    return id;
  }

  /** Returns the batches these operations were in. */
  #kill(ids: readonly OpId[]): Set<BatchId> {
    const dead = new Map<BatchId, Set<OpId>>();
    for (const id of ids) {
      const place = this.disk.places.get(id);
      if (place === undefined) throw new StoreFailure(`operation ${id} is not living`);
      this.#touch(place.key);
      this.#remove(this.disk.living, place.key);
      this.#remove(this.disk.places, id);
      const beside = dead.get(place.batch);
      if (beside === undefined) dead.set(place.batch, new Set([id]));
      else beside.add(id);
    }
    for (const [batch, dying] of dead)
      this.#put(this.disk.batches, batch, withDead(this.disk.batches.get(batch) as StoredBatch, dying));
    return new Set(dead.keys());
  }

  #compact(changed: ReadonlySet<BatchId>): void {
    for (const batch of changed) {
      const stored = this.disk.batches.get(batch) as StoredBatch;
      const smaller = compacted(stored);
      if (smaller !== undefined) {
        if (smaller !== stored) this.#put(this.disk.batches, batch, smaller);
        continue;
      }
      this.#remove(this.disk.batches, batch);
      this.#list(stored.author, stored.incarnation, stored.sequence, (ids) => ids.filter((id) => id !== batch));
    }
  }

  #list(
    author: Author,
    incarnation: Incarnation,
    sequence: number,
    edit: (ids: readonly BatchId[]) => readonly BatchId[],
  ): void {
    const origin = `${author}/${incarnation}`;
    let numbers = this.disk.numbers.get(origin);
    if (numbers === undefined) this.disk.numbers.set(origin, (numbers = new Map()));
    const ids = edit(numbers.get(sequence) ?? []);
    if (ids.length === 0) this.#remove(numbers, sequence);
    else this.#put(numbers, sequence, ids);
  }

  #kept(id: OpId): { readonly stored: StoredBatch; readonly op: KeptOp } {
    const place = this.disk.places.get(id);
    assert(place !== undefined, "only living operations are asked for");
    const stored = this.disk.batches.get(place.batch) as StoredBatch;
    return { stored, op: keptOp(stored, place.index) };
  }

  #touch(key: string): void {
    if (!this.#touched.has(key)) this.#touched.set(key, this.disk.fact(key));
  }

  #put<K, V>(map: Map<K, V>, key: K, value: V): void {
    this.#remember(map, key);
    map.set(key, value);
  }

  #remove<K, V>(map: Map<K, V>, key: K): void {
    this.#remember(map, key);
    map.delete(key);
  }

  #remember<K, V>(map: Map<K, V>, key: K): void {
    const old = map.get(key);
    this.#undo.push(old === undefined ? () => map.delete(key) : () => map.set(key, old));
  }

  #assign<Name extends "state" | "conflicts" | "evidence" | "trieFrom" | "partitions">(
    name: Name,
    value: MemoryDisk[Name],
  ): void {
    const old = this.disk[name];
    this.#undo.push(() => (this.disk[name] = old));
    this.disk[name] = value;
  }

  #rollBack(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo.length = 0;
    this.#touched.clear();
  }

  #mustLive(): void {
    if (this.#isDead) throw new StoreFailure("this store is closed or has failed");
  }
}
