/**
 * Wrappers around libp2p's transport, encrypters and muxers. They report to `RawConnections` and
 * change four things only: a dial needs an order of ours, a failed listener keeps its error, the
 * identity behind an address is compared here, so that a wrong one can be named, and an inbound
 * connection over the rates is refused before its handshake.
 */
import type {
  Connection,
  ConnectionEncrypter,
  Listener,
  PeerId as Libp2pPeerId,
  Startable,
  MessageStream,
  MultiaddrConnection,
  SecureConnectionOptions,
  SecuredConnection,
  Stream,
  StreamMuxer,
  StreamMuxerFactory,
  Transport,
  Upgrader,
} from "@libp2p/interface";
import { isStartable, transportSymbol } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { assert } from "../../base/assert.ts";
import type { PeerId } from "../../base/brand.ts";
import { guardMuxer } from "./rates/muxer-guard.ts";
import type { InputWatch } from "./rates/input-watch.ts";
import { peerOf } from "./addresses.ts";
import { wordsOf } from "./words-of.ts";
import type { RawConnection, RawConnections } from "./raw-connections.ts";

/** Another peer, or no Ed25519 peer, lives at the address. */
export class WrongPeerError extends Error {
  override readonly name = "WrongPeerError";
}

/** What a transport hands to the upgrader with a connection that is encrypted and has its streams already. */
interface UpgradeOptions {
  readonly remotePeer?: Libp2pPeerId;
  readonly muxerFactory?: StreamMuxerFactory;
}

export interface ListenFailure {
  readonly address: Multiaddr;
  readonly error: NodeJS.ErrnoException;
}

/** The encryption of a connection that is encrypted from its first packet. Source: the libp2p specification of QUIC. */
const quicEncryption = "TLS 1.3 of QUIC";

/** A transport that listens for libp2p and dials for us only. */
export class WatchedTransport implements Transport {
  readonly [transportSymbol] = true as const;
  readonly listenFailures: ListenFailure[] = [];
  readonly #inner: Transport;
  readonly #upgrader: () => Upgrader;
  readonly #raws: RawConnections;
  readonly #watch: InputWatch;

  constructor(inner: Transport, upgrader: () => Upgrader, raws: RawConnections, watch: InputWatch) {
    this.#watch = watch;
    this.#inner = inner;
    this.#upgrader = upgrader;
    this.#raws = raws;
  }

  get [Symbol.toStringTag](): string {
    return `watched ${this.#inner[Symbol.toStringTag]}`;
  }

  /** What libp2p itself would call: nothing in this program may dial behind the machine's back. */
  dial(address: Multiaddr): Promise<Connection> {
    return Promise.reject(new Error(`no order to dial ${address.toString()}`));
  }

  /** Dials one address, past libp2p's dial queue: that would join dials to one peer and reuse its connections. */
  dialOrdered(
    address: Multiaddr,
    family: 4 | 6 | 0,
    onRaw: (raw: RawConnection) => void,
    attempt: number | "probe",
    signal: AbortSignal,
  ): Promise<Connection> {
    const upgrader = this.#upgrader();
    const watching: Pick<Upgrader, "upgradeOutbound"> = {
      upgradeOutbound: async (raw: MultiaddrConnection, options: Parameters<Upgrader["upgradeOutbound"]>[1]) => {
        const record = this.#raws.opened(raw, "outbound", attempt);
        onRaw(record);
        return this.#reporting(record, () =>
          upgrader.upgradeOutbound(raw, this.#encrypted(raw, options, peerOf(address))),
        );
      },
    };
    const options = { signal, upgrader: { ...methodsOf(upgrader), ...watching }, family };
    return this.#inner.dial(address, options);
  }

