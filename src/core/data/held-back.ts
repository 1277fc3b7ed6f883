/**
 * Batches stamped further ahead than this node believes its clock can be wrong. They wait here,
 * unseen and unforwarded, until their time comes; bounded per author and in bytes. What is pushed
 * out is not lost: its number is not held, so a later pull brings it again.
 */
import type { Author, BatchId, Incarnation, Instant, Stamp } from "../../base/brand.ts";
import { assert } from "../../base/assert.ts";
import type { Bytes } from "../../base/bytes.ts";
import { type BatchHeader, decodeParcel, encodeParcel } from "../../codec/parcel.ts";
import type { Range } from "../../codec/ranges-wire.ts";
import { leafOf } from "../../crypto/merkle.ts";
import type { Arrival } from "../../ports/store.ts";
import type { CheckedParcel } from "./batch.ts";
import { heldBackBytesMax, heldBackPerAuthorMax, stampAheadMsMax } from "./limits.ts";
import { instantOf } from "./stamp.ts";

/** Kept encoded, in memory of its own: decoded it takes many times its size, and it was a view of a larger message. */
interface Waiting {
  readonly id: BatchId;
  readonly header: BatchHeader;
  readonly latest: Stamp;
  readonly bytes: Bytes;
  readonly arrival: Arrival;
  /** Wall time at which it may be merged. */
  readonly validAt: Instant;
}

export type HoldOutcome = "heldBack" | "known" | "authorLimit" | "bytesLimit";

/** What comes out again, with how it had come in. */
export interface Released {
  readonly parcel: CheckedParcel;
  readonly arrival: Arrival;
}

/** How far ahead of `now` the parcel's latest stamp lies, in ms; not positive for one that may be merged. */
export function aheadMs(parcel: CheckedParcel, now: Instant): number {
  return instantOf(parcel.latest) - now - stampAheadMsMax;
}

export class HeldBack {
  readonly #byAuthor = new Map<Author, Waiting[]>();
  #bytes = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  hold(parcel: CheckedParcel, arrival: Arrival): HoldOutcome {
    const { author } = parcel.header;
    const waiting = this.#byAuthor.get(author) ?? [];
    if (waiting.some((other) => other.id === parcel.id)) return "known";
    if (waiting.length >= heldBackPerAuthorMax) return "authorLimit";
    const bytes = encodeParcel(parcel.signedHeader, parcel.header.opsCount, parcel.ops, parcel.proof);
    if (this.#bytes + bytes.length > heldBackBytesMax) return "bytesLimit";
    const { id, header, latest } = parcel;
    waiting.push({
      id,
      header: { ...header, opsRoot: header.opsRoot.slice() },
      latest,
      bytes,
      arrival,
      validAt: (instantOf(parcel.latest) - stampAheadMsMax) as Instant,
    });
    this.#byAuthor.set(author, waiting);
    this.#bytes += bytes.length;
    this.#count += 1;
    return "heldBack";
  }

  /** Takes out what may be merged at `now`. */
  release(now: Instant): readonly Released[] {
    return this.#remove((waiting) => waiting.validAt <= now);
  }

  /** Forgets what its own writer took back. */
  forget(author: Author, incarnation: Incarnation, ranges: readonly Range[]): void {
    if (!this.#byAuthor.has(author)) return;
    this.#remove(
      ({ header }) =>
        header.author === author &&
        header.incarnation === incarnation &&
        ranges.some(([from, to]) => from <= header.sequence && header.sequence <= to),
    );
  }

  /** Wall time of the next release. */
  nextRelease(): Instant | undefined {
    let next: Instant | undefined;
    for (const list of this.#byAuthor.values())
      for (const { validAt } of list) if (next === undefined || validAt < next) next = validAt;
    return next;
  }

  #remove(chosen: (waiting: Waiting) => boolean): readonly Released[] {
    const removed: Released[] = [];
    for (const [author, list] of this.#byAuthor) {
      const rest = list.filter((waiting) => !chosen(waiting));
      if (rest.length === list.length) continue;
      for (const waiting of list) {
        if (!chosen(waiting)) continue;
        removed.push({ parcel: parcelOf(waiting), arrival: waiting.arrival });
        this.#bytes -= waiting.bytes.length;
        this.#count -= 1;
      }
      if (rest.length === 0) this.#byAuthor.delete(author);
      else this.#byAuthor.set(author, rest);
    }
    return removed;
  }
}

function parcelOf({ id, latest, bytes }: Waiting): CheckedParcel {
  const decoded = decodeParcel(bytes);
  assert(decoded.ok, "what was encoded here is decoded to the same again");
  return { ...decoded.value, id, latest, leaves: decoded.value.ops.map((placed) => leafOf(placed.bytes)) };
}
