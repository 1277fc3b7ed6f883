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
import { transportSymbol } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { assert } from "../../base/assert.ts";
import type { PeerId } from "../../base/brand.ts";
import { guardMuxer } from "./rates/muxer-guard.ts";
import type { InputWatch } from "./rates/input-watch.ts";
import { wordsOf } from "./words-of.ts";
import type { RawConnection, RawConnections } from "./raw-connections.ts";

/** Another peer, or no Ed25519 peer, lives at the address. */
export class WrongPeerError extends Error {
  override readonly name = "WrongPeerError";
}

export interface ListenFailure {
  readonly address: Multiaddr;
  readonly error: NodeJS.ErrnoException;
}

/** A transport that listens for libp2p and dials for us only. */
export class WatchedTransport implements Transport {
  readonly [Symbol.toStringTag]: string = "p2p-sync/tcp";
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

  /** What libp2p itself would call: nothing in this program may dial behind the machine's back. */
  dial(address: Multiaddr): Promise<Connection> {
    return Promise.reject(new Error(`no order to dial ${address.toString()}`));
  }

  /** Dials one address, past libp2p's dial queue: that would join dials to one peer and reuse its connections. */
  dialOrdered(
    address: Multiaddr,
    family: 4 | 6 | 0,
    onRaw: (raw: RawConnection) => void,
    attempt: number,
    signal: AbortSignal,
  ): Promise<Connection> {
    const upgrader = this.#upgrader();
    const watching: Pick<Upgrader, "upgradeOutbound"> = {
      upgradeOutbound: async (raw: MultiaddrConnection, options: Parameters<Upgrader["upgradeOutbound"]>[1]) => {
        const record = this.#raws.opened(raw, "outbound", attempt);
        onRaw(record);
        return this.#reporting(record, () => upgrader.upgradeOutbound(raw, options));
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
        return this.#reporting(record, () => upgrader.upgradeInbound(raw, upgradeOptions));
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
      if (peer.type !== "Ed25519") throw new WrongPeerError(`the peer's identity is ${peer.type}, not Ed25519`);
      if (expected !== undefined && !peer.equals(expected))
        throw new WrongPeerError(`expected ${expected.toString()} but ${peer.toString()} lives there`);
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
