/** How a check of the network reads. */
import { expect, test } from "vitest";
import type { NetCheckView } from "../api/netcheck-views.ts";
import { describeNetcheck } from "./describe-netcheck.ts";

const view: NetCheckView = {
  status: "degraded",
  reach: { verdict: "behindNat", reason: "peers see another address", next: "Name a relay." },
  interfaces: [{ name: "eth0", family: "v4", address: "10.0.0.5", internal: false, announced: true }],
  announced: [],
  observed: [],
  ports: null,
  descriptors: null,
  routes: null,
  mdns: { enabled: true, places: [], otherNetworks: { nodes: 0, names: [] } },
  checks: [
    { name: "open files", status: "ok", message: "20 of 1024" },
    { name: "NAT", status: "degraded", message: "yes" },
  ],
};

test("the verdict comes first, with what to do, then tables", () => {
  expect(describeNetcheck(view, (text) => text)).toBe(`behind NAT: peers see another address
Name a relay.

INTERFACE  FAMILY  ADDRESS   ANNOUNCED
eth0       IPv4    10.0.0.5  yes

CHECK       STATUS    WHAT
open files  ok        20 of 1024
NAT         degraded  yes
`);
});
