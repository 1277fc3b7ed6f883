/**
 * Every route of the HTTP API over a node in memory, without sockets: whatever is asked, the answer
 * comes, is none of the node's own faults, and says in JSON what was wrong.
 *
 * An input is a request in lines: method, the last part of the path, query, headers with tabs between
 * them, and the body. `=` is the route's own method; a method behind `!` leaves the whole path to the
 * input. The token is the right one unless a header takes its place.
 */
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { createMemoryNode, memoryPeerId } from "../../../test/support/memory-facade.ts";
import { BodyBudget } from "../../../src/api/body.ts";
import { createGuard } from "../../../src/api/guard.ts";
import { limits } from "../../../src/api/limits.ts";
import { type RequestHandler, createRequestHandler } from "../../../src/api/request-handler.ts";
import type { Route } from "../../../src/api/route.ts";
import { createRouter } from "../../../src/api/router.ts";
import { allRoutes } from "../../../src/api/routes/all.ts";
import { Streams } from "../../../src/api/streams.ts";
import { assert } from "../../../src/base/assert.ts";
import { faultCodes } from "../../../src/node/fault-codes.ts";
import { type Bytes, utf8Encode } from "../../../src/base/bytes.ts";
import type { Prng } from "../../../src/base/prng.ts";
import { anyKey } from "../samples.ts";
import { type Shape, anyOfShape, shapeOf } from "../from-schema.ts";
import type { Decoding, Target } from "../target.ts";
import { anyAddress, anyIp, anyPeer } from "./text.ts";

const token = "fuzz";
/** Requests until the node in memory is made anew, so that what was written does not pile up. */
const requestsPerNode = 200;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

class Api {
  readonly reported: string[] = [];
  readonly #handler: RequestHandler;

  constructor() {
    const { facade, control } = createMemoryNode();
    for (const key of ["a", "b", "ab"]) control.arrive(key, utf8Encode(key), memoryPeerId);
    this.#handler = createRequestHandler({
      facade,
      streams: new Streams(limits),
      reloadConfig: undefined,
      version: "0.0.0",
      router: createRouter(allRoutes),
      guard: createGuard("127.0.0.1", token),
      budget: new BodyBudget(limits.bodiesBytesMax),
      report: (error, where) => this.reported.push(`${where}: ${(error as Error).stack ?? String(error)}`),
    });
  }

  /** A stream is left as soon as it has begun. */
  ask({ method, path, headers, body }: Asked): Promise<Answered> {
    const incoming = new IncomingMessage(new Socket());
    Object.assign(incoming, { method, url: path, headers });
    incoming.push(body.length === 0 ? null : body);
    if (body.length > 0) incoming.push(null);
    const outgoing = new ServerResponse(incoming);
    const { promise, resolve } = Promise.withResolvers<Answered>();
    const parts: Uint8Array[] = [];
    const take = (chunk: unknown): void => {
      if (typeof chunk === "string" || chunk instanceof Uint8Array) parts.push(Buffer.from(chunk as Uint8Array));
    };
    const type = (): string => String(outgoing.getHeader("content-type") ?? headersOf(outgoing)["content-type"] ?? "");
    const done = (): void =>
      resolve({ status: outgoing.statusCode, type: type(), body: Buffer.concat(parts).toString("utf8") });
    outgoing.write = (chunk: unknown) => {
      take(chunk);
      if (type() === "text/event-stream") {
        outgoing.emit("close");
        done();
      }
      return true;
    };
    outgoing.end = (chunk?: unknown) => {
      take(chunk);
      done();
      return outgoing;
    };
    this.#handler(incoming, outgoing);
    return promise;
  }
}

/** What `writeHead` was given: it renders the headers at once and keeps none. */
function headersOf(outgoing: ServerResponse): Readonly<Record<string, string>> {
  const rendered = (outgoing as unknown as { readonly _header: string | null })._header ?? "";
  const lines = rendered.split("\r\n").map((line) => line.split(": "));
  return Object.fromEntries(lines.map(([name = "", value = ""]) => [name.toLowerCase(), value]));
}

let api = new Api();
let asked = 0;

