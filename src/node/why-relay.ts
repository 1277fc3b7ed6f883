/** What relays have to do with a peer: why a link to it is not direct, and whether it relays for this node. */
import { relayOf } from "../base/relayed-address.ts";
import type { CandidateSnapshot } from "../core/peers/connections/machine.ts";
import type { ReachSnapshot } from "../core/peers/reach/machine.ts";
import type { Explanation, ExplanationFact, PeerStatus } from "./facade.ts";
import { whyRelayed } from "./netcheck-relays.ts";

interface Relays {
  readonly candidates: readonly CandidateSnapshot[];
  readonly reach: ReachSnapshot;
}

/** The explanation with the reason for which a link that stands is relayed, and with the place at this peer. */
export function withRelays(explanation: Explanation, peer: PeerStatus | undefined, relays: Relays): Explanation {
  if (peer?.id === undefined) return explanation;
  const facts = [...explanation.facts, ...placeFacts(peer.id, relays.reach)];
  const relay = peer.address === undefined ? undefined : relayOf(peer.address)?.peer;
  if (explanation.cause !== "connected" || relay === undefined) return { ...explanation, facts };
  const conclusion = `${explanation.conclusion} By way of ${relay}, not directly: ${whyRelayed(peer.id, relays)}.`;
  return { ...explanation, conclusion, facts };
}

function placeFacts(peer: string, { places }: ReachSnapshot): readonly ExplanationFact[] {
  const place = places.find((each) => each.peer === peer);
  if (place === undefined) return [];
  const text = place.refused === undefined ? "this node has one" : `refused: ${place.refused}`;
  return [{ name: "place as a relay", text }];
}
