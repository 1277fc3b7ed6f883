/**
 * The JSON forms of what the node knows: one schema per form, for the OpenAPI document, the
 * tests and the types of every client in this project, and the function that makes it.
 *
 * Times are RFC 3339 in UTC, except stamps (microseconds, a safe integer). What is not known is
 * null, never absent, so that a table of peers has the same columns in every row.
 */
import { z } from "zod";
import { utf8Decode } from "../base/bytes.ts";
import type {
  ConflictEntry,
  Explanation,
  Change,
  Entry,
  Health,
  Info,
  KeyProof,
  NodeEvent,
  PeerStatus,
  Receipt,
  Status,
} from "../node/facade.ts";

const time = z.string().describe("RFC 3339, UTC");
const stamp = z.number().int().describe("Hybrid logical time, microseconds since 1970");
const valueFields = { value: z.string(), encoding: z.enum(["utf8", "base64"]) };

export const entrySchema = z.object({
  key: z.string(),
  ...valueFields,
  stamp,
  author: z.string(),
  etag: z.string(),
  certainty: z.enum(["local", "shared"]),
  expiresAt: time.nullable(),
});
export const pageSchema = z.object({
  entries: z.array(entrySchema),
  next: z.string().nullable().describe("Pass as `after` for the next page; null at the end"),
});
export const receiptSchema = z.object({
  batch: z.string(),
  stamp,
  certainty: z.enum(["local", "shared"]),
  holders: z.array(z.string()),
  etag: z.string().nullable().describe("Of the value, where one key was put; else null"),
});
export const changeSchema = z.object({
  position: z.number().int(),
  cursor: z.string().describe("What Last-Event-ID resumes behind"),
  type: z.enum(["put", "delete", "expire"]),
  key: z.string(),
  value: z.string().nullable(),
  encoding: z.enum(["utf8", "base64"]).nullable(),
  stamp,
  author: z.string(),
});
export const peerSchema = z.object({
  id: z.string().nullable(),
  state: z.string(),
  /** `validator`, `trusted`, `regular` or `unknown`. */
  class: z.string(),
  /** How good it has been, 0 to 100. */
  score: z.number().nullable(),
  direction: z.enum(["inbound", "outbound"]).nullable(),
  address: z.string().nullable(),
  rttMs: z.number().nullable(),
  clockOffsetMs: z.number().nullable(),
  connectedSince: time.nullable(),
  suspicion: z
    .object({ kind: z.enum(["suspected", "unreachableDirectly"]), since: time })
    .nullable()
    .describe("Its link stands and is silent; only where the failure detector is on"),
  source: z.string(),
  link: z.number().int().nullable(),
  lastError: z.object({ code: z.string(), reason: z.string(), at: time }).nullable(),
  nextDialAt: time.nullable(),
  history: z.array(
    z.object({ state: z.string(), enteredAt: time, durationMs: z.number().nullable(), reason: z.string().nullable() }),
  ),
});
export const peersSchema = z.object({ peers: z.array(peerSchema) });
export const statusSchema = z.object({
  peerId: z.string(),
  network: z.string(),
  state: z.string(),
  entries: z.number().int(),
  root: z.string(),
  peers: z.number().int(),
  heldBack: z.number().int(),
  sync: z
    .object({
      peer: z.string(),
      what: z.enum(["batches", "entries"]),
      done: z.number().int(),
      total: z.number().int().nullable().describe("At most so many are to come; null where it is not known"),
      perSecond: z.number(),
      etaSeconds: z.number().int().nullable(),
    })
    .nullable()
    .describe("Data on its way to this node now"),
  conflicts: z.number().int(),
  networkHealth: z
    .object({
      level: z.enum(["healthy", "degraded", "critical"]),
      causes: z.array(z.object({ code: z.string(), level: z.enum(["degraded", "critical"]), message: z.string() })),
      linked: z.number().int(),
      known: z.number().int().describe("Members that are linked, or should be"),
    })
    .describe("How the network is, as seen from this node"),
  age: z.enum(["young", "current", "stale"]),
  setAside: z.number().int(),
  limits: z
    .array(
      z.object({
        setting: z.string().describe("Key of the setting that raises it"),
        part: z.enum(["in", "out"]).nullable().describe("Of which direction; null where there is only one"),
        unit: z.enum(["bytes", "bytes/s"]),
        used: z.number().describe("What is used of it; of limits.disk_reserve what is free"),
        limit: z.number().nullable().describe("null where it is off"),
        state: z.enum(["ok", "near", "slowing", "refusing"]),
        message: z.string().describe("What follows and what to do; empty while ok"),
      }),
    )
    .describe("Limits of this node's resources"),
  uptimeSeconds: z.number(),
  clock: z.object({ offsetMs: z.number().nullable(), refusingWrites: z.boolean() }),
  counters: z.record(z.string(), z.number()),
  p2p: z.array(z.string()),
  http: z.string().nullable(),
  version: z.string(),
});
export const infoSchema = z.object({
  version: z.string(),
  nodeVersion: z.string(),
  peerId: z.string(),
  author: z.string(),
  network: z.object({ name: z.string(), id: z.string() }),
  p2p: z.array(z.string()),
  http: z.string().nullable(),
  dataDir: z.string(),
  startedAt: time,
  strangers: z.number().int(),
  transports: z.array(z.string()).describe("As configured, in order of preference"),
  missingTransports: z.array(z.string()).describe("Of each that cannot be used here, why and what to do"),
});
export const proofSchema = z.object({
  key: z.string(),
  root: z.string().describe("Of the set the proof is of, hex"),
  count: z.number().int().describe("Entries of that set, tombstones included"),
  proof: z.string().describe("Base64; see docs/protocol, Proofs"),
});
const healthStatus = z.enum(["ok", "degraded", "critical"]);
export const healthSchema = z.object({
  status: healthStatus,
  checks: z.array(z.object({ name: z.string(), status: healthStatus, message: z.string() })),
});
export const eventSchema = z.object({ type: z.string(), at: time, detail: z.record(z.string(), z.unknown()) });
export const faultSchema = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
});

