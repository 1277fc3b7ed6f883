/**
 * Old entries: what is told of them, and an operator's decisions.
 */
import { z } from "zod";
import { jsonAnswer } from "../answers.ts";
import { limits } from "../limits.ts";
import { jsonBody, route, type Route } from "../route.ts";
import {
  asideKeysSchema,
  droppedSchema,
  droppedView,
  reissuedSchema,
  reissuedView,
  staleSchema,
  staleView,
} from "../stale-views.ts";

const stale = route({
  method: "GET",
  path: "/v1/stale",
  open: false,
  query: z.strictObject({
    prefix: z.string().optional(),
    after: z.coerce.number().int().min(0).optional().describe("`next` of the page before"),
    limit: z.coerce.number().int().min(1).max(limits.pageEntriesMax).optional().describe("Default 100"),
  }),
  body: { type: "none" },
  summary: "Whether this node was away too long, from whom it is apart, and what it set aside",
  answers: { 200: { meaning: "How old entries stand", schema: staleSchema } },
  async handle({ facade, query: { prefix, after, limit } }) {
    const report = await facade.stale.report({
      ...(prefix !== undefined && { prefix }),
      ...(after !== undefined && { after }),
      ...(limit !== undefined && { limit }),
    });
    return jsonAnswer(staleView(report));
  },
});

const reissue = route({
  method: "POST",
  path: "/v1/stale/reissue",
  open: false,
  query: z.strictObject({}),
  body: jsonBody(asideKeysSchema, limits.keysBodyBytesMax),
  summary: "Write values that were set aside again, stamped now",
  answers: { 200: { meaning: "How many were written, and which keys are not set aside", schema: reissuedSchema } },
  async handle({ facade, body }) {
    return jsonAnswer(reissuedView(await facade.stale.reissue(body.keys)));
  },
});

const drop = route({
  method: "POST",
  path: "/v1/stale/drop",
  open: false,
  query: z.strictObject({}),
  body: jsonBody(asideKeysSchema, limits.keysBodyBytesMax),
  summary: "Forget what was set aside under these keys",
  answers: { 200: { meaning: "How many were forgotten, and which keys are not set aside", schema: droppedSchema } },
  async handle({ facade, body }) {
    return jsonAnswer(droppedView(await facade.stale.drop(body.keys)));
  },
});

const adopt = route({
  method: "POST",
  path: "/v1/stale/adopt",
  open: false,
  query: z.strictObject({}),
  body: jsonBody(z.strictObject({ peer: z.string().min(1).max(512) }), limits.smallBodyBytesMax),
  summary: "Follow a linked peer once in what is old: take what it has, set aside what it has not",
  answers: {
    202: { meaning: "Under way; GET /v1/stale tells what comes of it", schema: z.object({ peer: z.string() }) },
  },
  async handle({ facade, body }) {
    return jsonAnswer(await facade.stale.adopt(body.peer), 202);
  },
});

export const staleRoutes: readonly Route[] = [stale, reissue, drop, adopt];
