/**
 * Every bound of the HTTP API: what a client can make the node hold, compute or wait for.
 */
export const limits = {
  /** Request line and headers together. A key of 256 bytes is 768 characters in a URL. Source: Node's own default. */
  headerBytesMax: 16 * 1024,
  /** Guess: browsers send about 20. */
  headersMax: 64,
  /** Guess: a slow client on the loopback needs far less. */
  headersTimeoutMs: 10_000,
  /** Whole request with its body. Guess. */
  requestTimeoutMs: 30_000,
  /** Guess: longer than the pause between two prompts of a script, so that connections are used again. */
  keepAliveTimeoutMs: 65_000,
  /** Guess: well under the usual 4,096 file descriptors. */
  connectionsMax: 1_024,
  /** Source: the data model's bound on inline values. */
  valueBytesMax: 64 * 1024,
  /** 900 KiB of batch in base64 and JSON. */
  batchBodyBytesMax: 1536 * 1024,
  /** Guess: an address with room to spare. */
  smallBodyBytesMax: 4 * 1024,
  /** Keys of one decision about what was set aside. Source: facade's bound. */
  asideKeysMax: 100,
  /** 100 keys of 256 bytes, each of which JSON may write as six. */
  keysBodyBytesMax: 160 * 1024,
  /** Bodies being read at one time, all requests together. Guess: 40 full batches. */
  bodiesBytesMax: 64 * 1024 * 1024,
  /** Watchers and event listeners together. Guess. */
  streamsMax: 64,
  /** Keeps proxies and dead-peer checks satisfied; also how clients notice a dead node. */
  heartbeatMs: 15_000,
  /** A stream whose client reads nothing for so long is cut. Guess: two heartbeats. */
  stalledStreamMs: 30_000,
  /** Source: facade's bound. */
  pageEntriesMax: 1_000,
  /** Seconds a shared write may wait. Source: facade's bound. */
  sharedTimeoutSecondsMax: 600,
  /** Longest wait for all members to be equal, in ms. Source: facade's bound. */
  convergenceWaitMsMax: 600_000,
  /** Other members asked to hold a write. Source: peers per node. */
  copiesMax: 50,
  /** Seconds until an entry expires. Source: 32 bits on the wire. */
  ttlSecondsMax: 2 ** 32 - 1,
  /** Time running requests get when the server closes. Guess: half of what the whole node has to stop. */
  closeGraceMs: 2_000,
} as const;
