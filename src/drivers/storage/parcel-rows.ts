/**
 * Parcels and their operations as rows: put in, narrowed as operations die, and read back only as
 * they were signed. What lives where is the store's to say.
 */
import { type Bytes, equalBytes } from "../../base/bytes.ts";
import { storeDamaged } from "../../base/store-damaged.ts";
import { withKey, withoutKey } from "../../codec/op.ts";
import { decodeStoredHeader, encodeParcel } from "../../codec/parcel.ts";
import { type StoredPart, takeFragments } from "../../crypto/fragment.ts";
import { type PlacedLeaf, leafOf, narrowProof, rootOfPart } from "../../crypto/merkle.ts";
import type { OpId, ParcelRow, ParcelStretch, Store, StoredParcel } from "../../ports/store.ts";
import type { Arrivals } from "./arrivals.ts";
import type { OpRow, ParcelHead, Room } from "./rows.ts";
import type { Statements } from "./statements.ts";
import { keepWorthwhile } from "./worthwhile.ts";

export class ParcelRows {
  readonly #sql: Statements;
  readonly #arrivals: Arrivals;

  constructor(sql: Statements, arrivals: Arrivals) {
    this.#sql = sql;
    this.#arrivals = arrivals;
  }

  /** `origin` is the number of the stretch's origin. */
  stretch(origin: number, { from, to, skip, bytesMax }: ParcelStretch): readonly StoredParcel[] {
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

  /** `id` is that of its first operation; the others follow in their order. */
  insert(parcel: ParcelRow, origin: number, id: OpId): void {
    const kept = keepWorthwhile(parcel);
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
  supersede(id: OpId): void {
    const room = this.#sql.room.get(id) as unknown as Room | undefined;
    if (room === undefined)
      throw storeDamaged("an operation that is superseded is not stored, or its batch is not", { id });
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
    const { author, sequence, opsRoot } = decodeStoredHeader(head.header);
    const intact = readIntact(head, rows, opsRoot);
    if (intact === undefined)
      throw storeDamaged(`batch ${sequence} of writer ${author.slice(0, 16)} is not as it was signed`, {
        author,
        sequence,
        keys: rows.slice(0, 5).map(({ key }) => key),
      });
    return { rows, ...intact };
  }
}

interface IntactOps {
  readonly bytes: readonly Bytes[];
  readonly leaves: readonly PlacedLeaf[];
}

/** Undefined where the operations do not lead to the signed root, or are such that no root can be made of them. */
function readIntact(head: ParcelHead, rows: readonly OpRow[], opsRoot: Bytes): IntactOps | undefined {
  // Where they do not ascend within the batch, the tree would take one place for another.
  const areInPlace = rows.every(({ place }, i) => place > (rows[i - 1]?.place ?? -1) && place < head.ops_count);
  if (rows.length === 0 || !areInPlace) return undefined;
  try {
    const bytes = rows.map((row) => withKey(row.key, row));
    const leaves = rows.map((row, i) => ({ index: row.place, leaf: leafOf(bytes[i] as Bytes) }));
    return equalBytes(rootOfPart(head.ops_count, leaves, hashesOf(head.proof)), opsRoot)
      ? { bytes, leaves }
      : undefined;
  } catch {
    return undefined; // a number or a length that was turned fits no operation, place or tree
  }
}

function hashesOf(proof: Uint8Array | null): readonly Bytes[] {
  return proof === null ? [] : Array.from({ length: proof.length / 32 }, (_, i) => proof.subarray(32 * i, 32 * i + 32));
}
