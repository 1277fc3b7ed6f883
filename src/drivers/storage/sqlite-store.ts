/**
 * The store on disk, for the replica's thread: the one writer of `data.sqlite`.
 *
 * All calls are synchronous. A turn is one SQLite transaction; `commit` returns after the log is
 * synced. Any error in a turn is fatal for this object: it is thrown as a `Fault` and the thread
 * stops rather than answer from an unknown state.
 */
import { DatabaseSync } from "node:sqlite";
import type { Author, BatchId, Incarnation, Stamp } from "../../base/brand.ts";
import { type Bytes, fromHex, toHex } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { assert, unreachable } from "../../base/assert.ts";
import { storeDamaged } from "../../base/store-damaged.ts";
import type { OriginRanges } from "../../codec/frontier.ts";
import { storedOp } from "../../codec/op.ts";
import { decodeStoredHeader, headerBytes } from "../../codec/parcel.ts";
import type { Range } from "../../codec/ranges-wire.ts";
import { batchIdOf } from "../../crypto/batch-digest.ts";
import type { PartitionRecord } from "../../ports/partition.ts";
import type { KnownAddress } from "../../ports/known-address.ts";
import type { PeerRule } from "../../ports/peer-rule.ts";
import type {
  AsideEntry,
  LivingEntry,
  LivingOp,
  OpId,
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
import { ForgottenMarks, ensureLogTag } from "./forgotten.ts";
import { guarded, guardingRows, readingRows } from "./guarded.ts";
import { type NetworkOfStore, ensureNetwork } from "./network-of-store.ts";
import { ParcelRows } from "./parcel-rows.ts";
import type { EntryRow } from "./rows.ts";
import { rowsMax } from "./row-limits.ts";
import { type Durability, ensureSchema, setPragmas, storeVersion } from "./schema.ts";
import { type Statements, prepareAll } from "./statements.ts";
import { storedJson, storedList, storedNumber } from "./stored-json.ts";
import { addressShape, isRange, partitionShape, peerRuleShape, stateShape } from "./stored-shapes.ts";
import { TriePages } from "./trie-pages.ts";

export interface SqliteStoreOptions {
  readonly path: string;
  readonly durability: Durability;
  readonly cacheMiB: number;
  /** The network whose batches are in it; a store of another one is refused. */
  readonly network: NetworkOfStore;
}

/** Throws `data_dir_version` for a layout this program does not know, `storage_failed` when it cannot be opened. */
export function openSqliteStore(options: SqliteStoreOptions): StoreOnDisk {
  return readingRows("open the store", () => {
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
    ensureLogTag(db);
    return guardingRows(new SqliteStore(db));
  });
}

/** The store, with what only a database has. */
export interface StoreOnDisk extends Store {
  /** Gives back memory that is held only to be faster; between turns. */
  shrink(): void;
}

class SqliteStore implements StoreOnDisk {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #conflicts: ConflictLog;
  readonly #triePages: TriePages;
  readonly #forgotten: ForgottenMarks;
  readonly #arrivals: Arrivals;
  readonly #parcels: ParcelRows;
  readonly #originRefs = new Map<string, number>();
  #nextOp: number;
  #nextOpStored: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = prepareAll(db);
    this.#conflicts = new ConflictLog(db);
    this.#triePages = new TriePages(db);
    this.#forgotten = new ForgottenMarks(db);
    this.#arrivals = new Arrivals(db);
    this.#parcels = new ParcelRows(this.#sql, this.#arrivals);
    for (const row of this.#sql.origins.all())
      this.#originRefs.set(
        `${toHex(row["author"] as Bytes)}/${toHex(row["incarnation"] as Bytes)}`,
        row["ref"] as number,
      );
    this.#nextOp = this.#nextOpStored = (this.#sql.state.get()?.["next_op"] as number | undefined) ?? 1;
  }

  shrink(): void {
    guarded("shrink", () => this.#db.exec("PRAGMA shrink_memory"));
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
    if (row === undefined) return undefined;
    return { id: row["id"] as number, stamp: storedNumber("the stamp of an operation", row["stamp"]) as Stamp };
  }

  entry(id: OpId): LivingEntry {
    const row = this.#sql.entry.get(id) as unknown as EntryRow | undefined;
    if (row === undefined) throw storeDamaged("an operation that lives is not stored, or its batch is not", { id });
    return this.#entryOf(row);
  }

  livingEntry(id: OpId): LivingEntry | undefined {
    const row = this.#sql.entry.get(id) as unknown as EntryRow | undefined;
    return row === undefined ? undefined : this.#entryOf(row);
  }

  parcels(stretch: ParcelStretch): readonly StoredParcel[] {
    const origin = this.#originRefs.get(`${stretch.author}/${stretch.incarnation}`);
    return origin === undefined ? [] : this.#parcels.stretch(origin, stretch);
  }

  fragments(ids: readonly OpId[], bytesMax: number): ReturnType<Store["fragments"]> {
    return this.#parcels.fragments(ids, bytesMax);
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
      ranges: storedList("which batches are held is not written any more", row["ranges"], isRange) as readonly Range[],
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
    const state = storedJson("what the store says of itself cannot be read", row["body"], stateShape);
    return { ...state, reconciledAt: state.reconciledAt ?? undefined };
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

  addresses(): readonly KnownAddress[] {
    return this.#sql.addresses
      .all()
      .map((row) => storedJson("an address in the book cannot be read", row["body"], addressShape));
  }

  peerRules(): readonly PeerRule[] {
    return this.#sql.peerRules
      .all()
      .map((row) => storedJson("a rule about a peer cannot be read", row["body"], peerRuleShape));
  }

  /** JSON leaves out what is undefined, which reads the same. */
  partitions(): readonly PartitionRecord[] {
    return this.#sql.partitions
      .all()
      .map((row) => storedJson("a partition on record cannot be read", row["body"], partitionShape));
  }

  // tidy: long because it is one case per kind of write
  #apply(write: StoreWrite): void {
    switch (write.type) {
      case "merge":
        for (const id of write.supersedes) this.#parcels.supersede(id);
        this.#parcels.insert(
          write.parcel,
          this.#originRef(write.parcel.author, write.parcel.incarnation),
          this.#nextOp,
        );
        this.#nextOp += write.parcel.ops.length;
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
        this.#sql.trimEvidence.run(rowsMax.evidence);
        break;
      case "setTrie":
        this.#triePages.apply(write);
        break;
      case "savePartition":
        this.#sql.savePartition.run(write.partition.id, JSON.stringify(write.partition));
        this.#sql.trimPartitions.run(rowsMax.partitions);
        return;
      case "setPeerRule":
        this.#sql.setPeerRule.run(write.rule.target, JSON.stringify(write.rule));
        return;
      case "dropPeerRule":
        this.#sql.dropPeerRule.run(write.target);
        break;
      case "setAddress":
        this.#sql.setAddress.run(write.known.address, JSON.stringify(write.known));
        return;
      case "dropAddress":
        this.#sql.dropAddress.run(write.address);
        return;
      case "retract":
        this.#forgotten.note(write.ops, Date.now());
        for (const id of write.ops) this.#parcels.supersede(id);
        break;
      case "setAside":
        for (const { key, value, stamp, author, at } of write.entries)
          this.#sql.setAside.run(key, value ?? null, stamp, author, at);
        this.#sql.trimAside.run(rowsMax.aside);
        break;
      case "dropAside":
        for (const key of write.keys) this.#sql.dropAside.run(key);
        break;
      default:
        unreachable(write);
    }
  }

  #entryOf(row: EntryRow): LivingEntry {
    const { op, bytes } = storedOp(row);
    const batch: BatchId = batchIdOf(row.header.subarray(0, headerBytes));
    return {
      id: row.id,
      op: { index: storedNumber("the place of an operation", row.place), op, bytes },
      version: {
        stamp: storedNumber("the stamp of an operation", row.stamp) as Stamp,
        author: decodeStoredHeader(row.header).author,
        batch,
      },
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

function bytesOf(hex: string): Bytes {
  const bytes = fromHex(hex);
  assert(bytes !== undefined, "an identifier is hex");
  return bytes;
}
