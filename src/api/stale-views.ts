/**
 * The JSON forms of what is told of old entries. What is not known is null, never absent.
 */
import { z } from "zod";
import type { AsideOutcome, StaleReport } from "../node/stale.ts";
import { limits } from "./limits.ts";
import { rfc3339 } from "./views.ts";

const time = z.string().describe("RFC 3339, UTC");

const asideSchema = z.object({
  key: z.string(),
  sizeBytes: z.number().int().nullable().describe("null where the value was never here"),
  writer: z.string(),
  stamp: z.number().int().describe("Hybrid logical time, microseconds since 1970"),
  stampTime: time,
  setAsideAt: time,
  since: z.enum(["written", "deleted"]).nullable().describe("What happened to the key in the set since"),
});

export const staleSchema = z.object({
  age: z.enum(["young", "current", "stale"]),
  createdAt: time,
  reconciledAt: time.nullable().describe("When this replica last had all of another member's set"),
  staleAt: time.nullable().describe("From when on that is too long ago; null while it is new"),
  horizonDays: z.number().int(),
  peers: z.number().int().describe("Members linked now"),
  apart: z.array(z.object({ peer: z.string(), entries: z.number().int(), at: time })),
  adoption: z
    .object({
      peer: z.string(),
      state: z.enum(["waiting", "done", "linkLost"]),
      setAside: z.number().int(),
      taken: z.number().int().describe("Entries that comparing brought"),
    })
    .nullable()
    .describe("The latest order to follow a peer since this node was started"),
  comparing: z.object({ peer: z.string(), nodes: z.number().int(), entries: z.number().int() }).nullable(),
  setAside: z.number().int().describe("Under the prefix, in all"),
  entries: z.array(asideSchema).describe("Set aside, the newest first"),
  next: z.number().int().nullable().describe("Pass as `after` for the next page; null at the end"),
});

export const asideKeysSchema = z.strictObject({ keys: z.array(z.string()).min(1).max(limits.asideKeysMax) });

const unknown = z.array(z.string()).describe("Keys under which nothing fit for it is set aside");
export const reissuedSchema = z.object({ reissued: z.number().int(), unknown });
export const droppedSchema = z.object({ dropped: z.number().int(), unknown });

export type StaleView = z.infer<typeof staleSchema>;
export type AsideView = z.infer<typeof asideSchema>;
export type ReissuedView = z.infer<typeof reissuedSchema>;
export type DroppedView = z.infer<typeof droppedSchema>;

export function staleView(report: StaleReport): StaleView {
  const { age, createdAt, reconciledAt, horizonDays, peers, apart, adoption, comparing, setAside, entries } = report;
  const { staleAt, next } = report;
  return {
    age,
    createdAt: rfc3339(createdAt),
    reconciledAt: reconciledAt === undefined ? null : rfc3339(reconciledAt),
    staleAt: staleAt === undefined ? null : rfc3339(staleAt),
    horizonDays,
    peers,
    apart: apart.map(({ peer, entries: count, at }) => ({ peer, entries: count, at: rfc3339(at) })),
    adoption: adoption === undefined ? null : { ...adoption },
    comparing:
      comparing === undefined ? null : { peer: comparing.peer, nodes: comparing.nodes, entries: comparing.entries },
    setAside,
    entries: entries.map(({ key, sizeBytes, writer, stamp, at, since }) => ({
      key,
      sizeBytes: sizeBytes ?? null,
      writer,
      stamp,
      stampTime: rfc3339(stamp / 1000),
      setAsideAt: rfc3339(at),
      since: since ?? null,
    })),
    next: next ?? null,
  };
}

export function reissuedView({ done, unknown: others }: AsideOutcome): ReissuedView {
  return { reissued: done.length, unknown: [...others] };
}

export function droppedView({ done, unknown: others }: AsideOutcome): DroppedView {
  return { dropped: done.length, unknown: [...others] };
}
