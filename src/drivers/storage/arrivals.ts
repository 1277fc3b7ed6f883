/**
 * How a parcel came, as two small numbers in its row: when, and `via`, which is 0 for a write of
 * our own and else 2 × (the peer's number + 1), plus 1 for a pull. Peers are named once, in a
 * table, so that a row pays one or two bytes for the name.
 *
 * A peer's number is given with the first parcel of it that is stored and never taken back. When
 * the table is full, what further peers bring is kept without their names, under the number 0.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Instant, PeerId } from "../../base/brand.ts";
import type { Arrival } from "../../ports/store.ts";
import { storedNumber } from "./stored-json.ts";

/** Peers whose names are kept. Guess: 100 bytes each, and more neighbours than a node has in its life. */
export const peersNamedMax = 10_000;

/** The number of every peer that had no room; those of the table begin with 1. */
const unnamed = 0;

/** Both null in rows of a layout that did not have them. */
export interface ArrivalColumns {
  readonly arrived_at: number | null;
  readonly via: number | null;
}

export function arrivalOf(
  { arrived_at, via }: ArrivalColumns,
  nameOf: (number: number) => PeerId | undefined,
): Arrival | undefined {
  if (arrived_at === null || via === null) return undefined;
  const at = storedNumber("when a batch came", arrived_at) as Instant;
  storedNumber("the way by which a batch came", via);
  if (via === 0) return { at, via: { type: "own" } };
  return { at, via: { type: via % 2 === 1 ? "pull" : "gossip", peer: nameOf(Math.floor(via / 2) - 1) } };
}

/** The writer's side: gives numbers to peers, and knows all of them. */
export class Arrivals {
  readonly #add: StatementSync;
  readonly #namesMax: number;
  readonly #numbers = new Map<PeerId, number>();
  readonly #names = new Map<number, PeerId>();

  constructor(db: DatabaseSync, namesMax: number = peersNamedMax) {
    this.#namesMax = namesMax;
    this.#add = db.prepare("INSERT INTO peer (id) VALUES (?)");
    for (const row of db.prepare("SELECT ref, id FROM peer").all())
      this.#remember(row["ref"] as number, row["id"] as PeerId);
  }

  columnsOf({ at, via }: Arrival): { readonly arrived_at: number; readonly via: number } {
    if (via.type === "own") return { arrived_at: at, via: 0 };
    return { arrived_at: at, via: 2 * (this.#numberOf(via.peer) + 1) + (via.type === "pull" ? 1 : 0) };
  }

  arrivalOf(row: ArrivalColumns): Arrival | undefined {
    return arrivalOf(row, (number) => this.#names.get(number));
  }

  #numberOf(peer: PeerId | undefined): number {
    if (peer === undefined) return unnamed;
    const known = this.#numbers.get(peer);
    if (known !== undefined) return known;
    if (this.#numbers.size >= this.#namesMax) return unnamed;
    const number = Number(this.#add.run(peer).lastInsertRowid);
    this.#remember(number, peer);
    return number;
  }

  #remember(number: number, peer: PeerId): void {
    this.#numbers.set(peer, number);
    this.#names.set(number, peer);
  }
}
