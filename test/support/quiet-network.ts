/** What netcheck finds where nothing is to be found. */
import type { NetCheck } from "../../src/node/netcheck.ts";

export const quietNetwork: NetCheck = {
  status: "ok",
  reach: { verdict: "unknown", reason: "nobody could tell", next: "" },
  interfaces: [{ name: "lo", family: "v4", address: "127.0.0.1", internal: true, announced: false }],
  announced: [],
  observed: [],
  ports: undefined,
  descriptors: { open: 20, limit: 1024 },
  routes: undefined,
  mdns: { enabled: false, places: [], otherNetworks: { nodes: 0, names: [] } },
  checks: [{ name: "open files", status: "ok", message: "20 of 1024" }],
};
