/** Rows of the store as its statements give them. */
import type { ArrivalColumns } from "./arrivals.ts";

export interface OpRow {
  readonly id: number;
  readonly parcel: number;
  readonly place: number;
  readonly living: number;
  readonly stamp: number;
  readonly flags: number;
  readonly key: string;
  readonly rest: Uint8Array;
}

export type EntryRow = OpRow & ArrivalColumns & { readonly header: Uint8Array };

export interface ParcelHead {
  readonly id: number;
  readonly sequence: number;
  readonly header: Uint8Array;
  readonly ops_count: number;
  readonly span: number;
  readonly proof: Uint8Array | null;
}

export interface Room {
  readonly id: number;
  readonly span: number;
  readonly stored: number;
  readonly living: number;
}
