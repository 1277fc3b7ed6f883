/**
 * How much room is left on disk: `near` is told; `refusing` takes no own puts; `holding` takes nothing
 * that takes room from peers either.
 */
export type DiskLevel = "ok" | "near" | "refusing" | "holding";
