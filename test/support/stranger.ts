/**
 * A libp2p node that is none of ours: the same transport, encryption, muxer, identify and gossip,
 * and no idea of admission, unless a test makes it speak. It keeps what it was sent.
 */
import type { Connection, Libp2p, ServiceMap, Stream } from "@libp2p/interface";
import { type GossipSub, gossipsub, StrictNoSign } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createHash } from "node:crypto";
import { createLibp2p } from "libp2p";

export const admitProtocol = "/p2p-sync/admit/1";

interface Services extends ServiceMap {
  readonly gossip: GossipSub;
}

export interface Stranger {
  readonly id: string;
  /** Where it listens, with its peer id. */
  readonly address: string;
  /** Bytes that came on streams of our own protocol admit/1. */
  readonly heard: Buffer[];
  /** Payloads that came by gossip. */
  readonly gossip: Uint8Array[];
  /** Streams that the other side opened, by protocol. */
  readonly opened: string[];
  /** Peers it believes to be subscribed to the topic, and those in its mesh. */
  gossipPeers(): { readonly subscribed: number; readonly mesh: number };
  publish(payload: Uint8Array): Promise<void>;
  dial(address: string): Promise<Connection>;
  openStream(connection: Connection, protocol: string): Promise<Stream>;
  stop(): Promise<void>;
}

export interface StrangerOptions {
  readonly topic: string;
  /** Whether it lets others open admit/1 to it at all; it never answers. */
  readonly listensToAdmit: boolean;
  /** What it says on a stream of admit/1 to whoever dials it. */
  readonly greeting?: Uint8Array;
}

export async function createStranger({ topic, listensToAdmit, greeting }: StrangerOptions): Promise<Stranger> {
  const node: Libp2p<Services> = await createLibp2p<Services>({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: { reconnectRetries: 0 },
    services: {
      identify: identify(),
      gossip: gossipsub({
        globalSignaturePolicy: StrictNoSign,
        allowPublishToZeroTopicPeers: true,
        msgIdFn: (message) => createHash("sha256").update(message.data).digest(),
      }),
    },
  });
  const heard: Buffer[] = [];
  const gossip: Uint8Array[] = [];
  const opened: string[] = [];
  if (listensToAdmit) {
    await node.handle(admitProtocol, (stream) => {
      opened.push(admitProtocol);
      stream.addEventListener("message", ({ data }) => {
        for (const part of data instanceof Uint8Array ? [data] : data) heard.push(Buffer.from(part));
      });
    });
  }
  if (greeting !== undefined)
    node.addEventListener("connection:open", ({ detail }) => {
      const stream = detail.newStream(admitProtocol);
      stream.then((each) => each.send(greeting)).catch(() => undefined); // who dialed may have gone already
    });
  const pubsub = node.services.gossip;
  pubsub.subscribe(topic);
  pubsub.addEventListener("message", ({ detail }) => gossip.push(detail.data));
  return {
    id: node.peerId.toString(),
    address: String(node.getMultiaddrs()[0]),
    heard,
    gossip,
    opened,
    gossipPeers: () => ({
      subscribed: pubsub.getSubscribers(topic).length,
      mesh: (pubsub as unknown as { getMeshPeers(topic: string): string[] }).getMeshPeers(topic).length,
    }),
    publish: async (payload) => void (await pubsub.publish(topic, payload)),
    dial: (address) => node.dial(multiaddr(address)),
    openStream: (connection, protocol) => connection.newStream(protocol),
    stop: async () => await node.stop(),
  };
}
