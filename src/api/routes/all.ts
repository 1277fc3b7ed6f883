/**
 * Every route of the API.
 */
import { z } from "zod";
import { type Answer, jsonAnswer } from "../answers.ts";
import { openApiDocument } from "../openapi.ts";
import { route, type Route } from "../route.ts";
import { batchRoutes } from "./batch.ts";
import { entryRoutes } from "./entries.ts";
import { insightRoutes } from "./insight.ts";
import { nodeRoutes } from "./node.ts";
import { peerRoutes } from "./peers.ts";
import { proofRoutes } from "./proof.ts";
import { staleRoutes } from "./stale.ts";
import { streamRoutes } from "./streams.ts";

const openApi: Route = route({
  method: "GET",
  path: "/v1/openapi.json",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "This API as an OpenAPI 3.1 document",
  answers: { 200: { meaning: "The document", mediaType: "application/json" } },
  handle: ({ version }) => documentOf(version),
});

/** Written once: making it of all schemas takes 37 ms of the processor. Source: measured. */
let written: { readonly version: string; readonly answer: Answer } | undefined;

function documentOf(version: string): Answer {
  if (written?.version !== version) written = { version, answer: jsonAnswer(openApiDocument(allRoutes, version)) };
  return written.answer;
}

export const allRoutes: readonly Route[] = [
  ...entryRoutes,
  ...batchRoutes,
  ...streamRoutes,
  ...proofRoutes,
  ...peerRoutes,
  ...insightRoutes,
  ...staleRoutes,
  ...nodeRoutes,
  openApi,
];