async function look(route: Route, bytes: Bytes): Promise<Decoding> {
  if (asked++ % requestsPerNode === 0) api = new Api();
  const given = requestOf(route, bytes);
  const { status, type, body } = await api.ask(given);
  const [report] = api.reported;
  assert(report === undefined, `the node itself is not at fault: ${report}`);
  if (status >= 400 && given.method !== "HEAD") {
    assert(type === "application/json", `a refusal is JSON, not ${type}`);
    const { code, message } = JSON.parse(body) as Record<string, unknown>;
    assert(typeof code === "string" && typeof message === "string", "a refusal has code and message");
    assert(code in faultCodes && code !== "internal", `${code} is a code that a client can act upon`);
  }
  return { outcome: `ok ${status}`, again: undefined }; // a refusal is an answer, too
}

/** Header values are latin1, as Node's parser gives them. */
function requestOf(route: Route, bytes: Bytes): Asked {
  const text = Buffer.from(bytes).toString("latin1");
  const [method = "", part = "", query = "", headerLine = ""] = text.split("\n", 4);
  const body = bytes.subarray(method.length + part.length + query.length + headerLine.length + 4);
  const headers: Record<string, string> = { host: "127.0.0.1", authorization: `Bearer ${token}` };
  for (const line of headerLine.split("\t")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const brace = route.path.indexOf("{");
  const own = method.startsWith("!") ? part : brace < 0 ? route.path : route.path.slice(0, brace) + part;
  const path = `${own}${query === "" ? "" : `?${query}`}`;
  return { method: method === "=" ? route.method : method.replace("!", ""), path, headers, body };
}

/** Texts that fields of all routes can have; which of them fits is luck, and luck is cheap. */
const plausible = (prng: Prng): string =>
  prng.pick([anyKey(prng), anyPeer(prng), anyIp(prng), anyAddress(prng), prng.pick(["", "0", "YQ==", "5s"])]);

/** What a route asks for, as far as a schema says it. */
interface Wanted {
  readonly query: Shape | undefined;
  readonly body: Shape | undefined;
}

function wantedBy({ query, body }: Route): Wanted {
  const schema = body.type === "none" ? undefined : body.schema;
  return {
    query: query === undefined ? undefined : shapeOf(query),
    body: schema === undefined ? undefined : shapeOf(schema),
  };
}

function anyRequest(route: Route, wanted: Wanted, prng: Prng): Bytes {
  const fields = wanted.query === undefined ? {} : (anyOfShape(wanted.query, prng, plausible) as object);
  const query = Object.entries(fields).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  const headers = prng.pick([
    "",
    "accept: application/json",
    "last-event-id: 3",
    'if-match: "ab"',
    "content-length: 3",
  ]);
  const part = route.path.includes("{") ? encodeURIComponent(anyKey(prng)) : "";
  return utf8Encode(`=\n${part}\n${query.join("&")}\n${headers}\n${anyBody(route, wanted, prng)}`);
}

function anyBody({ body }: Route, wanted: Wanted, prng: Prng): string {
  if (body.type === "none") return "";
  return wanted.body === undefined ? anyKey(prng) : JSON.stringify(anyOfShape(wanted.body, prng, plausible));
}

/** `GET /v1/kv/{key}` is `http-get-v1-kv-key`. */
function nameOf({ method, path }: Route): string {
  return `http-${method}${path}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/-$/, "");
}

/** Routes share the time of a few: those of entries, of peers, and the others. */
function groupOf({ path }: Route): string {
  if (path.startsWith("/v1/kv") || path === "/v1/batch") return "http-entries";
  return path.startsWith("/v1/peer") ? "http-peers" : "http-others";
}

function readersOf({ query, body }: Route): readonly string[] {
  const input = ["parsePathPart", ...(query === undefined ? [] : ["parseQuery"])];
  if (body.type === "none") return input.map((name) => `api/input.ts ${name}`);
  const json = body.schema === undefined ? [] : ["parseJson"];
  return [...[...input, ...json].map((name) => `api/input.ts ${name}`), "api/body.ts readBody"];
}

export const targets: readonly Target[] = allRoutes.map((route) => {
  const wanted = wantedBy(route);
  return {
    name: nameOf(route),
    group: groupOf(route),
    covers: readersOf(route),
    batch: 32,
    valid: (prng) => anyRequest(route, wanted, prng),
    heaviest: () => [],
    decode: (bytes) => look(route, bytes),
    look: (bytes) => look(route, bytes),
  };
});
