/** What an operator orders about single peers. */
import type { PeerId } from "../../base/brand.ts";
import { disconnectedSeconds } from "../peers/limits.ts";
import { peerRulesMax } from "../peers/standing/limits.ts";
import { ruleTarget } from "../peers/standing/machine.ts";
import type { Outcome } from "../effects.ts";
import type { PeerOrder } from "./inputs.ts";
import { closeBanned, stepAdmission } from "./links.ts";
import { type Parts, type Step, tell } from "./parts.ts";
import { refusal } from "./writer.ts";

export function takeOrder(order: PeerOrder, parts: Parts, step: Step): void {
  step.out.push({ type: "answer", ticket: order.ticket, outcome: outcomeOf(order, parts, step) });
}

function outcomeOf(order: PeerOrder, parts: Parts, step: Step): Outcome {
  switch (order.type) {
    case "ruleRequested":
      return setRule(order, parts, step);
    case "liftRequested":
      return liftRule(order.target, parts, step);
    case "disconnectRequested":
      return disconnect(order.peer, parts, step);
    case "forgetRequested": {
      const forgotten = parts.connections.forget(order.target, step.out);
      const wasWanted = parts.routing.unwant(order.target as PeerId);
      return forgotten > 0 || wasWanted
        ? { type: "done" }
        : refusal("not_found", `no address of ${order.target} is known here`);
    }
    case "rulesRequested":
      return { type: "peerRules", rules: parts.standing.rules(step.now.wall) };
  }
}

function setRule(
  { kind, target, reason, forMs }: Extract<PeerOrder, { type: "ruleRequested" }>,
  parts: Parts,
  step: Step,
): Outcome {
  const about = ruleTarget(target);
  if (about === undefined)
    return refusal(
      "invalid_argument",
      `${JSON.stringify(target.slice(0, 100))} is no peer id, IP address or range such as 10.0.0.0/8 (no bits behind the prefix)`,
    );
  if (about === parts.self) return refusal("invalid_argument", "that is this node itself");
  if (!parts.standing.order({ kind, target: about, reason, forMs }, step.now.wall, step.out))
    return refusal("overloaded", `${peerRulesMax} rules stand already: lift some with p2p-sync peer unban`);
  if (kind === "ban") tell({ type: "peerBanned", target: about, source: "operator", reason, forMs }, step);
  parts.connections.step({ type: "rulesChanged" }, step.now, step.out);
  closeBanned(parts, step);
  return { type: "done" };
}

function liftRule(target: string, parts: Parts, step: Step): Outcome {
  const about = ruleTarget(target);
  if (about === undefined || !parts.standing.lift(about, step.out))
    return refusal("not_found", `no rule stands about ${JSON.stringify(target.slice(0, 100))}: see p2p-sync peer bans`);
  parts.connections.step({ type: "rulesChanged" }, step.now, step.out);
  return { type: "done" };
}

function disconnect(peer: PeerId, parts: Parts, step: Step): Outcome {
  const links = parts.admission.links().filter((link) => link.peer === peer);
  if (parts.admission.linkOf(peer) === undefined) return refusal("peer_not_connected", `${peer} is not connected`);
  const why = {
    code: "other",
    reason: "the operator closed this link",
    retryAfterSeconds: disconnectedSeconds,
  } as const;
  for (const { link } of links) stepAdmission({ type: "expelled", link, ...why }, parts, step);
  return { type: "done" };
}
