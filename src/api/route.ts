/**
 * What a route is: one value that the router serves, the OpenAPI document describes and the
 * tests walk through. A route's handler gets checked input and gives back plain data; it never
 * touches sockets, except for streams, which take the connection over.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import type { NodeFacade, SettingChange } from "../node/facade.ts";
import type { Answer } from "./answers.ts";
import { parseJson } from "./input.ts";
import type { Streams } from "./streams.ts";

export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** The handler wrote to the connection itself. */
export type Taken = "taken";

export interface RouteServices {
  readonly facade: NodeFacade;
  readonly streams: Streams;
  readonly version: string;
  /** Undefined where there is no file to read again. */
  readonly reloadConfig: (() => readonly SettingChange[]) | undefined;
}

export interface RouteRequest<Query, Body> extends RouteServices {
  readonly query: Query;
  readonly body: Body;
  /** The decoded last part of the path, where the path has one; else "". */
  readonly parameter: string;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

export type BodyKind<Body> =
  | { readonly type: "none" }
  | {
      readonly type: "read";
      readonly bytesMax: number;
      readonly tooLarge: "value_too_large" | "body_too_large";
      readonly mediaType: string;
      readonly schema?: z.ZodType;
      /** Throws `invalid_argument`. */
      decode(bytes: Uint8Array): Body;
    };

export function rawBody(bytesMax: number): BodyKind<Uint8Array> {
  return {
    type: "read",
    bytesMax,
    tooLarge: "value_too_large",
    mediaType: "application/octet-stream",
    decode: (bytes) => bytes,
  };
}

export function jsonBody<Body>(schema: z.ZodType<Body>, bytesMax: number): BodyKind<Body> {
  return {
    type: "read",
    bytesMax,
    tooLarge: "body_too_large",
    mediaType: "application/json",
    schema,
    decode: (bytes) => parseJson(schema, bytes),
  };
}

/** One documented answer: what it means and the shape of its JSON, or its media type. */
export interface AnswerKind {
  readonly meaning: string;
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
}

export interface RouteSpec<Query, Body> {
  readonly method: Method;
  /** `{key}` takes the rest of the path, slashes included; any other name takes one part. */
  readonly path: string;
  /** Open routes need no token. */
  readonly open: boolean;
  readonly summary: string;
  readonly query?: z.ZodType<Query>;
  readonly body: BodyKind<Body>;
  readonly answers: Readonly<Record<number, AnswerKind>>;
  handle(request: RouteRequest<Query, Body>): Promise<Answer | Taken> | Answer | Taken;
}

/** A route whose input types only its own handler knows. */
export type Route = RouteSpec<unknown, unknown>;

/**
 * Forgets the types of query and body. Sound because the router gives a handler only what that
 * same route's schemas made.
 */
export function route<Query = Readonly<Record<string, never>>, Body = undefined>(spec: RouteSpec<Query, Body>): Route {
  return spec;
}
