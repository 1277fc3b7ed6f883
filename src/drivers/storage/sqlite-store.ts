/**
 * The store on disk, for the replica's thread: the one writer of `data.sqlite`.
 *
 * All calls are synchronous. A turn is one SQLite transaction; `commit` returns after the log is
 * synced. Any error in a turn is fatal for this object: it is thrown as a `Fault` and the thread
 * stops rather than answer from an unknown state.
 */
// tidy: long because one class has one short method for each promise of the port; parts of it apart would pass its statements around
import { DatabaseSync } from "node:sqlite";
import type { Author, BatchId, Incarnation, Stamp } from "../../base/brand.ts";
import { type Bytes, equalBytes, fromHex, toHex } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { assert, unreachable } from "../../base/assert.ts";
import { ByteReader } from "../../codec/byte-io.ts";
import type { OriginRanges } from "../../codec/frontier.ts";
import { readOp, withKey, withoutKey } from "../../codec/op.ts";
import { decodeStoredHeader, encodeParcel, headerBytes } from "../../codec/parcel.ts";
import type { Range } from "../../codec/ranges-wire.ts";
import { batchIdOf } from "../../crypto/batch-digest.ts";
import { type StoredPart, takeFragments } from "../../crypto/fragment.ts";
import { type PlacedLeaf, leafOf, narrowProof, rootOfPart } from "../../crypto/merkle.ts";
import type { PartitionRecord } from "../../ports/partition.ts";
import type {
  AsideEntry,
  LivingEntry,
  LivingOp,
  OpId,
  ParcelRow,
  ParcelStretch,
  Store,
  StoreState,
  StoreWrite,
  StoredParcel,
  TriePageSummary,
} from "../../ports/store.ts";
import { Arrivals } from "./arrivals.ts";
import { asideOf } from "./aside-reader.ts";
import { ConflictLog } from "./conflict-log.ts";
import { guarded } from "./guarded.ts";
import { type NetworkOfStore, ensureNetwork } from "./network-of-store.ts";
import type { EntryRow, OpRow, ParcelHead, Room } from "./rows.ts";
import { type Durability, ensureSchema, setPragmas, storeVersion } from "./schema.ts";
import { asideRowsMax, evidenceRowsMax, type Statements, prepareAll } from "./statements.ts";
import { TriePages } from "./trie-pages.ts";
import { keepWorthwhile } from "./worthwhile.ts";

export interface SqliteStoreOptions {
  readonly path: string;
  readonly durability: Durability;
  readonly cacheMiB: number;
  /** The network whose batches are in it; a store of another one is refused. */
  readonly network: NetworkOfStore;
}

