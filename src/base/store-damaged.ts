/** The fault of a store that holds what this program never wrote: the disk changed it. */
import { Fault } from "./fault.ts";

const remedy =
  "the disk changed it. Stop, move the data folder's store away, and start again: the other members bring everything back; what only this node had is in a backup or lost.";

/** `what` is a clause, such as "the header of a stored batch is none any more". */
export function storeDamaged(what: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown): Fault {
  return new Fault("store_damaged", `${what}: ${remedy}`, details, cause);
}
