/** What a replica knows of itself before its first write. */
import type { Incarnation, Instant, Stamp } from "../../base/brand.ts";
import type { StoreState } from "../../ports/store.ts";

/** The state of an empty store; `incarnation` is drawn at random by the caller. */
export function newState(incarnation: Incarnation, createdAt: Instant): StoreState {
  return {
    incarnation,
    sequence: 0,
    lastStamp: 0 as Stamp,
    values: 0,
    conflicts: 0,
    createdAt,
    reconciledAt: undefined,
  };
}
