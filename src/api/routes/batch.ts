/**
 * Several writes that become visible together.
 */
import { z } from "zod";
import { Fault } from "../../base/fault.ts";
import type { WriteConditions, WriteOp } from "../../node/facade.ts";
import { jsonAnswer } from "../answers.ts";
import { limits } from "../limits.ts";
import { jsonBody, route, type Route } from "../route.ts";
import { faultSchema, receiptSchema, receiptView } from "../views.ts";
import { writeOptionsOf, writeQuery } from "../write-query.ts";

const versions = z.union([z.string(), z.array(z.string())]).optional();
/** As the headers of a single write, with bare etags. */
const conditions = {
  ifMatch: versions.describe("An etag or several: one of them must be this node's version; * for any value"),
  ifNoneMatch: versions.describe("None of these may be this node's version; * for no value at all"),
};
const putOp = z.strictObject({
  put: z.strictObject({
    key: z.string(),
    ...conditions,
    value: z.string(),
    encoding: z.enum(["utf8", "base64"]).optional().describe("Default utf8"),
    ttl: z.number().int().min(1).max(limits.ttlSecondsMax).optional(),
  }),
});
const deleteOp = z.strictObject({ delete: z.strictObject({ key: z.string(), ...conditions }) });
const batchSchema = z.strictObject({ ops: z.array(z.union([putOp, deleteOp])) });

const postBatch = route({
  method: "POST",
  path: "/v1/batch",
  open: false,
  query: writeQuery,
  body: jsonBody(batchSchema, limits.batchBodyBytesMax),
  summary: "Write and delete up to 1,000 keys at once, all or none",
  answers: {
    200: { meaning: "Durable as asked", schema: receiptSchema },
    412: { meaning: "A condition does not hold on this node; nothing was written", schema: faultSchema },
  },
  async handle({ facade, query, body }) {
    return jsonAnswer(receiptView(await facade.batch(body.ops.map(writeOp), writeOptionsOf(query))));
  },
});

interface WireConditions {
  readonly ifMatch?: string | readonly string[] | undefined;
  readonly ifNoneMatch?: string | readonly string[] | undefined;
}

export const batchRoutes: readonly Route[] = [postBatch];

function writeOp(op: z.infer<typeof batchSchema>["ops"][number]): WriteOp {
  if ("delete" in op) return { type: "delete", key: op.delete.key, ...conditionsIn(op.delete) };
  const { key, value, encoding, ttl } = op.put;
  const bytes = encoding === "base64" ? fromBase64(key, value) : Buffer.from(value, "utf8");
  return { type: "put", key, value: bytes, ...(ttl !== undefined && { ttlSeconds: ttl }), ...conditionsIn(op.put) };
}

function conditionsIn({ ifMatch, ifNoneMatch }: WireConditions): WriteConditions {
  return { ...(ifMatch !== undefined && { ifMatch }), ...(ifNoneMatch !== undefined && { ifNoneMatch }) };
}

/** One form only: standard alphabet with padding. Source: RFC 4648 section 4. */
function fromBase64(key: string, text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text)
    throw new Fault("invalid_argument", `The value of ${JSON.stringify(key)} is not base64.`, { key });
  return bytes;
}
