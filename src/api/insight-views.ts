/**
 * The JSON forms of an operator's questions: `converged`. What is not known is null, never absent.
 */
import { z } from "zod";
import type { Convergence, MemberConvergence } from "../node/insight.ts";
import { rfc3339 } from "./views.ts";

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
  heldBackThere: z.null().describe("Members do not tell what they hold back"),
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
  entries: z.number().int().describe("Living entries here, deletions included"),
  root: z.string(),
  heldBack: z.number().int(),
  members: z.array(memberSchema),
  notReachable: z.array(z.string()),
});

export type ConvergenceView = z.infer<typeof convergenceSchema>;
export type MemberConvergenceView = z.infer<typeof memberSchema>;

export function convergenceView(found: Convergence, now: number): ConvergenceView {
  const { converged, waitedMs, entries, root, heldBack, members, notReachable } = found;
  return {
    converged,
    alone: members.length === 0,
    waitedMs,
    entries,
    root,
    heldBack,
    members: members.map((member) => memberView(member, now)),
    notReachable: [...notReachable],
  };
}

function memberView(member: MemberConvergence, now: number): MemberConvergenceView {
  const { peer, state, heardAt, entries, lagEntries, since, lastEqualAt, frontier, keysItMayLack } = member;
  return {
    peer,
    state,
    heardAt: timeOf(heardAt),
    entries: entries ?? null,
    lagEntries: lagEntries ?? null,
    since: timeOf(since),
    lagSeconds: since === undefined ? null : Math.max(0, now - since) / 1000,
    lastEqualAt: timeOf(lastEqualAt),
    heldBackThere: null,
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

function timeOf(instant: number | undefined): string | null {
  return instant === undefined ? null : rfc3339(instant);
}