  createListener(options: { upgrader: Upgrader }): Listener {
    const { upgrader } = options;
    const watching: Pick<Upgrader, "upgradeInbound"> = {
      upgradeInbound: async (raw: MultiaddrConnection, upgradeOptions: Parameters<Upgrader["upgradeInbound"]>[1]) => {
        if (!this.#watch.mayConnect(hostOf(raw.remoteAddr)))
          throw new Error("too many connections from this address, or from all");
        const record = this.#raws.opened(raw, "inbound", undefined);
        return this.#reporting(record, () =>
          upgrader.upgradeInbound(raw, this.#encrypted(raw, upgradeOptions, undefined)),
        );
      },
    };
    const listener = this.#inner.createListener({ upgrader: { ...methodsOf(upgrader), ...watching } });
    const listen = listener.listen.bind(listener);
    listener.listen = async (address) => {
      try {
        await listen(address);
      } catch (cause) {
        this.listenFailures.push({ address, error: cause as NodeJS.ErrnoException }); // libp2p joins all errors into one text
        throw cause;
      }
    };
    return listener;
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.#inner.listenFilter(addresses);
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.#inner.dialFilter(addresses);
  }

  start(): Promise<void> | void {
    return asStartable(this.#inner)?.start();
  }

  stop(): Promise<void> | void {
    return asStartable(this.#inner)?.stop();
  }

  /** Reports a connection that comes with its encryption and its streams; throws where another peer than the expected lives there. */
  #encrypted<Options extends UpgradeOptions>(
    raw: MultiaddrConnection,
    options: Options,
    expected: PeerId | undefined,
  ): Options {
    const { remotePeer, muxerFactory } = options;
    if (remotePeer === undefined || muxerFactory === undefined) return options;
    const record = this.#raws.handshakeStarted(raw, quicEncryption);
    try {
      checkIdentity(remotePeer, expected);
    } catch (cause) {
      record.encryptionError = cause as Error;
      throw cause;
    }
    this.#raws.authenticated(raw, raw, remotePeer.toString() as PeerId);
    const createStreamMuxer: StreamMuxerFactory["createStreamMuxer"] = (stream) => {
      this.#raws.negotiated(raw, muxerFactory.protocol);
      return muxerFactory.createStreamMuxer(stream);
    };
    return { ...options, muxerFactory: { protocol: muxerFactory.protocol, createStreamMuxer } };
  }

  async #reporting<T>(record: RawConnection, upgrade: () => Promise<T>): Promise<T> {
    try {
      return await upgrade();
    } catch (cause) {
      this.#raws.upgradeFailed(record, wordsOf(record.encryptionError ?? cause));
      throw cause;
    }
  }
}

export function watchedEncrypter(inner: ConnectionEncrypter, raws: RawConnections): ConnectionEncrypter {
  const secure = async (
    direction: "secureInbound" | "secureOutbound",
    raw: MessageStream,
    options?: SecureConnectionOptions,
  ): Promise<SecuredConnection> => {
    const record = raws.handshakeStarted(raw, inner.protocol);
    try {
      const { remotePeer: expected, ...rest } = options ?? {};
      const secured = await inner[direction](raw, rest);
      const peer = secured.remotePeer;
      checkIdentity(peer, expected?.toString() as PeerId | undefined);
      raws.authenticated(raw, secured.connection, peer.toString() as PeerId);
      return secured;
    } catch (cause) {
      record.encryptionError ??= cause instanceof Error ? cause : new Error(String(cause));
      throw cause;
    }
  };
  return {
    protocol: inner.protocol,
    secureInbound: (raw, options) => secure("secureInbound", raw, options),
    secureOutbound: (raw, options) => secure("secureOutbound", raw, options),
  };
}

export function watchedMuxer(inner: StreamMuxerFactory, raws: RawConnections): StreamMuxerFactory {
  return {
    protocol: inner.protocol,
    createStreamMuxer: (encrypted: MessageStream): StreamMuxer => {
      const { watched } = raws.negotiated(encrypted, inner.protocol);
      return guardMuxer(openingSafely(inner.createStreamMuxer(encrypted)), watched);
    },
  };
}

/**
 * yamux announces a stream one microtask after it has made it. Where the connection ends in
 * between, that throws with no caller to hear it; here it fails the stream instead.
 */
function openingSafely(muxer: StreamMuxer): StreamMuxer {
  const inner = muxer as StreamMuxer & YamuxInternals;
  assert(typeof inner.onCreateStream === "function", "yamux makes its streams in onCreateStream");
  const create = inner.onCreateStream.bind(inner);
  inner.onCreateStream = (options) => {
    const stream = create(options);
    const announce = stream.sendWindowUpdate.bind(stream);
    stream.sendWindowUpdate = () => {
      try {
        announce();
      } catch (cause) {
        stream.abort(cause instanceof Error ? cause : new Error(String(cause)));
      }
    };
    return stream;
  };
  return muxer;
}

interface YamuxInternals {
  onCreateStream(options: unknown): Stream & { sendWindowUpdate(): void };
}

/** Throws where another peer, or no Ed25519 peer, has proven itself. */
function checkIdentity(peer: Libp2pPeerId, expected: PeerId | undefined): void {
  if (peer.type !== "Ed25519") throw new WrongPeerError(`the peer's identity is ${peer.type}, not Ed25519`);
  if (expected !== undefined && peer.toString() !== expected)
    throw new WrongPeerError(`expected ${expected} but ${peer.toString()} lives there`);
}

function asStartable(transport: Transport): Startable | undefined {
  return isStartable(transport) ? transport : undefined;
}

/** The second part of `/ip4/1.2.3.4/tcp/5`. */
function hostOf(address: Multiaddr): string {
  return address.toString().split("/")[2] ?? "";
}

/** The upgrader's methods as plain functions, for an object that overrides some of them. */
function methodsOf(upgrader: Upgrader): Upgrader {
  return {
    upgradeInbound: upgrader.upgradeInbound.bind(upgrader),
    upgradeOutbound: upgrader.upgradeOutbound.bind(upgrader),
    createInboundAbortSignal: (signal) => upgrader.createInboundAbortSignal(signal),
    getStreamMuxers: () => upgrader.getStreamMuxers(),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
  };
}
