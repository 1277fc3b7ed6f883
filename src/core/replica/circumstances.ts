/**
 * What happens around the node rather than on one link: silence that the failure detector judges,
 * sleep of the machine, other addresses, and whether others reach it.
 */
import type { NetworkEvent } from "../../ports/network.ts";
import type { DetectorInput } from "../peers/detector/machine.ts";
import { stepAdmission } from "./links.ts";
import { type Parts, type Step, tell } from "./parts.ts";
import { stepRouting } from "./routing-steps.ts";

/** Steps the failure detector, and closes the links that it gives up. */
export function stepDetector(input: DetectorInput, parts: Parts, step: Step): void {
  for (const { link, silentMs } of parts.detector.step(input, step.now, step.out)) {
    const reason = `no sign of life for ${(silentMs / 1_000).toFixed(1)} s`;
    stepAdmission({ type: "expelled", link, code: "stale", reason, retryAfterSeconds: 0 }, parts, step);
  }
}

/** After a sleep, or on another network, all that was concluded from failures is old. */
export function takeCircumstances(
  event: Extract<NetworkEvent, { type: "resumed" | "addressesChanged" }>,
  parts: Parts,
  step: Step,
): void {
  tell(event, step);
  if (event.type === "resumed") stepDetector({ type: "resumed" }, parts, step);
  parts.connections.step({ type: "circumstancesChanged" }, step.now, step.out);
  parts.reach.step({ type: "circumstancesChanged" }, step.now, step.out);
}

/** Where this node can be reached, and who is reached by way of it. */
export function takeReach(
  event: Extract<NetworkEvent, { type: "listening" | "guestsChanged" | "reserved" | "probed" }>,
  parts: Parts,
  step: Step,
): void {
  switch (event.type) {
    case "listening":
      parts.exchange.listening(event.addresses);
      stepRouting(event, parts, step);
      parts.reach.step(event, step.now, step.out);
      break;
    case "guestsChanged":
      parts.exchange.guestsChanged(event.guests);
      break;
    case "reserved":
      parts.reach.step(event, step.now, step.out);
      break;
    case "probed":
      parts.dialBacks.probed(event.number, event.failure, step.out);
      break;
  }
}
