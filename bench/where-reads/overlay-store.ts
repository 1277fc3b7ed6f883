/**
 * A store for a replica on the main thread whose disk is in a worker: reads are answered from what
 * was written and is not durable yet, then from a connection of its own to the committed state;
 * the writes of a turn are posted to the worker.
 *
 * An emulation, good for measuring: it takes every operation of a merged parcel for a living one,
 * as they are in the workload, and does not serve pulls.
 */
import type { Author, BatchId, Incarnation } from "../../src/base/brand.ts";
import type { Bytes } from "../../src/base/bytes.ts";
import type { Range } from "../../src/codec/ranges-wire.ts";
import type { OriginRanges } from "../../src/codec/frontier.ts";
import type { PeerRule } from "../../src/ports/peer-rule.ts";
import type { PartitionRecord } from "../../src/ports/partition.ts";
import type {
  LivingEntry,
  LivingOp,
  OpId,
  ParcelRow,
  Store,
  StoreState,
  StoreWrite,
  StoredOp,
  StoredParcel,
} from "../../src/ports/store.ts";

/** The writes of one turn on their way to the disk. */
export interface PostedTurn {
  readonly turn: number;
  readonly writes: readonly StoreWrite[];
}

interface Place {
  readonly turn: number;
  readonly row: ParcelRow;
  readonly op: StoredOp;
  readonly id: OpId;
}

export class OverlayStore implements Store {
  readonly #durable: Store;
  readonly #post: (turn: PostedTurn) => void;
  readonly #byKey = new Map<string, Place>();
  readonly #byId = new Map<OpId, Place>();
  readonly #headers = new Map<string, { readonly turn: number; readonly header: Bytes }>();
  #writes: StoreWrite[] = [];
  #turn = 0;
  #nextOp = 1;

  /** `durable` is only read. */
  constructor(durable: Store, post: (turn: PostedTurn) => void) {
    this.#durable = durable;
    this.#post = post;
  }

  /** The number of the turn under way, or of the last one. */
  get turn(): number {
    return this.#turn;
  }

  begin(): void {
    this.#turn += 1;
    this.#writes = [];
  }

  apply(write: StoreWrite): void {
    this.#writes.push(write);
    if (write.type !== "merge") return;
    const row = write.parcel;
    for (const id of write.supersedes) this.#byId.delete(id);
    this.#headers.set(`${row.author}/${row.incarnation}/${row.sequence}`, {
      turn: this.#turn,
      header: row.signedHeader,
    });
    for (const op of row.ops) {
      const place: Place = { turn: this.#turn, row, op, id: this.#nextOp++ };
      this.#byKey.delete(op.op.key); // so that the map stays in the order of turns
      this.#byKey.set(op.op.key, place);
      this.#byId.set(place.id, place);
    }
  }

  commit(): void {
    if (this.#writes.length > 0) this.#post({ turn: this.#turn, writes: this.#writes });
  }

  /** The worker has made this turn, and all before it, durable: the overlay forgets them. */
  forget(turn: number): void {
    for (const [key, place] of this.#byKey) {
      if (place.turn > turn) break; // older places stand in front
      this.#byKey.delete(key);
    }
    for (const [id, place] of this.#byId) {
      if (place.turn > turn) break;
      this.#byId.delete(id);
    }
    for (const [name, header] of this.#headers) {
      if (header.turn > turn) break;
      this.#headers.delete(name);
    }
  }

  living(key: string): LivingOp | undefined {
    const place = this.#byKey.get(key);
    return place === undefined ? this.#durable.living(key) : { id: place.id, stamp: place.op.stamp };
  }

  entry(id: OpId): LivingEntry {
    const place = this.#byId.get(id);
    if (place === undefined) return this.#durable.entry(id);
    const { author, batch, arrival } = place.row;
    return { id, op: place.op, version: { stamp: place.op.stamp, author, batch }, arrival };
  }

  livingEntry(id: OpId): LivingEntry | undefined {
    return this.#byId.has(id) ? this.entry(id) : this.#durable.livingEntry(id);
  }

  headers(author: Author, incarnation: Incarnation, sequence: number): readonly Bytes[] {
    const found = this.#headers.get(`${author}/${incarnation}/${sequence}`);
    return found === undefined ? this.#durable.headers(author, incarnation, sequence) : [found.header];
  }

  fragments(): ReturnType<Store["fragments"]> {
    throw new Error("this emulation serves no walks");
  }

  parcels(): readonly StoredParcel[] {
    throw new Error("this emulation serves no pulls");
  }

  whollyLiving(author: Author, incarnation: Incarnation, from: number): readonly Range[] {
    return this.#durable.whollyLiving(author, incarnation, from);
  }

  livingAfter(): readonly LivingEntry[] {
    throw new Error("this emulation repairs no clocks");
  }

  nextId(): OpId {
    return this.#nextOp;
  }

  livingFrom(): readonly LivingEntry[] {
    return []; // the emulation starts from an empty store
  }

  livingUnder(): ReturnType<Store["livingUnder"]> {
    throw new Error("this emulation serves no walks");
  }

  collectable(): ReturnType<Store["collectable"]> {
    return []; // the emulation lives for seconds
  }

  aside(): ReturnType<Store["aside"]> {
    return [];
  }

  asideEntry(): ReturnType<Store["asideEntry"]> {
    return undefined;
  }

  trie(): ReturnType<Store["trie"]> {
    return this.#durable.trie();
  }

  triePage(path: string): Bytes {
    return this.#durable.triePage(path);
  }

  origins(): readonly OriginRanges[] {
    return this.#durable.origins();
  }

  state(): StoreState | undefined {
    return this.#durable.state();
  }

  under(prefix: string, after: string, max: number, visit: (key: string, batch: BatchId) => void): boolean {
    return this.#durable.under(prefix, after, max, visit);
  }

  partitions(): readonly PartitionRecord[] {
    return this.#durable.partitions();
  }

  addresses(): ReturnType<Store["addresses"]> {
    return this.#durable.addresses();
  }

  peerRules(): readonly PeerRule[] {
    return this.#durable.peerRules();
  }

  close(): void {
    this.#durable.close();
  }
}
