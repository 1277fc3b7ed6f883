/**
 * The JSON forms of an operator's questions: `converged`, `explain`, `partitions`. What is not known is null, never absent.
 */
import { z } from "zod";
import type { Convergence, KeyExplanation, LivingVersion, MemberConvergence, Partition } from "../node/insight.ts";
import { conflictsSchema, conflictsView, rfc3339, valueView } from "./views.ts";

const time = z.string().describe("RFC 3339, UTC");
const numbers = z.array(z.tuple([z.number().int(), z.number().int()])).describe("First and last of each stretch");

const memberSchema = z.object({
  peer: z.string(),
  state: z.enum(["equal", "differs", "silent"]).describe("silent: it has not answered since the question"),
  heardAt: time.nullable(),
  entries: z.number().int().nullable().describe("What it held when last heard, deletions included"),
  lagEntries: z.number().int().nullable().describe("Ours minus theirs then; negative where it has more"),
  since: time.nullable().describe("Since when it differs or is silent"),
  lagSeconds: z.number().nullable().describe("The same, in seconds until now"),
  lastEqualAt: time.nullable(),
  heldBackThere: z
    .number()
    .int()
    .nullable()
    .describe("Batches it holds back because they come from the future; null where it has not told, as with a prefix"),
  fullThere: z
    .boolean()
    .describe("It takes nothing from others, because a limit of its disk is reached, when it last told how it stands"),
  frontier: z
    .object({
      at: time,
      theyLack: z.number().int().describe("Batches here that its last question did not name; sent to it then"),
      weLack: z.number().int().describe("Batches it named that are not here; their keys are not known here"),
      weLackFrom: z.array(z.object({ author: z.string(), incarnation: z.string(), numbers })),
    })
    .nullable(),
  keysItMayLack: z.array(z.string()).describe("Up to 20"),
});

export const convergenceSchema = z.object({
  converged: z.boolean(),
  alone: z.boolean().describe("No member is reachable"),
  waitedMs: z.number().int(),
  prefix: z.string().nullable().describe("What lies under it was compared, and nothing else"),
  entries: z.number().int().describe("Living entries here, deletions included"),
  root: z.string(),
  heldBack: z.number().int(),
  full: z
    .string()
    .nullable()
    .describe("This node takes nothing from others, because a limit of its disk is reached: which, and what to do"),
  members: z.array(memberSchema),
  notReachable: z.array(z.string()),
});

export type ConvergenceView = z.infer<typeof convergenceSchema>;
export type MemberConvergenceView = z.infer<typeof memberSchema>;

export function convergenceView(found: Convergence, now: number): ConvergenceView {
  const { converged, waitedMs, prefix, entries, root, heldBack, full, members, notReachable } = found;
  return {
    converged,
    alone: members.length === 0,
    waitedMs,
    prefix: prefix ?? null,
    entries,
    root,
    heldBack,
    full: full ?? null,
    members: members.map((member) => memberView(member, now)),
    notReachable: [...notReachable],
  };
}

function memberView(member: MemberConvergence, now: number): MemberConvergenceView {
  const { peer, state, heardAt, entries, lagEntries, since, lastEqualAt, heldBack, full, frontier, keysItMayLack } =
    member;
  return {
    peer,
    state,
    heardAt: timeOf(heardAt),
    entries: entries ?? null,
    lagEntries: lagEntries ?? null,
    since: timeOf(since),
    lagSeconds: since === undefined ? null : Math.max(0, now - since) / 1000,
    lastEqualAt: timeOf(lastEqualAt),
    heldBackThere: heldBack ?? null,
    fullThere: full,
    frontier: frontier === undefined ? null : frontierView(frontier),
    keysItMayLack: [...keysItMayLack],
  };
}

function frontierView({
  at,
  theyLack,
  weLack,
  weLackFrom,
}: NonNullable<MemberConvergence["frontier"]>): NonNullable<MemberConvergenceView["frontier"]> {
  return {
    at: rfc3339(at),
    theyLack,
    weLack,
    weLackFrom: weLackFrom.map((origin) => ({
      ...origin,
      numbers: origin.numbers.map(([from, to]): [number, number] => [from, to]),
    })),
  };
}

const versionSchema = z.object({
  kind: z.enum(["value", "tombstone", "blob"]),
  sizeBytes: z.number().int(),
  preview: z.string().nullable().describe("The beginning of the value: text, or base64"),
  encoding: z.enum(["utf8", "base64"]).nullable(),
  truncated: z.boolean(),
  writer: z.string(),
  stamp: z.number().int().describe("Hybrid logical time, microseconds since 1970"),
  stampTime: time,
  batch: z.string(),
  sequence: z.number().int(),
  batchOps: z.number().int(),
  replaces: z.object({ stamp: z.number().int(), stampTime: time, batch: z.string() }).nullable(),
  expiresAt: time.nullable(),
  arrival: z
    .object({
      at: time,
      via: z.enum(["own", "gossip", "pull"]),
      peer: z.string().nullable().describe("Who sent it here; not always its writer"),
    })
    .nullable()
    .describe("null where it was stored before this was kept"),
});

