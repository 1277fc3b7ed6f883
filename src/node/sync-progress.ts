/** How far a catch-up is, from what the replica says of its pull or walk. */
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { SyncProgress } from "./facade.ts";

/** Nothing is said of a pull that has brought nothing: most find that nothing is missing. */
export function progressOf({
  pulling,
  walking,
}: Pick<ReplicaSnapshot, "pulling" | "walking">): SyncProgress | undefined {
  if (pulling !== undefined && pulling.parcels > 0) {
    const { peer, parcels, expected, forMs } = pulling;
    return {
      peer,
      what: "batches",
      ...paceOf(parcels, expected === 0 ? undefined : Math.max(parcels, expected), forMs),
    };
  }
  if (walking === undefined || walking.entries === 0) return undefined;
  return { peer: walking.peer, what: "entries", ...paceOf(walking.entries, undefined, walking.forMs) };
}

function paceOf(
  done: number,
  total: number | undefined,
  forMs: number,
): Pick<SyncProgress, "done" | "total" | "perSecond" | "etaSeconds"> {
  const perSecond = forMs > 0 ? Math.round((done * 1_000) / forMs) : 0;
  const isKnown = total !== undefined && perSecond > 0;
  return { done, total, perSecond, etaSeconds: isKnown ? Math.ceil((total - done) / perSecond) : undefined };
}
