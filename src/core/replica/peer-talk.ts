/** What linked members say of other peers (`codec/peers.ts`), given to the machine it is for. */
import type { PeerId } from "../../base/brand.ts";
import { type PeersMessage, encodePeers } from "../../codec/peers.ts";
import type { LinkId } from "../../ports/network.ts";
import type { Parts, Step } from "./parts.ts";

export function takePeersMessage(link: LinkId, _peer: PeerId, message: PeersMessage, _parts: Parts, step: Step): void {
  switch (message.type) {
    case "probe":
      sendPeers(link, { type: "probed", number: message.number }, step);
      break;
    default:
      break;
  }
}

export function sendPeers(link: LinkId, message: PeersMessage, { out }: Step): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "peers", frame: encodePeers(message) } });
}
