/**
 * What happens, as it happens: changes of keys, and events of the node.
 */
import { z } from "zod";
import { Fault } from "../../base/fault.ts";
import type { NodeEvent, NodeFacade } from "../../node/facade.ts";
import { eventQueue } from "../event-queue.ts";
import { emptyAnswer, type Answer } from "../answers.ts";
import { limits } from "../limits.ts";
import { route, type Route, type RouteRequest, type Taken } from "../route.ts";
import type { StreamEvent, StreamSource } from "../streams.ts";
import { changeSchema, changeView, eventSchema, eventView } from "../views.ts";

const watch = route({
  method: "GET",
  path: "/v1/watch",
  open: false,
  body: { type: "none" },
  query: z.strictObject({ prefix: z.string().optional() }),
  summary: "Changes of keys as server-sent events; Last-Event-ID resumes behind that change",
  answers: { 200: { meaning: "One event per change", schema: changeSchema, mediaType: "text/event-stream" } },
  handle(request) {
    const after = positionOf(request.incoming.headers["last-event-id"]);
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
    return stream(request, (signal) => nodeEvents(request.facade, signal));
  },
});

export const streamRoutes: readonly Route[] = [watch, events];

async function stream<Query, Body>(request: RouteRequest<Query, Body>, source: StreamSource): Promise<Answer | Taken> {
  if (request.incoming.method === "HEAD") return emptyAnswer(200, { "content-type": "text/event-stream" });
  await request.streams.serve(request.outgoing, source);
  return "taken";
}

async function* changes(
  facade: NodeFacade,
  prefix: string | undefined,
  after: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const options = { ...(prefix !== undefined && { prefix }), ...(after !== undefined && { after }), signal };
  for await (const change of facade.watch(options)) yield { id: change.position, data: changeView(change) };
}

async function* nodeEvents(facade: NodeFacade, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  const queue = eventQueue<NodeEvent>((listener) => facade.onEvent(listener), limits.eventsQueuedMax, signal);
  for await (const event of queue) yield { data: eventView(event) };
}

function positionOf(lastEventId: string | string[] | undefined): number | undefined {
  if (lastEventId === undefined || lastEventId === "") return undefined;
  const position = Number(lastEventId);
  if (!/^[0-9]{1,16}$/.test(String(lastEventId)) || !Number.isSafeInteger(position)) {
    throw new Fault("invalid_argument", "Last-Event-ID must be the id of an event of this stream.", {
      field: "Last-Event-ID",
    });
  }
  return position;
}
