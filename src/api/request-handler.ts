/**
 * One request from its headers to its answer: guard, route, input, handler, writing. Plain
 * node:http without a framework in between, because keys need the path as it was sent, bodies a
 * bound while they arrive, and streams the socket's own back pressure.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { utf8Encode } from "../base/bytes.ts";
import { commonHeaders, faultAnswer, isUnexpected, type Answer } from "./answers.ts";
import { readBody, type BodyBudget } from "./body.ts";
import type { Guard } from "./guard.ts";
import { parsePathPart, parseQuery } from "./input.ts";
import type { Route, RouteServices, Taken } from "./route.ts";
import type { Router } from "./router.ts";

export interface HandlerParts extends RouteServices {
  readonly router: Router;
  readonly guard: Guard;
  readonly budget: BodyBudget;
  /** Hears of every failure that is not the client's doing. */
  readonly report: (error: unknown, where: string) => void;
}

export type RequestHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

export function createRequestHandler(parts: HandlerParts): RequestHandler {
  return (incoming, outgoing) => {
    answer(parts, incoming, outgoing).then(
      (given) => {
        if (given !== "taken") write(incoming, outgoing, given);
      },
      (error: unknown) => {
        if (isUnexpected(error)) parts.report(error, `${incoming.method} ${pathOf(incoming)}`);
        if (!outgoing.headersSent) write(incoming, outgoing, faultAnswer(error));
        else outgoing.destroy();
      },
    );
  };
}

async function answer(
  parts: HandlerParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<Answer | Taken> {
  parts.guard.checkOrigin(incoming.headers);
  const path = pathOf(incoming);
  const { route, parameter } = parts.router.find(incoming.method ?? "", path);
  if (!route.open) parts.guard.checkToken(incoming.headers);
  const search = targetOf(incoming).slice(path.length + 1);
  return route.handle({
    facade: parts.facade,
    streams: parts.streams,
    reloadConfig: parts.reloadConfig,
    version: parts.version,
    query: route.query === undefined ? {} : parseQuery(route.query, search),
    parameter: parsePathPart(parameter),
    body: await bodyOf(route, incoming, parts.budget),
    incoming,
    outgoing,
  });
}

async function bodyOf({ body }: Route, incoming: IncomingMessage, budget: BodyBudget): Promise<unknown> {
  if (body.type === "none") return undefined;
  return body.decode(await readBody(incoming, { bytesMax: body.bytesMax, code: body.tooLarge }, budget));
}

function write(incoming: IncomingMessage, outgoing: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = typeof body === "string" ? utf8Encode(body) : body;
  outgoing.writeHead(status, {
    ...commonHeaders,
    ...headers,
    ...(bytes !== undefined && { "content-length": bytes.length }),
  });
  outgoing.end(incoming.method === "HEAD" ? undefined : bytes);
}

/** Proxies send the whole address. Source: RFC 9112 section 3.2.2. */
function targetOf(incoming: IncomingMessage): string {
  const url = incoming.url ?? "";
  return url.startsWith("/") ? url : url.replace(/^http:\/\/[^/?]*/i, "");
}

function pathOf(incoming: IncomingMessage): string {
  const target = targetOf(incoming);
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
