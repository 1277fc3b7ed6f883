/**
 * The OpenAPI 3.1 document, made from the routes themselves.
 *
 * Source: https://spec.openapis.org/oas/v3.1.1
 */
import { z } from "zod";
import { faultCodes, type FaultCode } from "../node/fault-codes.ts";
import type { AnswerKind, BodyKind, Route } from "./route.ts";
import { faultSchema } from "./views.ts";

type Json = Readonly<Record<string, unknown>>;

export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "P2P Sync",
      version,
      description: "One node of a P2P Sync network. Keys in paths are percent-encoded; slashes may stay.",
    },
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "The content of api-token in the node's data folder" },
      },
      schemas: { Fault: { ...jsonSchema(faultSchema), description: faultList() } },
    },
  };
}

function operationOf(route: Route): Json {
  const answers = Object.entries(route.answers).map(([status, kind]) => [status, answerOf(kind)]);
  return {
    operationId: operationId(route),
    summary: route.summary,
    security: route.open ? [] : [{ token: [] }],
    parameters: [...pathParameters(route.path), ...queryParameters(route.query)],
    ...(route.body.type === "read" && { requestBody: requestBody(route.body) }),
    responses: {
      ...Object.fromEntries(answers),
      default: {
        description: "A fault",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Fault" } } },
      },
    },
  };
}

function operationId({ method, path }: Route): string {
  const words = path
    .replace(/[{}]/g, "")
    .split(/[/.]/)
    .filter((word) => word !== "" && word !== "v1");
  return [method.toLowerCase(), ...words].join("_");
}

function answerOf({ meaning, schema, mediaType }: AnswerKind): Json {
  if (mediaType === undefined && schema === undefined) return { description: meaning };
  const content: Record<string, Json> = {};
  if (schema !== undefined && mediaType !== "text/event-stream")
    content["application/json"] = { schema: jsonSchema(schema) };
  if (mediaType !== undefined)
    content[mediaType] =
      mediaType === "text/event-stream" && schema !== undefined ? { schema: jsonSchema(schema) } : {};
  return { description: meaning, content };
}

function pathParameters(path: string): Json[] {
  const name = /\{(\w+)\}/.exec(path)?.[1];
  return name === undefined ? [] : [{ name, in: "path", required: true, schema: { type: "string" } }];
}

function queryParameters(query: z.ZodType | undefined): Json[] {
  const properties =
    query === undefined ? {} : ((jsonSchema(query)["properties"] ?? {}) as Readonly<Record<string, Json>>);
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: false, schema }));
}

function requestBody(body: Extract<BodyKind<unknown>, { type: "read" }>): Json {
  return {
    required: true,
    description: `At most ${body.bytesMax} bytes`,
    content: { [body.mediaType]: body.schema === undefined ? {} : { schema: jsonSchema(body.schema) } },
  };
}

function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema);
  return rest;
}

function faultList(): string {
  const codes: readonly (readonly [string, FaultCode])[] = Object.entries(faultCodes);
  return codes.map(([code, { http, meaning }]) => `${code} (${http}): ${meaning}`).join(" ");
}
