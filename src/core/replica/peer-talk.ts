/** What linked members say of other peers (`codec/peers.ts`), given to the machine it is for. */
import type { PeerId } from "../../base/brand.ts";
import { isRelayed } from "../../base/relayed-address.ts";
import { type PeersMessage, encodePeers } from "../../codec/peers.ts";
import type { LinkId } from "../../ports/network.ts";
import { stepDetector } from "./circumstances.ts";
import type { RoutingMessage } from "../peers/routing/machine.ts";
import { stepAdmission } from "./links.ts";
import { stepRouting } from "./routing-steps.ts";
import { type Parts, type Step, tell } from "./parts.ts";

const onlyAsked = "we only asked the way to another peer";

export function takePeersMessage(link: LinkId, peer: PeerId, message: PeersMessage, parts: Parts, step: Step): void {
  switch (message.type) {
    case "probe":
      sendPeers(link, { type: "probed", number: message.number }, step);
      break;
    case "askPeers": {
      const answer = parts.exchange.answer(link, message.number, step.now);
      if (answer !== undefined) sendPeers(link, answer, step);
      break;
    }
    case "knownPeers": {
      const addresses = parts.exchange.told(link, message.number, message.peers, step.now, step.out);
      if (addresses > 0) tell({ type: "addressesTold", peer, addresses }, step);
      takeDirectAddresses(link, peer, message, parts, step);
      parts.connections.step({ type: "timePassed" }, step.now, step.out);
      break;
    }
    case "askDialBack": {
      const address = addressOf(link, parts);
      parts.dialBacks.asked({ link, peer, address }, message.number, message.ports, step.now, step.out);
      break;
    }
    case "dialedBack": {
      const { number, outcome } = message;
      parts.reach.step({ type: "dialedBack", link, number, outcome }, step.now, step.out);
      break;
    }
    case "askView":
      parts.views.step({ type: "asked", link, peer, message }, parts.admission, step.now, step.out);
      break;
    case "view":
      parts.views.step({ type: "told", link, peer, message }, parts.admission, step.now, step.out);
      break;
    case "parted":
      tell({ type: "partingExplained", peer, reason: message.reason, agoMs: message.number }, step);
      break;
    case "findPeer":
    case "nearPeers":
      takeRouting(link, message, parts, step);
      break;
    case "probed":
      stepDetector(
        { type: "message", link, message: { type: "probed", number: message.number }, target: undefined },
        parts,
        step,
      );
      break;
    case "probeOther":
      stepDetector({ type: "message", link, message, target: parts.admission.linkOf(message.peer) }, parts, step);
      break;
    case "probedOther":
      stepDetector({ type: "message", link, message, target: undefined }, parts, step);
      break;
    default:
      break;
  }
}

/** Who is linked by way of a relay only is dialed where it says it can be. */
function takeDirectAddresses(
  link: LinkId,
  peer: PeerId,
  { peers }: Extract<PeersMessage, { type: "knownPeers" }>,
  parts: Parts,
  step: Step,
): void {
  if (!isRelayed(addressOf(link, parts))) return;
  for (const known of peers) {
    if (known.peer !== peer || isRelayed(known.address) || !parts.exchange.isTellable(known.address, link)) continue;
    const address = `${known.address}/p2p/${peer}`;
    parts.connections.step({ type: "candidateFound", address, peer, source: "told" }, step.now, step.out);
  }
}

function addressOf(link: LinkId, { admission }: Parts): string {
  return admission.links().find((each) => each.link === link)?.address ?? "";
}

function takeRouting(link: LinkId, message: RoutingMessage, parts: Parts, step: Step): void {
  const goodbye = { code: "other", reason: onlyAsked, retryAfterSeconds: 0 } as const;
  for (const spare of stepRouting({ type: "message", link, message }, parts, step))
    stepAdmission({ type: "expelled", link: spare, ...goodbye }, parts, step);
}

/** Asks those for addresses whose turn it is. */
export function askForPeers(parts: Parts, step: Step): void {
  for (const { link, message } of parts.exchange.due(step.now)) sendPeers(link, message, step);
}

export function sendPeers(link: LinkId, message: PeersMessage, { out }: Step): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "peers", frame: encodePeers(message) } });
}
