/**
 * The node itself: health for machines, status for people, metrics for Prometheus.
 */
import { z } from "zod";
import { jsonAnswer, textAnswer, type Answer } from "../answers.ts";
import { route, type Route, type RouteRequest } from "../route.ts";
import { statusPage, statusPageHeaders } from "../status-page.ts";
import { diagnosisSchema, diagnosisView } from "../doctor-views.ts";
import { netCheckSchema, netCheckView } from "../netcheck-views.ts";
import { reloadSchema, reloadView } from "../reload-views.ts";
import { Fault } from "../../base/fault.ts";
import { healthSchema, healthView, infoSchema, infoView, statusSchema, statusView } from "../views.ts";

const healthAnswers = {
  200: { meaning: "ok, or degraded but serving", schema: healthSchema },
  503: { meaning: "critical: do not send work here", schema: healthSchema },
};

const health = route({
  method: "GET",
  path: "/health",
  open: true,
  body: { type: "none" },
  summary: "Whether this node is fit for work, with every check",
  answers: healthAnswers,
  handle: answerHealth,
});

const ready = route({
  method: "GET",
  path: "/readyz",
  open: true,
  body: { type: "none" },
  summary: "The same as /health",
  answers: healthAnswers,
  handle: answerHealth,
});

const live = route({
  method: "GET",
  path: "/livez",
  open: true,
  body: { type: "none" },
  summary: "Whether the process answers at all",
  answers: { 200: { meaning: "It does", schema: z.object({ status: z.literal("ok") }) } },
  handle: () => jsonAnswer({ status: "ok" }),
});

const metrics = route({
  method: "GET",
  path: "/metrics",
  open: true,
  body: { type: "none" },
  summary: "Metrics in the Prometheus text format",
  answers: { 200: { meaning: "The metrics", mediaType: "text/plain" } },
  async handle({ facade }) {
    return textAnswer(await facade.metrics(), "text/plain; version=0.0.4; charset=utf-8"); // Source: Prometheus exposition formats
  },
});

const page = route({
  method: "GET",
  path: "/",
  open: true,
  body: { type: "none" },
  summary: "A page for people who open this address in a browser",
  answers: { 200: { meaning: "The page", mediaType: "text/html" } },
  handle: ({ version }) => textAnswer(statusPage(version), "text/html; charset=utf-8", statusPageHeaders),
});

const status = route({
  method: "GET",
  path: "/v1/status",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "What this node holds and how it stands with the network",
  answers: { 200: { meaning: "The status", schema: statusSchema } },
  async handle({ facade }) {
    return jsonAnswer(statusView(await facade.status(), facade.info()));
  },
});

const info = route({
  method: "GET",
  path: "/v1/info",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "What this node is: identity, network, addresses, versions",
  answers: { 200: { meaning: "The info", schema: infoSchema } },
  handle: ({ facade }) => jsonAnswer(infoView(facade.info())),
});

const netcheck = route({
  method: "GET",
  path: "/v1/netcheck",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "What lies between this node and others: interfaces, ports, NAT, reachability",
  answers: { 200: { meaning: "What was found", schema: netCheckSchema } },
  async handle({ facade }) {
    return jsonAnswer(netCheckView(await facade.netcheck()));
  },
});

const doctor = route({
  method: "GET",
  path: "/v1/doctor",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "What is wrong with this node and its machine, and what to do",
  answers: { 200: { meaning: "What was found", schema: diagnosisSchema } },
  async handle({ facade }) {
    return jsonAnswer(diagnosisView(await facade.doctor()));
  },
});

const repairClock = route({
  method: "POST",
  path: "/v1/clock/repair",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "Write again what this node wrote while its clock was too far ahead",
  answers: {
    200: { meaning: "How many entries were written again", schema: z.object({ reissued: z.number().int() }) },
  },
  async handle({ facade }) {
    const { reissued } = await facade.repairClock();
    return jsonAnswer({ reissued });
  },
});

const reload = route({
  method: "POST",
  path: "/v1/config/reload",
  open: false,
  query: z.strictObject({}),
  body: { type: "none" },
  summary: "Read the configuration again and take over what can change while running; an invalid file changes nothing",
  answers: { 200: { meaning: "What became of each changed setting", schema: reloadSchema } },
  handle({ reloadConfig }) {
    if (reloadConfig === undefined) throw new Fault("not_found", "this node was given its configuration by a program");
    return jsonAnswer(reloadView(reloadConfig()));
  },
});

export const nodeRoutes: readonly Route[] = [
  health,
  ready,
  live,
  metrics,
  page,
  status,
  info,
  netcheck,
  doctor,
  repairClock,
  reload,
];

async function answerHealth({ facade }: RouteRequest<unknown, unknown>): Promise<Answer> {
  const view = healthView(await facade.health());
  return jsonAnswer(view, view.status === "critical" ? 503 : 200);
}
