/**
 * Who wrote a stored batch and what it is called, remembered for the batches read last: decoding a header and hashing
 * it takes longer than finding an entry, and entries that were written together are of one batch. A batch's row may
 * become that of its fragment, but its header never changes, and a row's id is never given to another batch.
 */
import type { Author, BatchId } from "../../base/brand.ts";
import { BoundedMap } from "../../base/bounded-map.ts";
import type { Bytes } from "../../base/bytes.ts";
import { decodeStoredHeader, headerBytes } from "../../codec/parcel.ts";
import { batchIdOf } from "../../crypto/batch-digest.ts";

export interface BatchMark {
  readonly author: Author;
  readonly batch: BatchId;
}

/** Batches remembered, about 250 bytes each. Guess: four million entries written by the thousand. */
const marksMax = 4_096;

export class BatchMarks {
  readonly #marks = new BoundedMap<number, BatchMark>(marksMax);

  /** `parcel` is the id of the batch's row. */
  known(parcel: number): BatchMark | undefined {
    return this.#marks.get(parcel);
  }

  read(parcel: number, header: Bytes): BatchMark {
    const { author } = decodeStoredHeader(header);
    const mark = { author, batch: batchIdOf(header.subarray(0, headerBytes)) };
    this.#marks.set(parcel, mark);
    return mark;
  }
}
