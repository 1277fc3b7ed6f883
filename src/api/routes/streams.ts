/**
 * What happens, as it happens: changes of keys, and events of the node.
 */
import { z } from "zod";
import type { NodeFacade, Watch } from "../../node/facade.ts";
import { emptyAnswer, type Answer } from "../answers.ts";
import { route, type Route, type RouteRequest, type Taken } from "../route.ts";
import type { EventSource, StreamEvent, StreamSource } from "../streams.ts";
import { changeSchema, changeView, eventSchema, eventView, faultSchema } from "../views.ts";

const watch = route({
  method: "GET",
  path: "/v1/watch",
  open: false,
  body: { type: "none" },
  query: z.strictObject({
    prefix: z.string().optional(),
    after: z.string().optional().describe("Resume behind this cursor or position; Last-Event-ID wins over it"),
  }),
  summary: "Changes of keys as server-sent events; Last-Event-ID resumes behind that change",
  answers: {
    200: { meaning: "One event per change", schema: changeSchema, mediaType: "text/event-stream" },
    410: { meaning: "Changes since then are no longer known; list, then watch from now on", schema: faultSchema },
  },
  handle(request) {
    const after = placeIn(request.incoming.headers["last-event-id"], request.query.after);
    return stream(request, (signal) => changes(request.facade, request.query.prefix, after, signal));
  },
});

const events = route({
  method: "GET",
  path: "/v1/events",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "Events of the node as server-sent events: links, peers, trouble",
  answers: { 200: { meaning: "One event each", schema: eventSchema, mediaType: "text/event-stream" } },
  handle(request) {
    return stream(request, (signal) => ({ events: nodeEvents(request.facade, signal) }));
  },
});

export const streamRoutes: readonly Route[] = [watch, events];

async function stream<Query, Body>(request: RouteRequest<Query, Body>, source: StreamSource): Promise<Answer | Taken> {
  if (request.incoming.method === "HEAD") return emptyAnswer(200, { "content-type": "text/event-stream" });
  await request.streams.serve(request.outgoing, source);
  return "taken";
}

/** Opened at once, so that a place from which it cannot go on is an answer and no broken stream. */
function changes(
  facade: NodeFacade,
  prefix: string | undefined,
  after: string | undefined,
  signal: AbortSignal,
): EventSource {
  const watch = facade.watch({
    ...(prefix !== undefined && { prefix }),
    ...(after !== undefined && { after }),
    signal,
  });
  return { events: changeEvents(watch), cursor: () => watch.cursor };
}

async function* changeEvents(watch: Watch): AsyncGenerator<StreamEvent> {
  for await (const change of watch) yield { id: watch.cursor, data: changeView(change, watch.cursor) };
}

async function* nodeEvents(facade: NodeFacade, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  for await (const event of facade.events({ signal })) yield { data: eventView(event) };
}

/** A client that comes back says where by the header; a first one may by the parameter. */
function placeIn(lastEventId: string | string[] | undefined, after: string | undefined): string | undefined {
  return lastEventId === undefined || lastEventId === "" ? after : String(lastEventId);
}
