/** Told from facts alone: `test/e2e/detector.test.ts` makes the first cause, `test/net` both. */
import { expect, test } from "vitest";
import { noReach } from "../../test/support/why.ts";
import type { Instant, PeerId } from "../base/brand.ts";
import { describePeers } from "../cli/describe.ts";
import { peerView } from "../api/views.ts";
import type { Explanation, PeerStatus } from "./facade.ts";
import { explainPeer } from "./why.ts";

const id = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf" as PeerId;
const now = 1_800_000_000_000 as Instant;

function silentPeer(kind: "suspected" | "unreachableDirectly"): PeerStatus {
  return {
    id,
    state: "Connected",
    class: "regular",
    score: undefined,
    direction: "outbound",
    address: "/ip4/192.0.2.1/tcp/4001",
    source: "static",
    link: 1,
    rttMs: 1,
    clockOffsetMs: 0,
    connectedSince: (now - 60_000) as Instant,
    suspicion: { kind, since: (now - 2_000) as Instant },
    lastError: undefined,
    nextDialAt: undefined,
    history: [],
  };
}

function explain(peer: PeerStatus): Explanation {
  return explainPeer(id, {
    self: "me" as PeerId,
    peers: [peer],
    candidates: [],
    outboxes: [],
    wanted: [],
    banOn: () => undefined,
    reach: noReach,
    now,
  });
}

test("a linked peer that gives no sign of life is suspected, since when, and what follows", () => {
  const { cause, conclusion, next } = explain(silentPeer("suspected"));
  expect(cause).toBe("suspected");
  expect(conclusion).toContain("no sign of life since 2 s ago");
  expect(next).toContain("After 5 s more of silence the link is closed and made anew.");
});

test("one that another member reaches is unreachable directly", () => {
  const { cause, next } = explain(silentPeer("unreachableDirectly"));
  expect(cause).toBe("unreachableDirectly");
  expect(next).toContain("what lies between the two");
});

test("the table of peers shows the silence instead of the state", () => {
  const plain = (text: string): string => text;
  const table = (kind: "suspected" | "unreachableDirectly"): string =>
    describePeers([peerView(silentPeer(kind))], plain);
  expect(table("suspected")).toMatch(/suspected since \d\d:\d\d:\d\d/);
  expect(table("unreachableDirectly")).toMatch(/out of reach since \d\d:\d\d:\d\d/);
});
