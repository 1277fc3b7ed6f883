/** What a replica knows of itself before its first write. */
import type { Incarnation, Stamp } from "../../base/brand.ts";
import type { StoreState } from "../../ports/store.ts";

/** The state of an empty store; `incarnation` is drawn at random by the caller. */
export function newState(incarnation: Incarnation): StoreState {
  return {
    incarnation,
    sequence: 0,
    lastStamp: 0 as Stamp,
    values: 0,
    conflicts: 0,
    reconciledAt: undefined,
  };
}
