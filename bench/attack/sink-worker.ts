/**
 * What the attackers of the baseline attack: it accepts everyone, lets them in, reads all and keeps
 * nothing. At nice 19 like them, so that what is missing of the machine is the attackers' share.
 */
import type { Connection, Stream } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { setPriority } from "node:os";
import { encodeAdmit } from "../../src/codec/admit.ts";
import { encodeFrame } from "../../src/drivers/libp2p/frame-codec.ts";
import { admitProtocol } from "./hostile-link.ts";

const nicest = 19;
setPriority(nicest);
process.on("disconnect", () => process.exit());
process.on("message", ({ scope }: { readonly scope: string }) => void start(scope));

async function start(scope: string): Promise<void> {
  const node = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: 10_000 })],
    connectionMonitor: { enabled: false },
    connectionManager: {
      inboundConnectionThreshold: 1_000,
      maxConnections: 2_000,
      maxIncomingPendingConnections: 1_000,
    },
  });
  const discard = (stream: Stream): void => stream.addEventListener("message", () => undefined);
  await node.handle(admitProtocol, async (stream, connection) => {
    discard(stream);
    await welcome(connection);
  });
  for (const protocol of ["/meshsub/1.2.0", `/p2p-sync/${scope}/frontier/1`]) await node.handle(protocol, discard);
  process.send?.({ address: node.getMultiaddrs()[0]?.toString() });
}

async function welcome(connection: Connection): Promise<void> {
  const stream = await connection.newStream(admitProtocol);
  stream.send(encodeFrame(encodeAdmit({ type: "welcome" })));
}
