/**
 * A connection of QUIC, encrypted and with its own streams from the beginning: the raw connection, what
 * carries it, and its muxer.
 *
 * Its bytes are those of its datagrams, without the headers of UDP and IP.
 */
import type { Logger, PeerId, StreamMuxerFactory } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { AbstractMultiaddrConnection, AbstractStreamMuxer, type SendResult } from "@libp2p/utils";
import { multiaddr } from "@multiformats/multiaddr";
import { assert } from "../../../base/assert.ts";
import type { Direction } from "../../../ports/network.ts";
import { quicWriteBytesMax, streamReadBytesMax, streamWriteBytesMax } from "../limits.ts";
import { threadMs, type Carrier, type CarrierWatcher } from "../carrier.ts";
import { wordsOf } from "../words-of.ts";
import type { NativeConnection, NativeStream } from "./native.ts";
import { QuicStream, type StreamOwner } from "./stream.ts";

export interface QuicConnectionInit {
  readonly native: NativeConnection;
  readonly direction: Direction;
  readonly log: Logger;
}

export class QuicConnection extends AbstractMultiaddrConnection implements Carrier, StreamOwner {
  readonly native: NativeConnection;
  readonly remoteAddress: string;
  readonly remotePeer: PeerId;
  #watcher: CarrierWatcher | undefined;
  #resumed = Promise.withResolvers<void>();
  #isDiscarding = false;
  readonly #gone = Promise.withResolvers<void>();
  #last: { readonly udpTxBytes: number; readonly udpRxBytes: number } | undefined;

  constructor({ native, direction, log }: QuicConnectionInit) {
    const remote = multiaddr(native.remoteMultiaddr());
    const peer = remote.getComponents().find(({ name }) => name === "p2p")?.value;
    assert(peer !== undefined, "a connection of QUIC names the peer it has proven");
    super({ remoteAddr: remote.decapsulate("/p2p"), direction, log });
    this.native = native;
    this.remoteAddress = remote.getComponents()[0]?.value ?? "";
    this.remotePeer = peerIdFromString(peer);
    this.#resumed.resolve();
    void this.#awaitEnd();
  }

  get destroyed(): boolean {
    return this.#last !== undefined;
  }

  get bytesWritten(): number {
    return (this.#last ?? this.native.stats()).udpTxBytes;
  }

  get bytesRead(): number {
    return (this.#last ?? this.native.stats()).udpRxBytes;
  }

  get isParting(): boolean {
    return this.#isDiscarding || this.#watcher?.isParting === true;
  }

  watch(watcher: CarrierWatcher): void {
    this.#watcher = watcher;
  }

  /** Of all its streams; nobody else pauses a raw connection. */
  override pause(): void {
    if (!this.destroyed) this.#resumed = Promise.withResolvers();
  }

  override resume(): void {
    this.#resumed.resolve();
  }

  stopReading(): void {
    this.#isDiscarding = true;
    this.resume();
  }

  destroy(): void {
    this.native.abort();
  }

  onClose(listener: () => void): void {
    void this.#gone.promise.then(listener);
  }

  mayRead(): Promise<void> {
    return this.#resumed.promise;
  }

  took(bytes: number, take: () => void): void {
    const before = threadMs();
    take();
    this.#watcher?.read(bytes, threadMs() - before);
  }

  /** What the headers of datagrams add, some 3 % of bulk, is not in it. */
  gave(bytes: number): void {
    this.#watcher?.written(bytes);
  }

  streamOpened(): void {
    this.#watcher?.bound("streams", 1);
  }

  sendData(): SendResult {
    throw new Error("a connection of QUIC carries streams only");
  }

  sendReset(): void {
    this.native.abort();
  }

  sendPause(): void {
    return;
  }

  sendResume(): void {
    return;
  }

  sendClose(): Promise<void> {
    this.native.abort();
    return Promise.resolve();
  }

  async #awaitEnd(): Promise<void> {
    await this.native.closed();
    const reason = await endOf(this.native);
    const { udpTxBytes, udpRxBytes } = this.native.stats();
    this.#last = { udpTxBytes, udpRxBytes };
    this.#resumed.resolve();
    this.onTransportClosed(reason.startsWith("closed") ? undefined : new Error(reason));
    this.#gone.resolve();
  }
}

/** The reason stands in what a new stream fails with: "closed", "closed by peer: 0", "timed out", "reset by peer". */
async function endOf(native: NativeConnection): Promise<string> {
  try {
    await native.outboundStream();
    return "closed";
  } catch (cause) {
    return wordsOf(cause);
  }
}

/** Makes the muxer of one connection, whose streams are there already. */
export function muxerFactoryOf(connection: QuicConnection): StreamMuxerFactory {
  return { protocol: "/quic-v1", createStreamMuxer: () => new QuicMuxer(connection) };
}

class QuicMuxer extends AbstractStreamMuxer<QuicStream> {
  readonly #connection: QuicConnection;

  constructor(connection: QuicConnection) {
    super(connection, { protocol: "/quic-v1", name: "quic" });
    this.#connection = connection;
    void this.#accept();
  }

  async onCreateStream(): Promise<QuicStream> {
    const stream = await this.#connection.native.outboundStream();
    if (this.status === "open") return this.#made(stream, "outbound");
    discard(stream);
    throw new Error("the connection is closing");
  }

  onData(): void {
    throw new Error("a connection of QUIC carries streams only");
  }

  async #accept(): Promise<void> {
    while (this.status === "open") {
      let stream: NativeStream;
      try {
        stream = await this.#connection.native.inboundStream();
      } catch {
        return; // the connection is gone, which it says itself
      }
      this.#connection.streamOpened();
      if (this.status === "open" && !this.#connection.isParting) this.onRemoteStream(this.#made(stream, "inbound"));
      else discard(stream);
    }
  }

  #made(stream: NativeStream, direction: Direction): QuicStream {
    const id = stream.id();
    return new QuicStream({
      id,
      stream,
      direction,
      owner: this.#connection,
      log: this.log.newScope(`${direction}:${id}`),
      maxMessageSize: quicWriteBytesMax,
      maxReadBufferLength: streamReadBytesMax,
      maxWriteBufferLength: streamWriteBytesMax,
    });
  }
}

function discard(stream: NativeStream): void {
  void stream.resetWrite();
  void stream.stopRead();
}
