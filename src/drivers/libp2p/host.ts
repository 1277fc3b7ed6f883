/**
 * The libp2p instance: transports, encryption, yamux, identify, ping and gossip, with limits, and with
 * everything off that would act by itself. Its dial queue is out of use: it dials through our
 * transports, which refuse, and the gater refuses before that.
 */
import type { GossipSub } from "@libp2p/gossipsub";
import { keys } from "@libp2p/crypto";
import { identify, type Identify } from "@libp2p/identify";
import type { Libp2p, PrivateKey, ServiceMap, Transport } from "@libp2p/interface";
import { noise } from "@libp2p/noise";
import { ping, type Ping } from "@libp2p/ping";
import { tls } from "@libp2p/tls";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import { assert } from "../../base/assert.ts";
import type { NetworkDriverOptions } from "./driver-types.ts";
import type { Gossip } from "./gossip.ts";
import {
  connectionsPerHostMax,
  closeMsMax,
  dialMsMax,
  inboundStreamsMax,
  inboundUpgradeMsMax,
  negotiationMsMax,
  pendingConnectionsMax,
  spareConnections,
  streamReadBytesMax,
  streamWindowBytesMax,
  streamWriteBytesMax,
} from "./limits.ts";
import type { RawConnections } from "./raw-connections.ts";
import type { InputWatch } from "./rates/input-watch.ts";
import { isServed, loadTransports, type MissingTransport } from "./transports.ts";
import { watchedEncrypter, watchedMuxer, WatchedTransport } from "./upgrade-watch.ts";

export interface Host {
  readonly libp2p: Libp2p;
  /** Those in use, in order of preference. */
  readonly transports: readonly WatchedTransport[];
  readonly missing: readonly MissingTransport[];
}

interface Services extends ServiceMap {
  readonly identify: Identify;
  readonly ping: Ping;
  readonly gossip: GossipSub;
}

type Options = Pick<
  NetworkDriverOptions,
  "identitySeed" | "listen" | "announce" | "transports" | "encrypters" | "staleAfterMs" | "linksMax" | "version"
>;

export async function createHost(
  options: Options,
  raws: RawConnections,
  gossip: Gossip,
  watch: InputWatch,
): Promise<Host> {
  const privateKey: PrivateKey = await keys.generateKeyPairFromSeed("Ed25519", options.identitySeed);
  const { factories, missing } = await loadTransports(options.transports, options.staleAfterMs);
  const transports: WatchedTransport[] = [];
  const libp2p = await createLibp2p<Services>({
    start: false,
    privateKey,
    nodeInfo: { name: "p2p-sync", version: options.version, userAgent: `p2p-sync/${options.version}` },
    addresses: {
      listen: options.listen.filter((address) => isServed(address, missing)),
      appendAnnounce: [...options.announce],
    },
    transports: factories.map((factory) => (components): Transport => {
      const transport = new WatchedTransport(factory(components), () => components.upgrader, raws, watch);
      transports.push(transport);
      return transport;
    }),
    connectionEncrypters: options.encrypters.map(
      (name) => (components) => watchedEncrypter((name === "noise" ? noise() : tls())(components), raws),
    ),
    streamMuxers: [() => watchedMuxer(yamux(muxerOptions)(), raws)],
    connectionGater: { denyDialPeer: () => true, denyDialMultiaddr: () => true },
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: options.linksMax + spareConnections,
      maxIncomingPendingConnections: pendingConnectionsMax,
      inboundConnectionThreshold: connectionsPerHostMax,
      inboundUpgradeTimeout: inboundUpgradeMsMax,
      inboundStreamProtocolNegotiationTimeout: negotiationMsMax,
      outboundStreamProtocolNegotiationTimeout: negotiationMsMax,
      connectionCloseTimeout: closeMsMax,
      dialTimeout: dialMsMax,
      reconnectRetries: 0,
    },
    services: {
      identify: identify(),
      ping: ping(),
      gossip: (components) => gossip.create(components),
    },
  });
  assert(transports.length === factories.length, "libp2p makes its transports at once");
  return { libp2p, transports, missing };
}

const muxerOptions = {
  maxInboundStreams: inboundStreamsMax,
  maxOutboundStreams: inboundStreamsMax,
  streamOptions: {
    maxStreamWindowSize: streamWindowBytesMax,
    maxReadBufferLength: streamReadBytesMax,
    maxWriteBufferLength: streamWriteBytesMax,
  },
};
