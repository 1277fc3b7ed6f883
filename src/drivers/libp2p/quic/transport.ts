/**
 * QUIC as a transport of libp2p. Dials go to one IP address after the other where a name has several;
 * nothing answers at a closed port, so a dial to one ends as a timeout. Inbound handshakes run in the
 * native part, as many at once as there are calls that wait for one.
 */
import { privateKeyToProtobuf } from "@libp2p/crypto/keys";
import {
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type Logger,
  type PrivateKey,
  type Transport,
  transportSymbol,
} from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { lookup } from "node:dns/promises";
import { partsOf } from "../addresses.ts";
import {
  inboundStreamsMax,
  quicConnectionWindowBytes,
  quicIdleMsMax,
  quicKeepAliveMs,
  quicSocketBytes,
  streamWindowBytesMax,
} from "../limits.ts";
import { muxerFactoryOf, QuicConnection } from "./connection.ts";
import { QuicListener } from "./listener.ts";
import type { NativeClient, NativeConnection, NativeQuic, QuinnConfig } from "./native.ts";

export interface QuicComponents {
  readonly privateKey: PrivateKey;
  readonly logger: { forComponent(name: string): Logger };
}

export class QuicTransport implements Transport {
  readonly [Symbol.toStringTag]: string = "p2p-sync/quic";
  readonly [transportSymbol] = true as const;
  readonly #native: NativeQuic;
  readonly #config: QuinnConfig;
  readonly #log: Logger;
  readonly #clients = new Map<4 | 6, NativeClient>();

  constructor(native: NativeQuic, components: QuicComponents) {
    this.#native = native;
    this.#log = components.logger.forComponent("p2p-sync:quic");
    this.#config = new native.QuinnConfig({
      privateKeyProto: privateKeyToProtobuf(components.privateKey),
      handshakeTimeout: quicIdleMsMax,
      maxIdleTimeout: quicIdleMsMax,
      keepAliveInterval: quicKeepAliveMs,
      maxConcurrentStreamLimit: inboundStreamsMax,
      maxStreamData: streamWindowBytesMax,
      maxConnectionData: quicConnectionWindowBytes,
      receiveBufferSize: quicSocketBytes,
      sendBufferSize: quicSocketBytes,
    });
  }

  /** `family` bounds what a name may lead to; 0 for both. */
  async dial(address: Multiaddr, options: DialTransportOptions & { readonly family?: 4 | 6 | 0 }): Promise<Connection> {
    const native = await this.#connect(address, options.family ?? 0, options.signal);
    const connection = new QuicConnection({ native, direction: "outbound", log: this.#log });
    return options.upgrader.upgradeOutbound(connection, {
      skipEncryption: true,
      skipProtection: true,
      remotePeer: connection.remotePeer,
      muxerFactory: muxerFactoryOf(connection),
      signal: options.signal,
    });
  }

  createListener({ upgrader }: CreateListenerOptions): Listener {
    return new QuicListener(upgrader, (ip, port) => new this.#native.Server(this.#config, ip, port), this.#log);
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => partsOf(address)?.transport === "quic");
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.listenFilter(addresses);
  }

  start(): void {
    return;
  }

  stop(): void {
    for (const client of this.#clients.values()) client.abort();
    this.#clients.clear();
  }

  async #connect(address: Multiaddr, family: 4 | 6 | 0, signal: AbortSignal): Promise<NativeConnection> {
    const { host = "", port = 0 } = partsOf(address) ?? {};
    const targets = await lookup(host, { all: true, family: familyOf(address, family) });
    const failures: unknown[] = [];
    for (const target of targets) {
      try {
        return await this.#connectTo(target.address, target.family === 6 ? 6 : 4, port, signal);
      } catch (cause) {
        signal.throwIfAborted();
        failures.push(cause);
      }
    }
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, `no address of ${host} answers`);
  }

  /** The native part cannot give up a dial; one that is not wanted any more is closed when it stands. */
  async #connectTo(ip: string, family: 4 | 6, port: number, signal: AbortSignal): Promise<NativeConnection> {
    signal.throwIfAborted();
    const dialing = this.#client(family).outboundConnection(ip, port);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => {
      dialing.then((late) => late.abort()).catch(() => undefined);
      reject(new Error("the dial was given up"));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([dialing, aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #client(family: 4 | 6): NativeClient {
    let client = this.#clients.get(family);
    if (client === undefined) {
      client = new this.#native.Client(this.#config, family === 4 ? 0 : 1);
      this.#clients.set(family, client);
    }
    return client;
  }
}

/** What the name may lead to, by the address and by the node's family. */
function familyOf(address: Multiaddr, family: 4 | 6 | 0): 4 | 6 | 0 {
  const kind = partsOf(address)?.kind;
  return kind === "dns4" ? 4 : kind === "dns6" ? 6 : family;
}
