/** What `/health` says of a node that was away, or is apart from others. */
import { expect, test } from "vitest";
import type { Instant, PeerId } from "../base/brand.ts";
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import { judgeHealth } from "./health.ts";

const at = 1 as Instant;
const peer = "12D3KooWone" as PeerId;
const linked = [{ peer, link: 1, clockOffsetMs: undefined }];

type Standing = Pick<ReplicaSnapshot, "age" | "apart" | "reconciledAt" | "admitted">;
const order: Standing = { age: "current", apart: [], reconciledAt: at, admitted: linked };

test.each<[string, Partial<Standing>, "ok" | "degraded", RegExp]>([
  ["a current node", {}, "ok", /^current$/],
  ["a new one", { age: "young", reconciledAt: undefined }, "ok", /^young$/],
  ["one that never met anybody", { age: "stale", reconciledAt: undefined, admitted: [] }, "ok", /no other member/],
  [
    "one that was away, alone",
    { age: "stale", admitted: [] },
    "degraded",
    /link a member that was not .*p2p-sync stale/,
  ],
  ["one that was away, linked", { age: "stale" }, "degraded", /no current member .*p2p-sync stale/],
  [
    "one that is apart",
    { apart: [{ peer, entries: 7, at }] },
    "degraded",
    /a peer does not take \(7\).* p2p-sync adopt PEER/,
  ],
  [
    "one that is apart from two",
    { apart: [7, 9].map((entries) => ({ peer, entries, at })) },
    "degraded",
    /2 peers do not take \(up to 9\)/,
  ],
])("%s", (_, change, status, message) => {
  const snapshot = { heldBack: 0, clock: { offsetMs: 0, doubted: false }, ...order, ...change } as ReplicaSnapshot;
  const health = judgeHealth({
    snapshot,
    configuredPeers: 0,
    listening: ["/ip4/127.0.0.1/tcp/1"],
    mdnsFailure: undefined,
    limits: [],
    network: { level: "healthy", causes: [], linked: 0, known: 0 },
    diskFreeBytes: 2 ** 40,
  });
  expect(health.status).toBe(status);
  expect(health.checks.find(({ name }) => name === "freshness")).toMatchObject({
    status,
    message: expect.stringMatching(message),
  });
});
