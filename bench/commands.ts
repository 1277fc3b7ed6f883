/**
 * What the conductor of a benchmark can ask of a node process, and what it is answered. All
 * instants are those of the machine's monotonic clock (`clock.ts`), in ms.
 */

export interface NodeSettings {
  readonly networkName: string;
  readonly dataDir: string;
  readonly dial: readonly string[];
  /** Opens the test port, so that the node can be cut off. */
  readonly faultPort: boolean;
  /** The only one it listens on and dials over. */
  readonly transport: "tcp" | "ws" | "quic";
}

/** One paced put: when it was due, when it was acknowledged. */
export interface PacedPut {
  readonly key: string;
  readonly dueAt: number;
  readonly acknowledgedAt: number;
}

/** A put to make so long after a common beginning. */
export interface TimedPut {
  readonly afterMs: number;
  readonly key: string;
  readonly valueBytes: number;
}

export interface Seen {
  readonly key: string;
  readonly at: number;
}

/** Name of a command → its parameters and its answer. */
export interface Commands {
  start(settings: NodeSettings): { readonly peer: string; readonly address: string };
  /** Waits until this many peers are shown as Connected. */
  awaitPeers(wanted: { readonly peers: number }): void;
  /** Dials; answers with the instant it began. */
  dial(target: { readonly address: string }): { readonly begunAt: number };
  /** The instant at which this peer was first shown as Connected; waits for it. */
  connectedAt(of: { readonly peer: string }): { readonly at: number };
  /** Makes the entries of a set ready in memory, so that making them is not measured. */
  prepare(work: { readonly set: string; readonly count: number }): void;
  /** Writes the prepared entries; a batch of one is a put. */
  write(work: { readonly batch: number; readonly inFlight: number }): {
    readonly begunAt: number;
    readonly endedAt: number;
  };
  /** Writes entries of a large set, made as they are written; `overwrite` gives those that `isRewritten` a second value, in random order. */
  fill(work: { readonly set: string; readonly count: number; readonly overwrite: boolean }): {
    readonly begunAt: number;
    readonly endedAt: number;
  };
  /** Point reads of a large set, uniformly at random, each value compared: how many a second, and the same by processor time of the process. */
  getUniform(work: { readonly set: string; readonly count: number; readonly reads: number }): {
    readonly perSecond: number;
    readonly perCpuSecond: number;
  };
  /** Puts the prepared entries one by one at fixed times, whether the ones before are acknowledged or not. */
  putPaced(work: { readonly everyMs: number }): readonly PacedPut[];
  /** Puts each at its moment after `beginAt`, and waits until all are acknowledged. */
  putTimed(work: { readonly beginAt: number; readonly puts: readonly TimedPut[] }): void;
  /** What a scrape of the node's metrics shows. */
  metrics(): { readonly text: string };
  /** Begins to note when which key can be read, as a watcher. */
  watchKeys(): void;
  /** What was noted, once there are this many. */
  seen(wanted: { readonly count: number }): readonly Seen[];
  /** The instant at which the store held this many entries. */
  awaitEntries(wanted: { readonly count: number }): { readonly at: number };
  /** How many of some prepared entries are missing or different. */
  wrong(check: { readonly samples: number }): { readonly wrong: number; readonly entries: number };
  /** From now on nothing passes to or from these peers, and everything to and from all others. */
  cut(from: { readonly peers: readonly string[] }): void;
  /** Hex of the root of what is held. */
  root(): { readonly root: string };
  /** Point reads of random prepared keys, one after the other. */
  get(work: { readonly count: number }): { readonly perSecond: number };
  /** Reads all entries in key order, or those of a prefix over and over. */
  scan(work: { readonly prefix: string; readonly entries: number }): { readonly perSecond: number };
  /** Processor time the process has used, user and system, in all threads. */
  cpu(): { readonly ms: number };
  /** Delay of the event loop and the most memory held since the last such question. */
  health(): {
    readonly loopP99Ms: number;
    readonly loopMaxMs: number;
    readonly rssBytes: number;
    readonly heapBytes: number;
  };
  /** Hex of the network's id, peers that are connected, targets of bans in force, and why the last links ended. */
  standing(): {
    readonly network: string;
    readonly connected: readonly string[];
    readonly banned: readonly string[];
    readonly ended: readonly string[];
  };
  /** Ends cleanly; the folder stays. */
  stop(): void;
}
