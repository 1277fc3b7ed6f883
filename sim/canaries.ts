/**
 * Planted defects that the checkers, which do not know of them, must find. A simulator that lets
 * one of these through proves nothing.
 */
import type { LivingOp, ParcelRow, Store, StoreWrite } from "../src/ports/store.ts";
import { StoreShell } from "./store-shell.ts";

export const canaries = [
  "forgetsTombstones",
  "oldPutWins",
  "losesCommits",
  "trustsSignatures",
  "isDeaf",
  "losesSummary",
] as const;
export type Canary = (typeof canaries)[number];

/** The store a node gets in a world with this defect. */
export function spoiled(store: Store, canary: Canary | undefined): Store {
  switch (canary) {
    case "forgetsTombstones":
      return new ForgetfulStore(store);
    case "oldPutWins":
      return new AgelessStore(store);
    case "losesCommits":
      return new LazyStore(store);
    case "losesSummary":
      return new MiscountingStore(store);
    case "trustsSignatures":
    case "isDeaf":
    case undefined:
      return store;
  }
}

/** Takes a deletion for the end of the matter and keeps nothing of it. */
class ForgetfulStore extends StoreShell {
  override apply(write: StoreWrite): void {
    if (write.type !== "merge") return super.apply(write);
    const parcel: ParcelRow = {
      ...write.parcel,
      ops: write.parcel.ops.map((op) => ({ ...op, living: op.living && op.op.content.type !== "tombstone" })),
    };
    super.apply({ ...write, parcel });
  }
}

/** Says that everything it holds is older than anything that comes. */
class AgelessStore extends StoreShell {
  override living(key: string): LivingOp | undefined {
    const living = super.living(key);
    return living === undefined ? undefined : { id: living.id, stamp: 1 as LivingOp["stamp"] };
  }
}

/** Returns from commit before anything is durable, as without fsync; every eighth one is real. */
class LazyStore extends StoreShell {
  #turns = 0;

  override begin(): void {
    if (this.#turns % 8 === 0) super.begin();
    this.#turns += 1;
  }

  override commit(): void {
    if (this.#turns % 8 === 0) super.commit();
  }
}

/** Remembers one value too many. */
class MiscountingStore extends StoreShell {
  override apply(write: StoreWrite): void {
    if (write.type !== "setState" || write.state.values < 3) return super.apply(write);
    super.apply({ ...write, state: { ...write.state, values: write.state.values + 1 } });
  }
}