export const explanationSchema = z.object({
  target: z.string(),
  peer: z.string().nullable(),
  cause: z.string().describe("A stable word for scripts"),
  conclusion: z.string().describe("What is the matter"),
  next: z.string().describe("What happens next, or what to do"),
  facts: z.array(z.object({ name: z.string(), text: z.string() })),
  views: z
    .array(
      z.object({
        by: z.string().describe("Whose view it is: the peer's own of this node, or a neighbour's of the peer"),
        through: z.string().nullable().describe("The neighbour that passed it on; null where it came from `by` itself"),
        cause: z.string(),
        conclusion: z.string(),
        next: z.string(),
      }),
    )
    .describe("What the other side says, asked through a neighbour where no link leads there"),
});

export type ExplanationView = z.infer<typeof explanationSchema>;

const writeSchema = z.object({ stamp: z.number().int(), author: z.string() });

export const conflictsSchema = z.object({
  conflicts: z.array(
    z.object({
      key: z.string(),
      at: z.string().describe("When this node saw the two writes meet"),
      winner: writeSchema,
      loser: writeSchema,
      value: z.string().nullable().describe("What the loser had written; null for a delete"),
      encoding: z.enum(["utf8", "base64"]).nullable(),
    }),
  ),
});

export type ConflictsView = z.infer<typeof conflictsSchema>;
export type EntryView = z.infer<typeof entrySchema>;
export type PageView = z.infer<typeof pageSchema>;
export type ReceiptView = z.infer<typeof receiptSchema>;
export type ChangeView = z.infer<typeof changeSchema>;
export type PeerView = z.infer<typeof peerSchema>;
export type StatusView = z.infer<typeof statusSchema>;
export type InfoView = z.infer<typeof infoSchema>;
export type ProofView = z.infer<typeof proofSchema>;
export type HealthView = z.infer<typeof healthSchema>;
export type EventView = z.infer<typeof eventSchema>;

/** Text where the bytes are well-formed UTF-8, else base64; either way the bytes come back exactly. */
export function valueView(value: Uint8Array): { readonly value: string; readonly encoding: "utf8" | "base64" } {
  const text = utf8Decode(value);
  return text === undefined
    ? { value: Buffer.from(value).toString("base64"), encoding: "base64" }
    : { value: text, encoding: "utf8" };
}

