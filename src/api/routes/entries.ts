/**
 * Single keys and pages of keys.
 */
import { z } from "zod";
import { Fault } from "../../base/fault.ts";
import { namesVersion, writeConditionsOf } from "../conditions.ts";
import type { Entry, Receipt } from "../../node/facade.ts";
import { wantsJson } from "../accept.ts";
import { type Answer, bytesAnswer, emptyAnswer, jsonAnswer } from "../answers.ts";
import { limits } from "../limits.ts";
import { rawBody, route, type Route, type RouteSpec } from "../route.ts";
import {
  conflictsSchema,
  conflictsView,
  entrySchema,
  entryView,
  faultSchema,
  pageSchema,
  receiptSchema,
  receiptView,
  rfc3339,
} from "../views.ts";
import { writeOptionsOf, writeQuery } from "../write-query.ts";

const noQuery = z.strictObject({});

const writeAnswers: RouteSpec<unknown, unknown>["answers"] = {
  200: { meaning: "Durable as asked; after a put, etag names the version", schema: receiptSchema },
  412: { meaning: "Another version is here than the condition names; nothing was written", schema: faultSchema },
};

const getEntry = route({
  method: "GET",
  path: "/v1/kv/{key}",
  open: false,
  query: noQuery,
  body: { type: "none" },
  summary: "The value of a key: raw bytes, or JSON with Accept: application/json",
  answers: {
    200: {
      meaning: "The value; etag, x-stamp, x-author and x-certainty describe it",
      schema: entrySchema,
      mediaType: "application/octet-stream",
    },
    304: { meaning: "Still the version named by If-None-Match" },
  },
  async handle({ facade, parameter, incoming }) {
    const entry = await facade.get(parameter);
    if (entry === undefined)
      throw new Fault("not_found", `There is no value under ${JSON.stringify(parameter)}.`, { key: parameter });
    if (namesVersion(incoming.headers["if-none-match"], entry.etag))
      return emptyAnswer(304, { etag: `"${entry.etag}"` });
    return wantsJson(incoming.headers.accept)
      ? jsonAnswer(entryView(entry), 200, entryHeaders(entry))
      : bytesAnswer(entry.value, entryHeaders(entry));
  },
});

const putEntry = route({
  method: "PUT",
  path: "/v1/kv/{key}",
  open: false,
  query: writeQuery,
  body: rawBody(limits.valueBytesMax),
  summary: "Write the body under a key; If-Match and If-None-Match compare with the version on this node",
  answers: writeAnswers,
  async handle({ facade, parameter, query, body, incoming }) {
    const options = { ...writeOptionsOf(query), ...writeConditionsOf(incoming.headers) };
    return receiptAnswer(await facade.put(parameter, body, options));
  },
});

const deleteEntry = route({
  method: "DELETE",
  path: "/v1/kv/{key}",
  open: false,
  query: writeQuery.refine((query) => query.ttl === undefined, {
    path: ["ttl"],
    message: "a delete has no time to live",
  }),
  body: { type: "none" },
  summary: "Delete a key on all members; If-Match compares with the version on this node",
  answers: writeAnswers,
  async handle({ facade, parameter, query, incoming }) {
    const options = { ...writeOptionsOf(query), ...writeConditionsOf(incoming.headers) };
    return receiptAnswer(await facade.delete(parameter, options));
  },
});

const listConflicts = route({
  method: "GET",
  path: "/v1/conflicts",
  open: false,
  body: { type: "none" },
  query: z.strictObject({
    prefix: z.string().optional(),
    limit: z.coerce.number().int().min(1).max(limits.pageEntriesMax).optional().describe("Default 100"),
  }),
  summary: "Writes of the last 24 h that lost to one whose writer had not seen them, newest first",
  answers: { 200: { meaning: "The lost writes", schema: conflictsSchema } },
  async handle({ facade, query }) {
    const { prefix, limit } = query;
    const conflicts = await facade.conflicts({
      ...(prefix !== undefined && { prefix }),
      ...(limit !== undefined && { limit }),
    });
    return jsonAnswer(conflictsView(conflicts));
  },
});

const listEntries = route({
  method: "GET",
  path: "/v1/kv",
  open: false,
  body: { type: "none" },
  query: z.strictObject({
    prefix: z.string().optional(),
    after: z.string().optional().describe("Start behind this key"),
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(limits.pageEntriesMax)
      .optional()
      .describe("Default 100; a page also ends after 1 MiB of values"),
  }),
  summary: "A page of entries in key order",
  answers: { 200: { meaning: "The page", schema: pageSchema } },
  async handle({ facade, query }) {
    const { prefix, after, limit } = query;
    const page = await facade.page({
      ...(prefix !== undefined && { prefix }),
      ...(after !== undefined && { after }),
      ...(limit !== undefined && { limit }),
    });
    return jsonAnswer({ entries: page.entries.map(entryView), next: page.next ?? null });
  },
});

export const entryRoutes: readonly Route[] = [getEntry, putEntry, deleteEntry, listEntries, listConflicts];

function entryHeaders(entry: Entry): Record<string, string> {
  return {
    etag: `"${entry.etag}"`,
    "x-stamp": String(entry.stamp),
    "x-author": entry.author,
    "x-certainty": "local",
    vary: "accept",
    ...(entry.expiresAt !== undefined && { "x-expires-at": rfc3339(entry.expiresAt) }),
  };
}

function receiptAnswer(receipt: Receipt): Answer {
  return jsonAnswer(receiptView(receipt), 200, receipt.etag === undefined ? {} : { etag: `"${receipt.etag}"` });
}
