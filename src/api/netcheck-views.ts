/** The JSON form of a check of the network. What is not known is null, never absent. */
import { z } from "zod";
import type { NetCheck } from "../node/netcheck.ts";
import { healthSchema } from "./views.ts";

const family = z.enum(["v4", "v6"]);
const count = z.number().int();

export const netCheckSchema = z.object({
  status: z.enum(["ok", "degraded"]),
  reach: z.object({
    verdict: z.enum(["reachable", "behindNat", "unreachable", "unknown"]),
    reason: z.string(),
    next: z.string(),
  }),
  interfaces: z.array(
    z.object({ name: z.string(), family, address: z.string(), internal: z.boolean(), announced: z.boolean() }),
  ),
  announced: z.array(z.string()),
  observed: z
    .array(z.object({ address: z.string(), peers: count, networks: count, own: z.boolean() }))
    .describe("Where peers see this node, outside local networks; believed where two networks agree"),
  ports: z.array(z.object({ port: count, listeners: count, connections: count })).nullable(),
  descriptors: z.object({ open: count, limit: count.nullable() }).nullable(),
  routes: z.array(z.object({ family, interface: z.string() })).nullable(),
  mdns: z
    .object({
      enabled: z.boolean(),
      places: z.array(
        z.object({
          ...{ interface: z.string(), family, loopback: z.boolean(), sent: count, echoes: count, heard: count },
          ...{ lastHeardAt: z.number().nullable(), failure: z.string().nullable() },
        }),
      ),
      otherNetworks: z.object({ nodes: count, names: z.array(z.string()) }),
    })
    .describe("What mDNS sent and heard; echoes are our own announcements: without them something here drops them"),
  checks: healthSchema.shape.checks,
});

export type NetCheckView = z.infer<typeof netCheckSchema>;

export function netCheckView(found: NetCheck): NetCheckView {
  const { descriptors, ports, routes } = found;
  return {
    ...found,
    reach: { ...found.reach },
    interfaces: found.interfaces.map((each) => ({ ...each })),
    announced: [...found.announced],
    observed: found.observed.map((each) => ({ ...each })),
    ports: ports?.map((each) => ({ ...each })) ?? null,
    descriptors: descriptors === undefined ? null : { open: descriptors.open, limit: descriptors.limit ?? null },
    routes: routes?.map((each) => ({ ...each })) ?? null,
    mdns: {
      ...found.mdns,
      places: found.mdns.places.map((place) => ({
        ...place,
        lastHeardAt: place.lastHeardAt ?? null,
        failure: place.failure ?? null,
      })),
      otherNetworks: { ...found.mdns.otherNetworks, names: [...found.mdns.otherNetworks.names] },
    },
    checks: found.checks.map((each) => ({ ...each })),
  };
}
