/** What linked members say of other peers (`codec/peers.ts`), given to the machine it is for. */
import type { PeerId } from "../../base/brand.ts";
import { type PeersMessage, encodePeers } from "../../codec/peers.ts";
import type { LinkId } from "../../ports/network.ts";
import { stepDetector } from "./circumstances.ts";
import type { Parts, Step } from "./parts.ts";

export function takePeersMessage(link: LinkId, _peer: PeerId, message: PeersMessage, parts: Parts, step: Step): void {
  switch (message.type) {
    case "probe":
      sendPeers(link, { type: "probed", number: message.number }, step);
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

export function sendPeers(link: LinkId, message: PeersMessage, { out }: Step): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "peers", frame: encodePeers(message) } });
}
