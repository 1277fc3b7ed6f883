/**
 * Every code a caller of the library, the HTTP API or the command can meet: what it means, what
 * to do, and the HTTP status and exit code it turns into. `docs/ERRORS.md` is made from it.
 */
export interface FaultCode {
  readonly meaning: string;
  readonly whatToDo: string;
  readonly http: number;
  readonly exit: 1 | 2 | 3 | 4;
}

export const faultCodes = {
  invalid_key: {
    meaning: "The key is empty, over 256 bytes of UTF-8, or has control characters.",
    whatToDo: "Use a shorter or cleaner key.",
    http: 400,
    exit: 2,
  },
  value_too_large: {
    meaning: "The value is over 64 KiB.",
    whatToDo: "Split the value; blobs come with bulk transfer.",
    http: 413,
    exit: 2,
  },
  invalid_batch: {
    meaning: "A batch is empty, has over 1,000 operations or 900 KiB, or names a key twice.",
    whatToDo: "Split it, and write each key once.",
    http: 400,
    exit: 2,
  },
  invalid_argument: {
    meaning: "An argument is missing, malformed or out of range.",
    whatToDo: "The message names the argument and its range.",
    http: 400,
    exit: 2,
  },
  invalid_address: {
    meaning: "The text is not a multiaddr this node can dial.",
    whatToDo: "Use a form like /ip4/192.168.1.5/tcp/4001, optionally with /p2p/<peer id>.",
    http: 400,
    exit: 2,
  },
  invalid_config: {
    meaning: "The configuration has an unknown key, a wrong type or a value out of range.",
    whatToDo: "The message names the file and line; see docs/CONFIG.md.",
    http: 422,
    exit: 2,
  },
  too_many_entries: {
    meaning: "More entries begin with this prefix than one question looks at: 100,000.",
    whatToDo: "Ask for a longer prefix, or compare everything without one.",
    http: 400,
    exit: 1,
  },
  not_found: {
    meaning: "There is no live value under this key, or no such peer or route.",
    whatToDo: "Check the name; list shows what is there.",
    http: 404,
    exit: 4,
  },
  precondition_failed: {
    meaning:
      "The key has another version on this node than the write expects. The comparison is with this node alone, not with the whole network.",
    whatToDo: "The details name the version that is here, or null; read it, decide anew, and write with its etag.",
    http: 412,
    exit: 1,
  },
  watch_gap: {
    meaning:
      "A watch cannot go on where it was to: this node has forgotten changes since then, or the place is of another node or store.",
    whatToDo: "List what is there, then watch from now on.",
    http: 410,
    exit: 1,
  },
  slow_consumer: {
    meaning: "A stream was ended because its reader took nothing for 30 s, or fell behind by more than 1,000 events.",
    whatToDo: "Read faster; a watch resumes with Last-Event-ID without loss.",
    http: 503,
    exit: 1,
  },
  proof_refused: {
    meaning: "A proof does not hold for this key and root: it is of another set or moment, or was altered.",
    whatToDo: "The message says what is wrong with it.",
    http: 500,
    exit: 1,
  },
  unauthorized: {
    meaning: "The request has no token or a wrong one.",
    whatToDo: "Send Authorization: Bearer with the content of <data folder>/api-token.",
    http: 401,
    exit: 1,
  },
  forbidden_origin: {
    meaning: "The Host or Origin header is not one of this node's own.",
    whatToDo: "Ask by the address the node listens on.",
    http: 403,
    exit: 1,
  },
  body_too_large: {
    meaning: "The request body is over the limit of its route.",
    whatToDo: "Send less at once; the details name the limit.",
    http: 413,
    exit: 2,
  },
  peer_not_connected: {
    meaning: "The peer that was named is not connected.",
    whatToDo: "See p2p-sync peers; connect it first with p2p-sync peer dial.",
    http: 409,
    exit: 1,
  },
  clock_refused: {
    meaning:
      "This node's clock is, or was when it wrote last, more than 30 s off the median of its peers, so it accepts no writes.",
    whatToDo: "Set the clock; then run p2p-sync clock repair.",
    http: 503,
    exit: 1,
  },
  not_shared: {
    meaning: "Fewer members than asked confirmed the write in time. It is durable here and still spreading.",
    whatToDo: "The details name who has it and who has not; wait, or ask for fewer copies.",
    http: 504,
    exit: 1,
  },
  overloaded: {
    meaning: "Too many requests wait already.",
    whatToDo: "Try again after a moment, with fewer at once.",
    http: 503,
    exit: 1,
  },
  stopping: { meaning: "The node is shutting down.", whatToDo: "Start it again.", http: 503, exit: 1 },
  disk_budget: {
    meaning:
      "The store has nearly taken what limits.max_disk allows, or the disk is nearly down to limits.disk_reserve. Nothing was written; the node runs on, and takes deletes of keys that are here.",
    whatToDo:
      "Delete keys, free space on the disk, or raise the limit that the message names; puts are taken again by themselves.",
    http: 507,
    exit: 1,
  },
  memory_budget: {
    meaning: "The process has nearly taken what limits.max_memory allows. Nothing was written; the node runs on.",
    whatToDo: "Try again after a moment, with fewer or smaller requests at once, or raise the limit.",
    http: 503,
    exit: 1,
  },
  disk_full: {
    meaning: "The disk has no room; nothing was written and the node stops.",
    whatToDo: "Free space, then start the node again.",
    http: 507,
    exit: 2,
  },
  storage_failed: {
    meaning: "The disk refused a write or a sync; the node stops rather than promise what it cannot keep.",
    whatToDo: "Check the disk and the file system, then start again.",
    http: 500,
    exit: 2,
  },
  store_damaged: {
    meaning: "A stored batch is not as its writer signed it: the disk changed it. The node stops rather than serve it.",
    whatToDo:
      "Move the folder store/ away and start again: the other members bring everything back. Check the disk; restore a backup of what only this node had.",
    http: 500,
    exit: 2,
  },
  data_dir_in_use: {
    meaning: "Another process holds this data folder.",
    whatToDo: "Stop the process named in the message, or choose another --data-dir.",
    http: 500,
    exit: 2,
  },
  data_dir_version: {
    meaning: "The data folder was written by a version this one cannot read.",
    whatToDo: "Use the version named in the message, or start with a fresh folder.",
    http: 500,
    exit: 2,
  },
  data_dir_unusable: {
    meaning: "The data folder or a file in it cannot be created, read, or has unsafe permissions.",
    whatToDo: "The message names the path and what to change.",
    http: 500,
    exit: 2,
  },
  transport_unavailable: {
    meaning: "None of the transports of p2p.transports can be used on this machine.",
    whatToDo:
      "For quic install the optional package: npm install @chainsafe/libp2p-quic (it has a native part for Linux, macOS and Windows). Or add tcp to p2p.transports, which needs nothing.",
    http: 500,
    exit: 2,
  },
  port_in_use: {
    meaning: "Another program listens on this port.",
    whatToDo: "Stop the program named in the message, or choose another port (0 picks a free one).",
    http: 500,
    exit: 2,
  },
  unsupported_platform: {
    meaning: "This system or Node version is not supported.",
    whatToDo: "Use Linux or macOS with Node 24.15 or newer.",
    http: 500,
    exit: 2,
  },
  no_node: {
    meaning: "No running node answered.",
    whatToDo: "Start one with p2p-sync start, or name it with --api or --data-dir.",
    http: 500,
    exit: 3,
  },
  testnet_failed: {
    meaning: "A testnet cannot be made here, or one of its nodes is not as it was told to be.",
    whatToDo: "The message says what is missing, or names the log to read.",
    http: 500,
    exit: 1,
  },
  internal: {
    meaning: "A fault of this program.",
    whatToDo: "Report it with the log around the moment.",
    http: 500,
    exit: 1,
  },
} as const satisfies Record<string, FaultCode>;
