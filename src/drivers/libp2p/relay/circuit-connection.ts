/**
 * A stream by way of a relay, as a raw connection and what carries it: it is encrypted and multiplexed
 * end to end like one over TCP, and the relay sees neither.
 */
import type { AbortOptions, Logger, Stream } from "@libp2p/interface";
import { AbstractMultiaddrConnection, type SendResult } from "@libp2p/utils";
import type { Multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "../../../base/brand.ts";
import type { Direction } from "../../../ports/network.ts";
import { threadMs, type Carrier, type CarrierWatcher } from "../carrier.ts";
import { wordsOf } from "../words-of.ts";

export interface CircuitInit {
  readonly stream: Stream;
  readonly direction: Direction;
  /** By way of the relay to the peer. */
  readonly address: Multiaddr;
  readonly relay: PeerId;
  readonly log: Logger;
}

export class CircuitConnection extends AbstractMultiaddrConnection implements Carrier {
  /** The relay's name: where the peer is, nobody tells. */
  readonly remoteAddress: string;
  bytesRead = 0;
  bytesWritten = 0;
  readonly #stream: Stream;
  #watcher: CarrierWatcher | undefined;
  #isDiscarding = false;

  constructor({ stream, direction, address, relay, log }: CircuitInit) {
    super({ remoteAddr: address, direction, log });
    this.remoteAddress = relay;
    this.#stream = stream;
    stream.addEventListener("message", ({ data }) => {
      const before = threadMs();
      this.bytesRead += data.byteLength;
      const bytes = data.byteLength; // whoever takes the data may empty the list
      if (!this.#isDiscarding) this.onData(data);
      this.#watcher?.read(bytes, threadMs() - before);
    });
    stream.addEventListener("drain", () => this.safeDispatchEvent("drain"));
    stream.addEventListener("close", ({ error }) => this.onTransportClosed(error));
    stream.addEventListener("remoteCloseWrite", () => {
      this.onRemoteCloseWrite();
      this.close().catch((cause: unknown) => this.abort(new Error(wordsOf(cause))));
    });
  }

  get destroyed(): boolean {
    const { readStatus } = this.#stream;
    return readStatus === "closed" || readStatus === "closing";
  }

  watch(watcher: CarrierWatcher): void {
    this.#watcher = watcher;
  }

  /** Nobody else pauses a raw connection. */
  override pause(): void {
    if (!this.destroyed) this.#stream.pause();
  }

  override resume(): void {
    if (!this.destroyed) this.#stream.resume();
  }

  stopReading(): void {
    this.#isDiscarding = true;
    this.resume();
  }

  destroy(): void {
    this.#stream.abort(new Error("the connection is given up"));
  }

  onClose(listener: () => void): void {
    this.#stream.addEventListener("close", listener, { once: true });
  }

  override sendData(data: Parameters<AbstractMultiaddrConnection["sendData"]>[0]): SendResult {
    const sentBytes = data.byteLength; // the stream takes the bytes out of the list
    this.bytesWritten += sentBytes;
    return { sentBytes, canSendMore: this.#stream.send(data) };
  }

  override async sendClose(options?: AbortOptions): Promise<void> {
    await this.#stream.close(options);
  }

  override sendReset(error: Error): void {
    this.#stream.abort(error);
  }

  override sendPause(): void {
    this.pause();
  }

  override sendResume(): void {
    this.resume();
  }
}