/** Throws `data_dir_version` for a layout this program does not know, `storage_failed` when it cannot be opened. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  return guarded("open the store", () => {
    const db = new DatabaseSync(options.path);
    setPragmas(db, options.durability, options.cacheMiB);
    const version = ensureSchema(db);
    if (version !== storeVersion) {
      db.close();
      throw new Fault(
        "data_dir_version",
        `${options.path} has layout ${version}; this program reads layout ${storeVersion}. Use the version that wrote it, or a fresh --data-dir.`,
        { found: version, known: storeVersion },
      );
    }
    ensureNetwork(db, options.path, options.network);
    return new SqliteStore(db);
  });
}

class SqliteStore implements Store {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #conflicts: ConflictLog;
  readonly #triePages: TriePages;
  readonly #arrivals: Arrivals;
  readonly #originRefs = new Map<string, number>();
  #nextOp: number;
  #nextOpStored: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = prepareAll(db);
    this.#conflicts = new ConflictLog(db);
    this.#triePages = new TriePages(db);
    this.#arrivals = new Arrivals(db);
    for (const row of this.#sql.origins.all())
      this.#originRefs.set(
        `${toHex(row["author"] as Bytes)}/${toHex(row["incarnation"] as Bytes)}`,
        row["ref"] as number,
      );
    this.#nextOp = this.#nextOpStored = (this.#sql.state.get()?.["next_op"] as number | undefined) ?? 1;
  }

  begin(): void {
    guarded("begin", () => this.#db.exec("BEGIN"));
  }

  commit(): void {
    guarded("commit", () => {
      if (this.#nextOp !== this.#nextOpStored) this.#sql.setNextOp.run(this.#nextOp);
      this.#nextOpStored = this.#nextOp;
      this.#db.exec("COMMIT");
    });
  }

  close(): void {
    this.#db.close();
  }

  apply(write: StoreWrite): void {
    guarded(write.type, () => this.#apply(write));
  }

  living(key: string): LivingOp | undefined {
    const row = this.#sql.living.get(key);
    return row === undefined ? undefined : { id: row["id"] as number, stamp: row["stamp"] as Stamp };
  }

  entry(id: OpId): LivingEntry {
    const row = this.#sql.entry.get(id) as unknown as EntryRow | undefined;
    assert(row !== undefined, "an operation handed out as living is stored");
    return this.#entryOf(row);
  }

  livingEntry(id: OpId): LivingEntry | undefined {
    const row = this.#sql.entry.get(id) as unknown as EntryRow | undefined;
    return row === undefined ? undefined : this.#entryOf(row);
  }

  parcels({ author, incarnation, from, to, skip, bytesMax }: ParcelStretch): readonly StoredParcel[] {
    const origin = this.#originRefs.get(`${author}/${incarnation}`);
    if (origin === undefined) return [];
    const parcels: StoredParcel[] = [];
    let bytes = 0;
    let skipped = 0;
    for (const row of this.#sql.parcels.iterate(origin, from, to)) {
      if (row["sequence"] === from && skipped < skip) {
        skipped += 1;
        continue;
      }
      const parcel = this.#assemble(row as unknown as ParcelHead);
      parcels.push(parcel);
      bytes += parcel.bytes.length;
      if (bytes >= bytesMax) break;
    }
    return parcels;
  }

  fragments(ids: readonly OpId[], bytesMax: number): ReturnType<Store["fragments"]> {
    return takeFragments(ids, bytesMax, (id) => {
      const row = this.#sql.placeOf.get(id) as { readonly parcel: number; readonly place: number } | undefined;
      if (row === undefined) return undefined;
      const { parcel, place: index } = row;
      return { parcel, index, part: () => this.#part(this.#sql.parcelById.get(parcel) as unknown as ParcelHead) };
    });
  }

  headers(author: Author, incarnation: Incarnation, sequence: number): readonly Bytes[] {
    const origin = this.#originRefs.get(`${author}/${incarnation}`);
    return origin === undefined ? [] : this.#sql.headers.all(origin, sequence).map((row) => row["header"] as Bytes);
  }

  whollyLiving(author: Author, incarnation: Incarnation, from: number): readonly Range[] {
    const origin = this.#originRefs.get(`${author}/${incarnation}`);
    const ranges: [number, number][] = [];
    if (origin === undefined) return ranges;
    for (const row of this.#sql.wholeNumbers.iterate(origin, from)) {
      const sequence = row["sequence"] as number;
      const last = ranges.at(-1);
      if (last !== undefined && sequence <= last[1] + 1) last[1] = sequence;
      else ranges.push([sequence, sequence]);
    }
    return ranges;
  }

  livingAfter(author: Author, stamp: Stamp, max: number): readonly LivingEntry[] {
    const rows = this.#sql.livingAfter.all(stamp, bytesOf(author), max) as unknown as readonly EntryRow[];
    return rows.map((row) => this.#entryOf(row));
  }

  origins(): readonly OriginRanges[] {
    return this.#sql.origins.all().map((row) => ({
      author: toHex(row["author"] as Bytes) as Author,
      incarnation: toHex(row["incarnation"] as Bytes) as Incarnation,
      ranges: JSON.parse(row["ranges"] as string) as readonly Range[],
    }));
  }

  nextId(): OpId {
    return this.#nextOp;
  }

  livingFrom(id: OpId, max: number): readonly LivingEntry[] {
    const rows = this.#sql.livingFrom.all(id, max) as unknown as readonly EntryRow[];
    return rows.map((row) => this.#entryOf(row));
  }

  livingUnder(prefix: string, after: string, max: number): ReturnType<Store["livingUnder"]> {
    const rows = this.#sql.livingUnder.all(prefix, after, max) as unknown as ReturnType<Store["livingUnder"]>;
    return rows.filter(({ key }) => key.startsWith(prefix));
  }

  collectable(before: Stamp, max: number): ReturnType<Store["collectable"]> {
    return this.#sql.collectable
      .all(before, max)
      .map((row) => ({ id: row["id"] as number, key: row["key"] as string, tombstone: row["tombstone"] === 1 }));
  }

  aside(max: number): readonly AsideEntry[] {
    return this.#sql.aside.all(max).map(asideOf);
  }

  asideEntry(key: string): AsideEntry | undefined {
    return this.#sql.asideEntry.all(key).map(asideOf)[0];
  }

  trie(): { readonly pages: readonly TriePageSummary[]; readonly from: OpId } {
    return this.#triePages.read();
  }

  triePage(path: string): Bytes {
    return this.#triePages.bodyOf(path);
  }

  state(): StoreState | undefined {
    const row = this.#sql.state.get();
    if (row === undefined) return undefined;
    const { reconciledAt, ...rest } = JSON.parse(row["body"] as string) as StateBody;
    return { ...rest, reconciledAt: reconciledAt ?? undefined };
  }

  under(prefix: string, after: string, max: number, visit: (key: string, batch: BatchId) => void): boolean {
    const batches = new Map<number, BatchId>(); // of a batch with many keys the id is made once
    let seen = 0;
    for (const row of this.#sql.under.iterate(prefix, after)) {
      const { key, parcel, header } = row as { key: string; parcel: number; header: Uint8Array };
      if (!key.startsWith(prefix)) return true;
      if (++seen > max) return false;
      const batch = batches.get(parcel) ?? batchIdOf(header.subarray(0, headerBytes));
      batches.set(parcel, batch);
      visit(key, batch);
    }
    return true;
  }

  /** JSON leaves out what is undefined, which reads the same. */
  partitions(): readonly PartitionRecord[] {
    return this.#sql.partitions.all().map((row) => JSON.parse(row["body"] as string) as PartitionRecord);
  }

  #apply(write: StoreWrite): void {
    switch (write.type) {
      case "merge":
        for (const id of write.supersedes) this.#supersede(id);
        this.#insert(write.parcel);
        break;
      case "setOrigin":
        this.#sql.setRanges.run(
          JSON.stringify(write.origin.ranges),
          this.#originRef(write.origin.author, write.origin.incarnation),
        );
        break;
      case "setState": {
        const body: StateBody = { ...write.state, reconciledAt: write.state.reconciledAt ?? null };
        this.#sql.setState.run(JSON.stringify(body), this.#nextOp);
        this.#nextOpStored = this.#nextOp;
        break;
      }
      case "addConflict":
        this.#conflicts.add(write.conflict);
        break;
      case "addEvidence":
        this.#sql.addEvidence.run(write.at, write.first, write.second);
        this.#sql.trimEvidence.run(evidenceRowsMax);
        break;
      case "setTrie":
        this.#triePages.apply(write);
        break;
      case "savePartition":
        this.#sql.savePartition.run(write.partition.id, JSON.stringify(write.partition));
        this.#sql.trimPartitions.run(partitionRowsMax);
        break;
      case "retract":
        for (const id of write.ops) this.#supersede(id);
        break;
      case "setAside":
        for (const { key, value, stamp, author, at } of write.entries)
          this.#sql.setAside.run(key, value ?? null, stamp, author, at);
        this.#sql.trimAside.run(asideRowsMax);
        break;
      case "dropAside":
        for (const key of write.keys) this.#sql.dropAside.run(key);
        break;
      default:
        unreachable(write);
    }
  }

  #insert(parcel: ParcelRow): void {
    const kept = keepWorthwhile(parcel);
    const origin = this.#originRef(parcel.author, parcel.incarnation);
    const id = this.#nextOp;
    this.#nextOp += parcel.ops.length;
    const living = kept.ops.reduce((sum, op) => sum + (op.living ? 1 : 0), 0);
    const proof = kept.proof.length === 0 ? null : Buffer.concat(kept.proof);
    const { arrived_at, via } = this.#arrivals.columnsOf(parcel.arrival);
    this.#sql.addParcel.run(
      id,
      origin,
      parcel.sequence,
      parcel.signedHeader,
      parcel.opsCount,
      parcel.ops.length,
      kept.ops.length,
      living,
      proof,
      arrived_at,
      via,
    );
    parcel.ops.forEach(({ index, op, bytes, stamp, due, living: lives }, place) => {
      if (!lives && kept.ops.length < parcel.ops.length) return;
      const { flags, rest } = withoutKey(bytes);
      this.#sql.addOp.run(id + place, id, index, lives ? 1 : 0, stamp, flags, op.key, rest, due ?? null);
    });
  }

  /** One operation lives no longer; its parcel is dropped or narrowed as the contract says. */
  #supersede(id: OpId): void {
    const room = this.#sql.room.get(id) as unknown as Room | undefined;
    assert(room !== undefined, "a superseded operation was living");
    const living = room.living - 1;
    if (living === 0) {
      this.#sql.dropOps.run(room.id, room.id + room.span - 1);
      this.#sql.dropParcel.run(room.id);
      return;
    }
    this.#sql.die.run(id);
    this.#sql.setLiving.run(living, room.id);
    if (living * 2 < room.stored) this.#narrow(room.id);
  }

  /** Drops the dead operations of a parcel and keeps what proves the living ones. */
  #narrow(id: number): void {
    const head = this.#sql.parcelById.get(id) as unknown as ParcelHead;
    const { rows, leaves } = this.#read(head);
    const kept = new Set(rows.filter((row) => row.living === 1).map((row) => row.place));
    const proof = narrowProof(head.ops_count, leaves, hashesOf(head.proof), kept);
    this.#sql.dropDead.run(id, id + head.span - 1);
    this.#sql.setProof.run(kept.size, Buffer.concat(proof), id);
  }

  #assemble(head: ParcelHead): StoredParcel {
    const { signedHeader, opsCount, ops, proof } = this.#part(head);
    return { sequence: head.sequence, bytes: encodeParcel(signedHeader, opsCount, ops, proof) };
  }

  #part(head: ParcelHead): StoredPart {
    const { rows, bytes } = this.#read(head);
    const ops = rows.map((row, i) => ({ index: row.place, bytes: bytes[i] as Bytes }));
    return { signedHeader: head.header, opsCount: head.ops_count, ops, proof: hashesOf(head.proof) };
  }

  /**
   * A parcel's operations, as they were signed. SQLite does not notice a bit that turned in a row, so
   * what no longer leads to the signed root is a fault of the disk: never served, never built upon.
   */
  #read(head: ParcelHead): { rows: readonly OpRow[]; bytes: readonly Bytes[]; leaves: readonly PlacedLeaf[] } {
    const rows = this.#sql.ops.all(head.id, head.id + head.span - 1) as unknown as OpRow[];
    const bytes = rows.map((row) => withKey(row.key, row));
    const leaves = rows.map((row, i) => ({ index: row.place, leaf: leafOf(bytes[i] as Bytes) }));
    const { author, sequence, opsRoot } = decodeStoredHeader(head.header);
    if (!equalBytes(rootOfPart(head.ops_count, leaves, hashesOf(head.proof)), opsRoot))
      throw new Fault(
        "store_damaged",
        `batch ${sequence} of writer ${author.slice(0, 16)} is not as it was signed: the disk changed it. Stop, move the data folder's store away, and start again: the other members bring everything back; what only this node had is in a backup or lost.`,
        { author, sequence, keys: rows.slice(0, 5).map(({ key }) => key) },
      );
    return { rows, bytes, leaves };
  }

  #entryOf(row: EntryRow): LivingEntry {
    const { op, bytes } = readOp(new ByteReader(withKey(row.key, row)));
    const batch: BatchId = batchIdOf(row.header.subarray(0, headerBytes));
    return {
      id: row.id,
      op: { index: row.place, op, bytes },
      version: { stamp: row.stamp as Stamp, author: decodeStoredHeader(row.header).author, batch },
      arrival: this.#arrivals.arrivalOf(row),
    };
  }

  #originRef(author: Author, incarnation: Incarnation): number {
    const key = `${author}/${incarnation}`;
    const known = this.#originRefs.get(key);
    if (known !== undefined) return known;
    const ref = Number(this.#sql.addOrigin.run(bytesOf(author), bytesOf(incarnation)).lastInsertRowid);
    this.#originRefs.set(key, ref);
    return ref;
  }
}

interface StateBody extends Omit<StoreState, "reconciledAt"> {
  readonly reconciledAt: StoreState["reconciledAt"] | null;
}

function hashesOf(proof: Uint8Array | null): readonly Bytes[] {
  return proof === null ? [] : Array.from({ length: proof.length / 32 }, (_, i) => proof.subarray(32 * i, 32 * i + 32));
}

function bytesOf(hex: string): Bytes {
  const bytes = fromHex(hex);
  assert(bytes !== undefined, "an identifier is hex");
  return bytes;
}

/** Partitions kept; the oldest go first. Same bound as `core/peers/partitions/limits.ts`. */
export const partitionRowsMax = 32;
