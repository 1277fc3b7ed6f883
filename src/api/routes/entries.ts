/**
 * Single keys and pages of keys.
 */
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { Fault } from "../../base/fault.ts";
import type { Entry } from "../../node/facade.ts";
import { wantsJson } from "../accept.ts";
import { bytesAnswer, emptyAnswer, jsonAnswer } from "../answers.ts";
import { limits } from "../limits.ts";
import { rawBody, route, type Route } from "../route.ts";
import {
  conflictsSchema,
  conflictsView,
  entrySchema,
  entryView,
  pageSchema,
  receiptSchema,
  receiptView,
  rfc3339,
} from "../views.ts";
import { writeOptionsOf, writeQuery } from "../write-query.ts";

/** A precondition that is not looked at would lose data in silence. */
function refusePreconditions(headers: IncomingHttpHeaders): void {
  const name = (["if-match", "if-none-match", "if-unmodified-since"] as const).find(
    (each) => headers[each] !== undefined,
  );
  if (name !== undefined)
    throw new Fault("invalid_argument", `Writes take no ${name}: there is no conditional write yet.`, { header: name });
}

const noQuery = z.strictObject({});

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
    if (isNamed(incoming.headers["if-none-match"], entry.etag)) return emptyAnswer(304, { etag: `"${entry.etag}"` });
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
  summary: "Write the body under a key",
  answers: { 200: { meaning: "Durable as asked", schema: receiptSchema } },
  async handle({ facade, parameter, query, body, incoming }) {
    refusePreconditions(incoming.headers);
    return jsonAnswer(receiptView(await facade.put(parameter, body, writeOptionsOf(query))));
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
  summary: "Delete a key on all members",
  answers: { 200: { meaning: "Durable as asked", schema: receiptSchema } },
  async handle({ facade, parameter, query, incoming }) {
    refusePreconditions(incoming.headers);
    return jsonAnswer(receiptView(await facade.delete(parameter, writeOptionsOf(query))));
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

/** Source: RFC 9110 section 13.1.2; the comparison is the weak one. */
function isNamed(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(",").some((part) => part.trim() === "*" || part.trim().replace(/^W\//, "") === `"${etag}"`);
}