export function entryView(entry: Entry): EntryView {
  const { key, stamp, author, etag, expiresAt } = entry;
  return { key, ...valueView(entry.value), stamp, author, etag, certainty: "local", expiresAt: timeView(expiresAt) };
}

export function receiptView({ batch, stamp, certainty, holders, etag }: Receipt): ReceiptView {
  return { batch, stamp, certainty, holders: [...holders], etag: etag ?? null };
}

export function changeView({ position, type, key, value, stamp, author }: Change, cursor: string): ChangeView {
  const shown = value === undefined ? { value: null, encoding: null } : valueView(value);
  return { position, cursor, type, key, ...shown, stamp, author };
}

export function conflictsView(conflicts: readonly ConflictEntry[]): ConflictsView {
  return {
    conflicts: conflicts.map(({ key, at, winner, loser, value }) => {
      const shown = value === undefined ? { value: null, encoding: null } : valueView(value);
      return { key, at: rfc3339(at), winner: { ...winner }, loser: { ...loser }, ...shown };
    }),
  };
}

export function explanationView(explanation: Explanation): ExplanationView {
  const { target, peer, cause, conclusion, next, facts, views } = explanation;
  return {
    ...{ target, peer: peer ?? null, cause, conclusion, next },
    facts: facts.map((fact) => ({ ...fact })),
    views: views.map((view) => ({ ...view, through: view.through ?? null })),
  };
}

export function peerView(peer: PeerStatus): PeerView {
  return {
    id: peer.id ?? null,
    state: peer.state,
    class: peer.class,
    score: peer.score ?? null,
    direction: peer.direction ?? null,
    address: peer.address ?? null,
    rttMs: peer.rttMs ?? null,
    clockOffsetMs: peer.clockOffsetMs ?? null,
    connectedSince: timeView(peer.connectedSince),
    suspicion: peer.suspicion === undefined ? null : { ...peer.suspicion, since: rfc3339(peer.suspicion.since) },
    source: peer.source,
    link: peer.link ?? null,
    lastError: peer.lastError === undefined ? null : { ...peer.lastError, at: rfc3339(peer.lastError.at) },
    nextDialAt: timeView(peer.nextDialAt),
    history: peer.history.map((visit) => ({
      state: visit.state,
      enteredAt: rfc3339(visit.enteredAt),
      durationMs: visit.durationMs ?? null,
      reason: visit.reason ?? null,
    })),
  };
}

export function statusView(status: Status, info: Info): StatusView {
  const { sync, clock, counters, networkHealth, limits } = status;
  return {
    ...status,
    networkHealth: { ...networkHealth, causes: networkHealth.causes.map((cause) => ({ ...cause })) },
    sync: sync === undefined ? null : { ...sync, total: sync.total ?? null, etaSeconds: sync.etaSeconds ?? null },
    clock: { offsetMs: clock.offsetMs ?? null, refusingWrites: clock.refusingWrites },
    limits: limits.map((each) => ({ ...each, part: each.part ?? null, limit: each.limit ?? null })),
    counters: { ...counters },
    p2p: [...info.p2p],
    http: info.http ?? null,
    version: info.version,
  };
}

export function infoView(info: Info): InfoView {
  const { version, nodeVersion, peerId, author, network, dataDir, strangers, transports } = info;
  return {
    version,
    nodeVersion,
    peerId,
    author,
    network: { ...network },
    p2p: [...info.p2p],
    http: info.http ?? null,
    dataDir,
    startedAt: rfc3339(info.startedAt),
    strangers,
    transports: [...transports],
    missingTransports: [...info.missingTransports],
  };
}

export function proofView(key: string, { root, count, proof }: KeyProof): ProofView {
  return { key, root, count, proof: Buffer.from(proof).toString("base64") };
}

export function healthView({ status, checks }: Health): HealthView {
  return { status, checks: checks.map(({ name, status: own, message }) => ({ name, status: own, message })) };
}

export function eventView({ type, at, detail }: NodeEvent): EventView {
  return { type, at: rfc3339(at), detail: { ...detail } };
}

export function rfc3339(instant: number): string {
  return new Date(instant).toISOString();
}

function timeView(instant: number | undefined): string | null {
  return instant === undefined ? null : rfc3339(instant);
}
