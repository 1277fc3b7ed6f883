/** Rows kept of what only grows; the oldest go first. A test holds them equal to the core's own limits. */
export const rowsMax = {
  /** Pairs of batches under one number. Source: `evidenceMax`. */
  evidence: 1_000,
  /** Entries set aside. Source: `asideMax`. */
  aside: 10_000,
  /** Partitions on record. Source: `partitionsKeptMax`. */
  partitions: 32,
} as const;
