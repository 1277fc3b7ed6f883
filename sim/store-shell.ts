/** A store around a store: everything passes through; what watches or spoils overrides a method. */
import type { Range } from "../src/codec/ranges-wire.ts";
import type { Author, BatchId, Incarnation, Stamp } from "../src/base/brand.ts";
import type { Bytes } from "../src/base/bytes.ts";
import type { OriginRanges } from "../src/codec/frontier.ts";
import type { KnownAddress } from "../src/ports/known-address.ts";
import type { PeerRule } from "../src/ports/peer-rule.ts";
import type { PartitionRecord } from "../src/ports/partition.ts";
import type {
  LivingEntry,
  LivingOp,
  OpId,
  ParcelStretch,
  Store,
  StoredParcel,
  StoreState,
  StoreWrite,
  TriePageSummary,
} from "../src/ports/store.ts";

export class StoreShell implements Store {
  protected readonly inner: Store;

  constructor(inner: Store) {
    this.inner = inner;
  }

  begin(): void {
    this.inner.begin();
  }

  apply(write: StoreWrite): void {
    this.inner.apply(write);
  }

  commit(): void {
    this.inner.commit();
  }

  close(): void {
    this.inner.close();
  }

  living(key: string): LivingOp | undefined {
    return this.inner.living(key);
  }

  entry(id: OpId): LivingEntry {
    return this.inner.entry(id);
  }

  livingEntry(id: OpId): LivingEntry | undefined {
    return this.inner.livingEntry(id);
  }

  parcels(stretch: ParcelStretch): readonly StoredParcel[] {
    return this.inner.parcels(stretch);
  }

  fragments(ids: readonly OpId[], bytesMax: number): ReturnType<Store["fragments"]> {
    return this.inner.fragments(ids, bytesMax);
  }

  headers(author: Author, incarnation: Incarnation, sequence: number): readonly Bytes[] {
    return this.inner.headers(author, incarnation, sequence);
  }

  whollyLiving(author: Author, incarnation: Incarnation, from: number): readonly Range[] {
    return this.inner.whollyLiving(author, incarnation, from);
  }

  livingAfter(author: Author, stamp: Stamp, max: number): readonly LivingEntry[] {
    return this.inner.livingAfter(author, stamp, max);
  }

  origins(): readonly OriginRanges[] {
    return this.inner.origins();
  }

  nextId(): OpId {
    return this.inner.nextId();
  }

  livingFrom(id: OpId, max: number): readonly LivingEntry[] {
    return this.inner.livingFrom(id, max);
  }

  livingUnder(prefix: string, after: string, max: number): ReturnType<Store["livingUnder"]> {
    return this.inner.livingUnder(prefix, after, max);
  }

  collectable(before: Stamp, max: number): ReturnType<Store["collectable"]> {
    return this.inner.collectable(before, max);
  }

  aside(max: number): ReturnType<Store["aside"]> {
    return this.inner.aside(max);
  }

  asideEntry(key: string): ReturnType<Store["asideEntry"]> {
    return this.inner.asideEntry(key);
  }

  trie(): { readonly pages: readonly TriePageSummary[]; readonly from: OpId } {
    return this.inner.trie();
  }

  triePage(path: string): Bytes {
    return this.inner.triePage(path);
  }

  state(): StoreState | undefined {
    return this.inner.state();
  }

  under(prefix: string, after: string, max: number, visit: (key: string, batch: BatchId) => void): boolean {
    return this.inner.under(prefix, after, max, visit);
  }

  partitions(): readonly PartitionRecord[] {
    return this.inner.partitions();
  }

  addresses(): readonly KnownAddress[] {
    return this.inner.addresses();
  }

  peerRules(): readonly PeerRule[] {
    return this.inner.peerRules();
  }
}

/** Shows every write before it is applied. */
export class WatchedStore extends StoreShell {
  readonly #watch: (write: StoreWrite) => void;

  constructor(inner: Store, watch: (write: StoreWrite) => void) {
    super(inner);
    this.#watch = watch;
  }

  override apply(write: StoreWrite): void {
    this.#watch(write);
    super.apply(write);
  }
}
