/** Finding peers by their ids: what the machine concludes is told to those that dial and that close. */
import type { PeerId } from "../../base/brand.ts";
import type { LinkId } from "../../ports/network.ts";
import type { Outcome } from "../effects.ts";
import { wantedPeersMax } from "../peers/routing/limits.ts";
import type { RoutingFact, RoutingInput } from "../peers/routing/machine.ts";
import { type Parts, type Step, tell } from "./parts.ts";
import { refusal } from "./writer.ts";

/** Returns the links that were only made to ask the way, and are not wanted further. */
export function stepRouting(input: RoutingInput, parts: Parts, step: Step): readonly LinkId[] {
  const facts = parts.routing.step(input, step.now, step.out);
  for (const fact of facts) passOnRouting(fact, parts, step);
  return facts.flatMap((fact) => (fact.type === "spare" && parts.connections.isSpare(fact.link) ? [fact.link] : []));
}

/** The user wants a link to a peer of which only the id is known. */
export function wantPeer(peer: PeerId, parts: Parts, step: Step): Outcome {
  if (peer === parts.self) return refusal("invalid_address", "that is this node itself");
  if (!parts.routing.enabled)
    return refusal(
      "invalid_address",
      "p2p.dht is off here, so a peer cannot be found by its id: name an address of it",
    );
  if (!parts.routing.want(peer, step.now))
    return refusal("overloaded", `${wantedPeersMax} peers are looked for already: p2p-sync peer forget drops one`);
  stepRouting({ type: "timePassed" }, parts, step);
  return { type: "done" };
}

/** The peer meant by an address that is nothing but its id. */
export function peerAlone(address: string): PeerId | undefined {
  const peer = /^\/p2p\/([^/]+)$/.exec(address)?.[1];
  return peer as PeerId | undefined;
}

function passOnRouting(fact: RoutingFact, parts: Parts, step: Step): void {
  switch (fact.type) {
    case "candidate": {
      const { peer } = fact;
      const address = `${fact.address}/p2p/${peer}`;
      parts.connections.step({ type: "candidateFound", address, peer, source: "lookup" }, step.now, step.out);
      break;
    }
    case "spare":
      break;
    case "lookupEnded":
      tell(fact, step);
      break;
  }
}
