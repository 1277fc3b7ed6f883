/**
 * The JSON forms of rules about peers and of links that ended. What is not known is null, never absent.
 */
import { z } from "zod";
import type { ClosedLink, PeerRule } from "../node/peers-facade.ts";
import { rfc3339 } from "./views.ts";

const time = z.string().describe("RFC 3339, UTC");

export const ruleSchema = z.object({
  target: z.string().describe("A peer id, an IP address or a range of them"),
  kind: z.enum(["ban", "allow"]),
  source: z.enum(["operator", "automatic"]),
  reason: z.string(),
  since: time,
  until: time.nullable().describe("null where it holds until somebody lifts it"),
  offences: z.number().int().describe("Automatic bans so far: each is longer than the one before"),
});

export const rulesSchema = z.object({ rules: z.array(ruleSchema) });

export const closedSchema = z.object({
  closed: z.array(
    z.object({
      link: z.number().int(),
      peer: z.string(),
      address: z.string(),
      direction: z.enum(["inbound", "outbound"]),
      at: time,
      lastedSeconds: z.number().nullable().describe("null where it was never admitted"),
      by: z.enum(["us", "them", "nobody"]).describe("Who said goodbye; nobody where the link broke"),
      code: z.string(),
      reason: z.string(),
    }),
  ),
});

export type RulesView = z.infer<typeof rulesSchema>;
export type ClosedView = z.infer<typeof closedSchema>;

export function rulesView(rules: readonly PeerRule[]): RulesView {
  return {
    rules: rules.map(({ since, until, ...rest }) => ({
      ...rest,
      since: rfc3339(since),
      until: until === undefined ? null : rfc3339(until),
    })),
  };
}

export function closedView(closed: readonly ClosedLink[]): ClosedView {
  return {
    closed: closed.map(({ at, lastedMs, ...rest }) => ({
      ...rest,
      at: rfc3339(at),
      lastedSeconds: lastedMs === undefined ? null : lastedMs / 1_000,
    })),
  };
}
