/**
 * What carries the bytes of a connection, whatever the transport: it can be read more slowly, left unread,
 * or cut, and it counts. A socket of TCP is one, and so is a connection of QUIC.
 */

/** Whom a carrier tells of what comes. */
export interface CarrierWatcher {
  /** The peer was found out: only what its farewell needs goes through. */
  readonly isParting: boolean;
  /** Bytes came, and whoever they are for has taken them, in so much time of this thread. */
  read(bytes: number, processorMs: number): void;
  /** The other side opened streams of the carrier's own, or sent it pings. */
  bound(kind: "streams" | "pings", amount: number): void;
  /** Bytes were given to the network, or to the system's buffer before it. */
  written(bytes: number): void;
}

export interface Carrier {
  /** The other side's IP address as text, or empty where it is not known any more. */
  readonly remoteAddress: string;
  readonly destroyed: boolean;
  /** Everything that passed, handshakes, headers and farewells included. */
  readonly bytesWritten: number;
  readonly bytesRead: number;
  /** Called once, as it opens. */
  watch(watcher: CarrierWatcher): void;
  /** Leaves it unread, so that the other side soon has to wait; it may be paused and resumed at any time. */
  pause(): void;
  resume(): void;
  /** Reads on, to no purpose but the counters and to see the other side's end. */
  stopReading(): void;
  destroy(): void;
  /** Called once, when nothing comes or goes any more. */
  onClose(listener: () => void): void;
}

/** Processor time of this thread so far, in ms. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