export const keyExplanationSchema = z.object({
  key: z.string(),
  state: z.enum(["living", "deleted", "expired", "neverSeen"]),
  certainty: z.enum(["local", "shared"]).nullable().describe("shared: other members are known to hold it"),
  holders: z.array(z.object({ peer: z.string(), how: z.enum(["acknowledged", "sentIt", "equalSince"]) })),
  version: versionSchema.nullable(),
  ...conflictsSchema.shape,
});

export type KeyExplanationView = z.infer<typeof keyExplanationSchema>;

/** Characters, or bytes, of a value that are shown. Guess: a line of a terminal. */
const previewMax = 60;

export function keyExplanationView({ key, state, version, holders, conflicts }: KeyExplanation): KeyExplanationView {
  return {
    key,
    state,
    certainty: version === undefined ? null : holders.length > 0 ? "shared" : "local",
    holders: holders.map((holder) => ({ ...holder })),
    version: version === undefined ? null : versionView(version),
    ...conflictsView(conflicts),
  };
}

function versionView(version: LivingVersion): KeyExplanationView["version"] {
  const { kind, sizeBytes, value, writer, stamp, batch, sequence, batchOps, replaces, expiresAt, arrival } = version;
  return {
    kind,
    sizeBytes,
    ...previewView(value),
    writer,
    stamp,
    stampTime: rfc3339(stamp / 1000),
    batch,
    sequence,
    batchOps,
    replaces: replaces === undefined ? null : { ...replaces, stampTime: rfc3339(replaces.stamp / 1000) },
    expiresAt: timeOf(expiresAt),
    arrival:
      arrival === undefined
        ? null
        : {
            at: rfc3339(arrival.at),
            via: arrival.via.type,
            peer: arrival.via.type === "own" ? null : (arrival.via.peer ?? null),
          },
  };
}

function previewView(
  value: Uint8Array | undefined,
): Pick<NonNullable<KeyExplanationView["version"]>, "preview" | "encoding" | "truncated"> {
  if (value === undefined) return { preview: null, encoding: null, truncated: false };
  const { value: all, encoding } = valueView(value);
  if (encoding === "base64")
    return {
      preview: Buffer.from(value.subarray(0, previewMax)).toString("base64"),
      encoding,
      truncated: value.length > previewMax,
    };
  const characters = [...all];
  return { preview: characters.slice(0, previewMax).join(""), encoding, truncated: characters.length > previewMax };
}

const partitionWrite = z.object({ stamp: z.number().int(), author: z.string() });

export const partitionSchema = z.object({
  id: z.number().int(),
  phase: z
    .enum(["open", "healing", "ended", "lapsed"])
    .describe("healing: what a returned member had is still coming; lapsed: nobody returned within a day"),
  since: time,
  endedAt: time.nullable().describe("The first return, or when all were away too long to be members"),
  here: z
    .array(z.string())
    .describe("Members linked to this node when it noticed; which others they reached is not known"),
  there: z
    .array(
      z.object({
        peer: z.string(),
        lostAt: time,
        returnedAt: time.nullable(),
        settledAt: time.nullable().describe("When all it had on its return was here"),
        heardThrough: z
          .string()
          .nullable()
          .describe("A member of this side through which a later write of it came: the cut was not whole"),
      }),
    )
    .describe("Members lost without a goodbye: cut off, or crashed, which look alike from here"),
  ownWrites: z.number().int().describe("Batches written by this node meanwhile"),
  receivedWrites: z.number().int().describe("Batches received from this side meanwhile"),
  arrivedWrites: z.number().int().describe("Batches of the other side that came after the return"),
  conflicts: z.number().int().describe("Writes of one side that lost to one of the other"),
  lost: z
    .array(
      z.object({ key: z.string(), winner: partitionWrite, loser: partitionWrite, lostOn: z.enum(["here", "there"]) }),
    )
    .describe("The first 20 of them"),
});

export const partitionsSchema = z.object({ partitions: z.array(partitionSchema) });

export type PartitionView = z.infer<typeof partitionSchema>;
export type PartitionsView = z.infer<typeof partitionsSchema>;

export function partitionsView(partitions: readonly Partition[]): PartitionsView {
  return { partitions: partitions.map(partitionView) };
}

function partitionView(partition: Partition): PartitionView {
  const { since, endedAt, here, there, lost, ...rest } = partition;
  return {
    ...rest,
    since: rfc3339(since),
    endedAt: timeOf(endedAt),
    here: [...here],
    there: there.map(({ peer, lostAt, returnedAt, settledAt, heardThrough }) => ({
      peer,
      lostAt: rfc3339(lostAt),
      returnedAt: timeOf(returnedAt),
      settledAt: timeOf(settledAt),
      heardThrough: heardThrough ?? null,
    })),
    lost: lost.map(({ key, winner, loser, lostOn }) => ({ key, winner: { ...winner }, loser: { ...loser }, lostOn })),
  };
}

function timeOf(instant: number | undefined): string | null {
  return instant === undefined ? null : rfc3339(instant);
}
