/** What a link costs now, from its own counts, its streams and what carries it. */
import type { LinkResources } from "../../ports/link-resources.ts";
import type { Link } from "./link.ts";
import type { RawConnection } from "./raw-connections.ts";

export function resourcesOf(link: Link, { direction, carrier }: RawConnection): LinkResources {
  const { id, peer, connection, gate, usage, queuedBytes, untakenBytes, observedAs } = link;
  const held = connection.streams.reduce((sum, stream) => sum + stream.writeBufferLength, 0);
  return {
    link: id,
    peer,
    direction,
    address: connection.remoteAddr.toString(),
    observedAs,
    openedAt: usage.openedAt,
    admitted: gate === "admitted",
    sent: { ...usage.sent },
    received: { ...usage.received },
    socket: { sentBytes: carrier.bytesWritten, receivedBytes: carrier.bytesRead },
    streams: connection.streams.length,
    queuedBytes: queuedBytes + held,
    untakenBytes,
  };
}
