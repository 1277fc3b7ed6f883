/**
 * Operators' questions: whether all members are equal, and how a key came to be what it is, and who
 * was cut off when.
 */
import { z } from "zod";
import { jsonAnswer } from "../answers.ts";
import {
  convergenceSchema,
  convergenceView,
  keyExplanationSchema,
  keyExplanationView,
  partitionsSchema,
  partitionsView,
} from "../insight-views.ts";
import { limits } from "../limits.ts";
import { route, type Route } from "../route.ts";

const converged = route({
  method: "GET",
  path: "/v1/converged",
  open: false,
  query: z.strictObject({
    waitMs: z.coerce
      .number()
      .int()
      .min(0)
      .max(limits.convergenceWaitMsMax)
      .optional()
      .describe("How long to go on asking until all are equal; without it each member is asked once"),
    prefix: z.string().min(1).optional().describe("Compare only entries whose keys begin so; at most 100,000"),
  }),
  body: { type: "none" },
  summary: "Whether all reachable members hold what this node holds, now; if not, who lags and by how much",
  answers: { 200: { meaning: "What each member told", schema: convergenceSchema } },
  async handle({ facade, query, outgoing }) {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    const { waitMs = 0, prefix } = query;
    const options = { waitMs, signal: gone.signal, ...(prefix !== undefined && { prefix }) };
    return jsonAnswer(convergenceView(await facade.converged(options), Date.now()));
  },
});

const explain = route({
  method: "GET",
  path: "/v1/explain/{key}",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "What is known of a key: its version, its writer, how it came here, who else holds it, what it beat",
  answers: { 200: { meaning: "What is known, also of a key that was never seen", schema: keyExplanationSchema } },
  async handle({ facade, parameter }) {
    return jsonAnswer(keyExplanationView(await facade.explain(parameter)));
  },
});

const partitions = route({
  method: "GET",
  path: "/v1/partitions",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "Members that vanished without a goodbye: since when, what was written on each side, which writes lost",
  answers: { 200: { meaning: "The last 32 partitions, newest first", schema: partitionsSchema } },
  async handle({ facade }) {
    return jsonAnswer(partitionsView(await facade.partitions()));
  },
});

export const insightRoutes: readonly Route[] = [converged, explain, partitions];
