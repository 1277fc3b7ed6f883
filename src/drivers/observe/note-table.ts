/**
 * One row per kind of note: which log module and level it has, how it reads, and whether it is an
 * event for listeners. Levels say who reads: `debug` a developer, `info` an operator who watches,
 * `warn` one who should look, `error` one who must act.
 */
import type { Note } from "../../core/notes.ts";
import type { LogLevel } from "../../config/log-levels.ts";

/** Modules that log, for `--log-level MODULE=LEVEL`. */
export const logModules = ["node", "net", "peers", "sync", "data", "clock", "http"] as const;
export type LogModule = (typeof logModules)[number];

export interface NoteRow<N> {
  readonly module: LogModule;
  readonly level: LogLevel | ((note: N) => LogLevel);
  readonly message: string;
  /** Told to listeners of events too. */
  readonly event: boolean;
}

type Table = { readonly [Type in Note["type"]]: NoteRow<Extract<Note, { type: Type }>> };

export const noteTable: Table = {
  linkAdmitted: { module: "peers", level: "info", message: "peer admitted", event: true },
  goodbye: {
    module: "peers",
    level: (note) => (note.code === "duplicate" || note.code === "shuttingDown" ? "debug" : "info"),
    message: "goodbye",
    event: true,
  },
  linkMismatch: {
    module: "peers",
    level: "warn",
    message: "a link repaired that stood for one side only",
    event: true,
  },
  diskRoomChanged: {
    module: "node",
    level: ({ state }) => (state === "refusing" || state === "holding" ? "warn" : "info"),
    message: "the room on disk changed",
    event: true,
  },
  peerJudged: { module: "peers", level: "trace", message: "peer judged", event: false },
  addressesTold: { module: "peers", level: "debug", message: "a peer told of addresses", event: false },
  lookupEnded: {
    module: "peers",
    level: (note) => (note.found ? "info" : "debug"),
    message: "a peer was looked for by its id",
    event: true,
  },
  peerBanned: { module: "peers", level: "warn", message: "banned", event: true },
  linkGone: { module: "peers", level: "debug", message: "link ended", event: true },
  dialFailed: {
    module: "net",
    level: (note) => (note.attempts === 1 ? "info" : "debug"),
    message: "dial failed",
    event: true,
  },
  reachFound: {
    module: "net",
    level: (note) => (note.verdict === "unreachable" ? "warn" : "info"),
    message: "whether others can dial this node; see: p2p-sync netcheck",
    event: true,
  },
  relayAsked: { module: "net", level: "info", message: "asked a relay for a place", event: true },
  dialPlanned: { module: "net", level: "debug", message: "dial planned", event: false },
  candidateFound: { module: "net", level: "debug", message: "address found", event: true },
  candidateRefused: { module: "net", level: "warn", message: "address not remembered", event: false },
  frameMalformed: { module: "peers", level: "warn", message: "malformed frame", event: true },
  peerMisbehaved: { module: "peers", level: "warn", message: "a peer does what no correct node does", event: true },
  frameRefused: { module: "peers", level: "warn", message: "frame refused by its length", event: true },
  parcelRefused: { module: "sync", level: "warn", message: "batch refused", event: true },
  batchesMerged: { module: "sync", level: "trace", message: "batches merged", event: false },
  batchesForwarded: { module: "sync", level: "trace", message: "batches forwarded", event: false },
  batchHeldBack: { module: "clock", level: "warn", message: "batch from the future held back", event: true },
  heldBackDropped: {
    module: "clock",
    level: "warn",
    message: "batch from the future not kept, a later pull brings it",
    event: false,
  },
  heldBackReleased: { module: "clock", level: "info", message: "held back batch merged", event: true },
  entriesBelowFloor: { module: "data", level: "warn", message: "entries older than the horizon refused", event: true },
  collected: {
    module: "data",
    level: "info",
    message: "tombstones and expired entries older than the horizon forgotten",
    event: true,
  },
  setAside: {
    module: "data",
    level: "warn",
    message: "we were away too long: old entries that the others no longer have are set aside; see: p2p-sync stale",
    event: true,
  },
  heldApart: {
    module: "data",
    level: "warn",
    message: "apart for longer than the horizon: old entries here are not taken by a peer; see: p2p-sync stale",
    event: true,
  },
  conflict: { module: "data", level: "debug", message: "concurrent writes to one key", event: true },
  equivocation: { module: "data", level: "warn", message: "two batches under one number", event: true },
  outboxSent: { module: "sync", level: "debug", message: "sent what had waited for a member", event: true },
  outboxDropped: {
    module: "sync",
    level: "debug",
    message: "what waited for a member is not kept, a pull brings it",
    event: false,
  },
  partingExplained: { module: "peers", level: "info", message: "a peer told why the link before ended", event: true },
  pullStarted: { module: "sync", level: "debug", message: "pull brings data", event: true },
  pullEnded: {
    module: "sync",
    level: (note) => (note.how === "complete" || note.how === "linkLost" ? "debug" : "info"),
    message: "pull ended",
    event: true,
  },
  walkStarted: {
    module: "sync",
    level: "info",
    message: "comparing whole sets, for frontiers do not tell what differs",
    event: true,
  },
  walkEnded: { module: "sync", level: "info", message: "comparison of whole sets ended", event: true },
  walkServed: {
    module: "sync",
    level: "info",
    message: "a comparison of whole sets sent what the asker lacked",
    event: false,
  },
  serveStarted: { module: "sync", level: "debug", message: "serving a pull", event: false },
  serveEnded: { module: "sync", level: "debug", message: "pull served", event: false },
  clockDoubted: {
    module: "clock",
    level: "error",
    message: "our clock is off the median of our peers; writes are refused",
    event: true,
  },
  clockTrusted: { module: "clock", level: "info", message: "our clock agrees with our peers again", event: true },
  clockRepaired: { module: "clock", level: "info", message: "clock repaired", event: true },
  partitionBegan: {
    module: "peers",
    level: "warn",
    message: "a member vanished without a goodbye: cut off, or crashed",
    event: true,
  },
  partitionEnded: {
    module: "peers",
    level: (note) => (note.conflicts > 0 || note.returned === 0 ? "warn" : "info"),
    message: "a partition ended",
    event: true,
  },
  suspected: { module: "peers", level: "warn", message: "a peer is suspected: it gives no sign of life", event: true },
  unreachableDirectly: {
    module: "peers",
    level: "warn",
    message: "a peer is out of our reach, while another member reaches it",
    event: true,
  },
  suspicionEnded: {
    module: "peers",
    level: (note) => (note.how === "heard" ? "info" : "debug"),
    message: "a suspicion ended",
    event: true,
  },
  selfDoubted: {
    module: "peers",
    level: "warn",
    message: "no peer gives a sign of life: we may be cut off, or stalled",
    event: true,
  },
  selfTrusted: { module: "peers", level: "info", message: "peers are heard again", event: true },
  resumed: { module: "node", level: "info", message: "resumed after a sleep; all links are checked", event: true },
  addressesChanged: {
    module: "net",
    level: "info",
    message: "the addresses of this machine changed; lost peers are dialed at once",
    event: true,
  },
  overloaded: { module: "sync", level: "warn", message: "overloaded", event: true },
};

export function levelOf(note: Note): LogLevel {
  const { level } = noteTable[note.type];
  return typeof level === "string" ? level : (level as (note: Note) => LogLevel)(note);
}
