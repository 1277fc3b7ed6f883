/**
 * Operators' questions: whether all members are equal.
 */
import { z } from "zod";
import { jsonAnswer } from "../answers.ts";
import { convergenceSchema, convergenceView } from "../insight-views.ts";
import { limits } from "../limits.ts";
import { route, type Route } from "../route.ts";

const converged = route({
  method: "GET",
  path: "/v1/converged",
  open: false,
  query: z.strictObject({
    waitMs: z.coerce
      .number()
      .int()
      .min(0)
      .max(limits.convergenceWaitMsMax)
      .optional()
      .describe("How long to go on asking until all are equal; without it each member is asked once"),
  }),
  body: { type: "none" },
  summary: "Whether all reachable members hold what this node holds, now; if not, who lags and by how much",
  answers: { 200: { meaning: "What each member told", schema: convergenceSchema } },
  async handle({ facade, query, outgoing }) {
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    const { waitMs = 0 } = query;
    return jsonAnswer(convergenceView(await facade.converged({ waitMs, signal: gone.signal }), Date.now()));
  },
});

export const insightRoutes: readonly Route[] = [converged];
