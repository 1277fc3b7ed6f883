/** Our protocols as they are negotiated; all but admission are those of one network. */
import type { LinkProtocol } from "../../ports/network.ts";

/** `scope` is the beginning of the network's id. */
export function protocolNamesOf(scope: string): Readonly<Record<LinkProtocol, string>> {
  return {
    admit: "/p2p-sync/admit/1",
    ack: `/p2p-sync/${scope}/ack/1`,
    frontier: `/p2p-sync/${scope}/frontier/1`,
    walk: `/p2p-sync/${scope}/walk/1`,
    peers: `/p2p-sync/${scope}/peers/1`,
  };
}
