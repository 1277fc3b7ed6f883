/**
 * Turns what a client sent into what a route's schemas promise, or into a fault that names the
 * wrong field. Unknown fields are wrong: a misspelt `certainty` must not pass as a weaker promise.
 */
import type { z } from "zod";
import { utf8Decode } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";

/** Throws `invalid_argument`. A parameter given twice is wrong too. */
export function parseQuery<T>(schema: z.ZodType<T>, search: string): T {
  const given: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    if (Object.hasOwn(given, name))
      throw new Fault("invalid_argument", `The parameter ${JSON.stringify(name)} is given twice.`, { field: name });
    given[name] = value;
  }
  return parseFields(schema, given, "parameter");
}

/** Throws `invalid_argument`. */
export function parseJson<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  const text = utf8Decode(body);
  if (text === undefined) throw new Fault("invalid_argument", "The body is not UTF-8.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Fault("invalid_argument", `The body is not JSON: ${(error as Error).message}`, {}, error);
  }
  return parseFields(schema, value, "field");
}

/** The decoded last part of a path. Throws `invalid_argument` for broken percent-encoding. */
export function parsePathPart(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    throw new Fault("invalid_argument", "The path is not well-formed percent-encoded UTF-8.", {}, error);
  }
}

function parseFields<T>(schema: z.ZodType<T>, value: unknown, kind: "parameter" | "field"): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  const where = field === "" ? "" : `The ${kind} ${field}: `;
  throw new Fault("invalid_argument", `${where}${issue?.message ?? "is wrong"}.`, { field });
}
