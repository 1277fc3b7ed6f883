/** Told from facts alone: real links would have to break for minutes. */
import { expect, test } from "vitest";
import { noReach } from "../../test/support/why.ts";
import type { Instant, PeerId } from "../base/brand.ts";
import type { CandidateSnapshot } from "../core/peers/connections/machine.ts";
import type { PeerStatus } from "./facade.ts";
import { explainPeer } from "./why.ts";

const id = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf" as PeerId;
const address = "/ip4/192.0.2.1/tcp/4001";
const now = 1_800_000_000_000 as Instant;
const candidate: CandidateSnapshot = {
  address,
  source: "static",
  peer: id,
  failures: 0,
  dialing: false,
  banned: false,
  flapping: true,
  class: "trusted",
  score: 50,
  breaker: "closed",
  dormant: false,
  inMs: 480_000,
  lastDialAt: undefined,
  lastLinkAt: undefined,
  lastFailure: undefined,
};

function causeOf(code: string, flapping: boolean): readonly [string, string] {
  const peer: PeerStatus = {
    id,
    state: "Disconnected",
    class: "regular",
    score: undefined,
    direction: undefined,
    address,
    source: "static",
    link: undefined,
    rttMs: undefined,
    clockOffsetMs: undefined,
    connectedSince: undefined,
    suspicion: undefined,
    lastError: { code, reason: "reset", at: now },
    nextDialAt: undefined,
    history: [],
  };
  const candidates = [{ ...candidate, flapping }];
  const shown = { peers: [peer], candidates, wanted: [], outboxes: [] };
  const facts = { self: "me" as PeerId, ...shown, banOn: () => undefined, reach: noReach, now };
  const { cause, next } = explainPeer(id, facts);
  return [cause, next];
}

test("a peer whose links break again and again flaps, and it is told what to look at and when it is dialed", () => {
  const [cause, next] = causeOf("closed", true);
  expect(cause).toBe("flapping");
  expect(next).toMatch(/cable.*peers --closed.*The next try is in 480 s/);
});

test("one that broke once, or that said why it left, does not", () => {
  expect([causeOf("closed", false)[0], causeOf("full", true)[0]]).toEqual(["closed", "full"]);
});
