/** Told from facts alone: `test/net/nat.test.ts` makes relayed links among real nodes. */
import { expect, test } from "vitest";
import { noReach } from "../../test/support/why.ts";
import type { Instant, PeerId } from "../base/brand.ts";
import type { CandidateSnapshot } from "../core/peers/connections/machine.ts";
import type { ReachSnapshot } from "../core/peers/reach/machine.ts";
import type { Explanation, PeerStatus } from "./facade.ts";
import { explainPeer } from "./why.ts";

const id = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf" as PeerId;
const relay = "12D3KooWJBtyTDHfGAkFUkQgkUmSR7f5JNLhSGFvMVcCoJNMEAHd" as PeerId;
const now = 1_800_000_000_000 as Instant;
const relayed = `/ip4/8.0.0.1/tcp/1/p2p/${relay}/p2p-circuit/p2p/${id}`;

const linked: PeerStatus = {
  ...{ id, state: "Connected", class: "regular", score: undefined, direction: "outbound", source: "told", link: 1 },
  ...{ address: relayed, rttMs: 1, clockOffsetMs: 0, connectedSince: (now - 60_000) as Instant, history: [] },
  ...{ suspicion: undefined, lastError: undefined, nextDialAt: undefined },
};

function candidate(address: string, failure: NonNullable<CandidateSnapshot["lastFailure"]>): CandidateSnapshot {
  return {
    ...{ address, source: "told", peer: id, class: "regular", score: undefined, breaker: "closed", failures: 1 },
    ...{ dialing: false, banned: false, dormant: false, flapping: false, inMs: 5_000 },
    ...{ lastDialAt: (now - 5_000) as Instant, lastLinkAt: undefined, lastFailure: failure },
  };
}

function explain(
  peer: PeerStatus,
  candidates: readonly CandidateSnapshot[] = [],
  reach: ReachSnapshot = noReach,
): Explanation {
  const others = { outboxes: [], wanted: [], banOn: () => undefined } as const;
  return explainPeer(id, { self: "me" as PeerId, peers: [peer], candidates, ...others, reach, now });
}

test("of a relayed peer is said by way of whom it is linked, and why not directly", () => {
  const behindNat = explain(linked, [], { ...noReach, verdict: "unreachable" });
  expect(behindNat.cause).toBe("connected");
  expect(behindNat.conclusion).toContain(`By way of ${relay}, not directly: it told no address`);
  expect(behindNat.conclusion).toContain("nobody can dial this node either");
  const direct = `/ip4/9.9.9.9/tcp/1/p2p/${id}`;
  const failing = explain(linked, [candidate(direct, { failure: "timeout", detail: "" })]);
  expect(failing.conclusion).toContain(`it cannot be dialed at ${direct} (timeout)`);
});

test("of a directly linked peer nothing is said of relays, but whether it is one for this node", () => {
  const direct = { ...linked, address: `/ip4/9.9.9.9/tcp/1/p2p/${id}` };
  expect(explain(direct).conclusion).toMatch(/^Connected since [^ ]+, outbound\.$/);
  const refusing = explain(direct, [], { ...noReach, places: [{ peer: id, refused: "it has no place left" }] });
  expect(refusing.facts).toContainEqual({ name: "place as a relay", text: "refused: it has no place left" });
  const serving = explain(direct, [], { ...noReach, places: [{ peer: id, refused: undefined }] });
  expect(serving.facts).toContainEqual({ name: "place as a relay", text: "this node has one" });
});

test("of a peer to which its relay gave no circuit is said that, with the relay's reason", () => {
  const refused = { failure: "relayRefused", detail: "relay: it has too many circuits already" } as const;
  const { cause, conclusion, next } = explain({ ...linked, state: "Failed" }, [candidate(relayed, refused)]);
  expect(cause).toBe("relayRefused");
  expect(conclusion).toContain("Its relay refused: relay: it has too many circuits already");
  expect(next).toContain("a port that either side forwards does");
});
