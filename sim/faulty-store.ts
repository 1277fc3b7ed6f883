/**
 * A store on a disk that fails: reads that end in EIO, writes for which there is no space, and the
 * power going off between two writes of one turn.
 */
import type { Range } from "../src/codec/ranges-wire.ts";
import type { Author, Incarnation } from "../src/base/brand.ts";
import type { Bytes } from "../src/base/bytes.ts";
import type {
  LivingEntry,
  LivingOp,
  OpId,
  ParcelStretch,
  Store,
  StoreWrite,
  StoredParcel,
} from "../src/ports/store.ts";
import { StoreShell } from "./store-shell.ts";

/** What becomes of one access. */
export interface DiskTrouble {
  /** Throws where the read fails. */
  reading(): void;
  /** Throws where the write fails. */
  writing(): void;
}

export class FaultyStore extends StoreShell {
  readonly #trouble: DiskTrouble;

  constructor(inner: Store, trouble: DiskTrouble) {
    super(inner);
    this.#trouble = trouble;
  }

  override apply(write: StoreWrite): void {
    this.#trouble.writing();
    super.apply(write);
  }

  override living(key: string): LivingOp | undefined {
    this.#trouble.reading();
    return super.living(key);
  }

  override entry(id: OpId): LivingEntry {
    this.#trouble.reading();
    return super.entry(id);
  }

  override parcels(stretch: ParcelStretch): readonly StoredParcel[] {
    this.#trouble.reading();
    return super.parcels(stretch);
  }

  override headers(author: Author, incarnation: Incarnation, sequence: number): readonly Bytes[] {
    this.#trouble.reading();
    return super.headers(author, incarnation, sequence);
  }

  override whollyLiving(author: Author, incarnation: Incarnation, from: number): readonly Range[] {
    this.#trouble.reading();
    return super.whollyLiving(author, incarnation, from);
  }
}
