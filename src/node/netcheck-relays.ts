/**
 * What a check of the network says of the ways in that are not one's own: a port that the router forwards, places at
 * relays, and of each peer that is linked by way of a relay, why it is not linked directly.
 */
import { isRelayed, relayOf } from "../base/relayed-address.ts";
import type { CandidateSnapshot } from "../core/peers/connections/machine.ts";
import type { ReachSnapshot } from "../core/peers/reach/machine.ts";
import type { MappingState } from "../drivers/system/port-mapping/port-mapper.ts";
import type { NetworkFinding, SeenLink } from "./network-finding.ts";

export interface RelayFacts {
  readonly reach: ReachSnapshot;
  readonly mapping: MappingState;
  /** As `p2p.relay` has it. */
  readonly relay: "off" | "use" | "serve" | "both";
  /** Members that this node relays. */
  readonly guests: number;
  readonly circuits: number;
  readonly candidates: readonly CandidateSnapshot[];
}

export function mappingCheck({ mapping, reach }: RelayFacts): NetworkFinding {
  const name = "port mapping";
  switch (mapping.type) {
    case "off":
      return { name, status: "ok", message: `none: ${mapping.reason}` };
    case "asking":
      return { name, status: "ok", message: "the router is being asked" };
    case "mapped":
      if (mapping.isPublic) return { name, status: "ok", message: `${mapping.address}, by ${mapping.by}` };
      return {
        name,
        status: "degraded",
        message: `${mapping.address} by ${mapping.by} is no address of the internet: the router is behind another one`,
      };
    case "failed": {
      const status = reach.verdict === "unreachable" ? "degraded" : "ok";
      return { name, status, message: `none: ${mapping.reason}` };
    }
  }
}

export function relaysCheck({ reach, relay, guests, circuits }: RelayFacts): NetworkFinding {
  const held = reach.places.filter(({ refused }) => refused === undefined).map(({ peer }) => peer);
  const refused = reach.places.flatMap((place) =>
    place.refused === undefined ? [] : [`${place.peer}: ${place.refused}`],
  );
  const uses = relay === "use" || relay === "both";
  const isNeeded = reach.verdict === "unreachable";
  const own =
    held.length > 0
      ? `reached by way of ${held.join(" and ")}`
      : !isNeeded
        ? "no place needed"
        : !uses
          ? "needed, but p2p.relay does not use any"
          : `needed, but no linked member has a place${refused.length === 0 ? "" : ` (${refused.join("; ")})`}`;
  const serves = relay === "serve" || relay === "both";
  const others = serves
    ? `relays ${guests === 1 ? "1 member" : `${guests} members`}, ${circuits} circuits`
    : "relays nobody";
  return { name: "relays", status: isNeeded && held.length === 0 ? "degraded" : "ok", message: `${own}; ${others}` };
}

/** One for each peer that is linked by way of a relay. */
export function relayedChecks(links: readonly SeenLink[], facts: RelayFacts): readonly NetworkFinding[] {
  const relayed = links.filter(({ standing, address }) => standing && isRelayed(address));
  return relayed.map(({ peer, address }) => {
    const by = relayOf(address)?.peer ?? "a relay";
    return { name: "relayed", status: "ok", message: `${peer} by way of ${by}: ${whyRelayed(peer, facts)}` };
  });
}

/** Why no direct link takes the place of the relayed one. */
export function whyRelayed(peer: string, { candidates, reach }: Pick<RelayFacts, "candidates" | "reach">): string {
  const direct = candidates.filter((each) => each.peer === peer && !isRelayed(each.address));
  if (direct.some(({ dialing }) => dialing)) return "a direct link is being tried";
  const failed = direct.flatMap(({ address, lastFailure }) =>
    lastFailure === undefined ? [] : [`${address} (${lastFailure.failure})`],
  );
  const theirs =
    failed.length > 0
      ? `it cannot be dialed at ${failed.join(", ")}`
      : "it told no address at which it can be dialed from here, so it is behind a NAT or firewall";
  if (reach.verdict === "reachable") return `${theirs}, and has not dialed this node directly yet`;
  if (reach.verdict === "unknown") return `${theirs}; whether others can dial this node is not known`;
  return `${theirs}, and nobody can dial this node either. Over TCP two such sides cannot meet; ${oneSide}`;
}

const oneSide = "if one of them forwards a port, a direct link follows by itself";
