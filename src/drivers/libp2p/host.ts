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
import { yamux } from "@libp2p/yamux";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { assert } from "../../base/assert.ts";
import type { NetworkDriverOptions } from "./driver-types.ts";
import type { Gossip } from "./gossip.ts";
import { lazyTls } from "./lazy-tls.ts";
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
import { Circuits } from "./relay/circuits.ts";
import { isServed, loadTransports, type MissingTransport } from "./transports.ts";
import { watchedEncrypter, watchedMuxer, WatchedTransport } from "./upgrade-watch.ts";

export interface Host {
  readonly libp2p: Libp2p;
  /** Those in use, in order of preference. */
  readonly transports: readonly WatchedTransport[];
  readonly missing: readonly MissingTransport[];
  readonly circuits: Circuits;
  /** Where it listens. libp2p itself tells of public addresses only once others have confirmed them. */
  listening(): readonly Multiaddr[];
  /** Takes as many connections as that many links need, or goes on taking more: who is above is told goodbye by the core. */
  takeLinks(linksMax: number): void;
}

interface Services extends ServiceMap {
  readonly identify: Identify;
  readonly ping: Ping;
  readonly gossip: GossipSub;
}

type Options = Pick<
  NetworkDriverOptions,
  "identitySeed" | "listen" | "transports" | "encrypters" | "linksMax" | "version"
>;

export async function createHost(
  options: Options,
  raws: RawConnections,
  gossip: Gossip,
  watch: InputWatch,
): Promise<Host> {
  const privateKey: PrivateKey = await keys.generateKeyPairFromSeed("Ed25519", options.identitySeed);
  const { factories, missing } = await loadTransports(options.transports);
  const transports: WatchedTransport[] = [];
  const made: { circuits?: Circuits } & Partial<Pick<Host, "listening" | "takeLinks">> = {};
  const libp2p = await createLibp2p<Services>({
    start: false,
    privateKey,
    nodeInfo: { name: "p2p-sync", version: options.version, userAgent: `p2p-sync/${options.version}` },
    addresses: { listen: options.listen.filter((address) => isServed(address, missing)) },
    transports: factories.map((factory) => (components): Transport => {
      const transport = new WatchedTransport(factory(components), () => components.upgrader, raws, watch);
      transports.push(transport);
      made.circuits ??= new Circuits(components, raws, watch);
      made.listening = () => components.transportManager.getAddrs();
      made.takeLinks = (linksMax) => {
        const { connectionManager } = components;
        const wanted = Math.max(connectionManager.getMaxConnections(), linksMax + spareConnections);
        connectionManager.setMaxConnections(wanted);
      };
      return transport;
    }),
    connectionEncrypters: options.encrypters.map(
      (name) => (components) => watchedEncrypter((name === "noise" ? noise() : lazyTls)(components), raws),
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
  const { circuits, listening, takeLinks } = made;
  assert(circuits !== undefined && listening !== undefined && takeLinks !== undefined, "there is a transport at least");
  return { libp2p, transports, missing, circuits, listening, takeLinks };
}

/** libp2p keeps what identify said of every peer ever met; only those connected now matter here. */
export async function forgetGonePeers(libp2p: Libp2p): Promise<void> {
  try {
    const peers = await libp2p.peerStore.all();
    for (const peer of peers) if (libp2p.getConnections(peer.id).length === 0) await libp2p.peerStore.delete(peer.id);
  } catch {
    return; // the store is in memory; at worst the next call does the work of this one
  }
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
