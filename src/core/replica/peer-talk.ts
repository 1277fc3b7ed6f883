/** What linked members say of other peers (`codec/peers.ts`), given to the machine it is for. */
import type { PeerId } from "../../base/brand.ts";
import { type PeersMessage, encodePeers } from "../../codec/peers.ts";
import type { LinkId } from "../../ports/network.ts";
import type { Parts, Step } from "./parts.ts";

export function takePeersMessage(link: LinkId, peer: PeerId, message: PeersMessage, parts: Parts, step: Step): void {
  switch (message.type) {
    case "probe":
      sendPeers(link, { type: "probed", number: message.number }, step);
      break;
    case "askView":
      parts.views.step({ type: "asked", link, peer, message }, parts.admission, step.now, step.out);
      break;
    case "view":
      parts.views.step({ type: "told", link, peer, message }, parts.admission, step.now, step.out);
      break;
    default:
      break;
  }
}

export function sendPeers(link: LinkId, message: PeersMessage, { out }: Step): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "peers", frame: encodePeers(message) } });
}
