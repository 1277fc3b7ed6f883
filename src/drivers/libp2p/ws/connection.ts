/**
 * A connection over a WebSocket: each binary message is a piece of the byte stream, whatever its length, which
 * is encrypted and multiplexed as over TCP. Bytes are those of the socket below, the HTTP before them included.
 *
 * Source: https://github.com/libp2p/specs/blob/master/websockets/README.md, RFC 6455
 */
import type { Logger } from "@libp2p/interface";
import { AbstractMultiaddrConnection, type SendResult } from "@libp2p/utils";
import type { Multiaddr } from "@multiformats/multiaddr";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Direction } from "../../../ports/network.ts";
import { wsSendBytesMax } from "../limits.ts";
import { type Carrier, type CarrierWatcher, threadMs } from "../carrier.ts";

/** Codes of RFC 6455 section 7.4.1: an end in good order, and data of a wrong kind. */
const closeCodes = { normal: 1000, wrongData: 1003 } as const;

export interface WsConnectionInit {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
  readonly remoteAddr: Multiaddr;
  readonly direction: Direction;
  readonly log: Logger;
}

export class WsConnection extends AbstractMultiaddrConnection implements Carrier {
  readonly remoteAddress: string;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  #watcher: CarrierWatcher | undefined;
  #isDiscarding = false;

  constructor({ webSocket, socket, ...init }: WsConnectionInit) {
    super({ ...init, maxMessageSize: wsSendBytesMax });
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.remoteAddress = socket.remoteAddress ?? "";
    socket.on("drain", () => this.safeDispatchEvent("drain"));
    webSocket.on("message", (data, isBinary) => this.#received(data as Buffer, isBinary));
    webSocket.on("ping", () => this.#watcher?.bound("pings", 1));
    webSocket.on("error", (cause) => this.abort(cause));
    webSocket.on("close", (code) => this.#closed(code));
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  watch(watcher: CarrierWatcher): void {
    this.#watcher = watcher;
  }

  /** Of the socket, too, which `ws` leaves alone while it is paused; nobody else pauses a raw connection. */
  override pause(): void {
    this.#webSocket.pause();
  }

  override resume(): void {
    this.#webSocket.resume();
  }

  stopReading(): void {
    this.#isDiscarding = true;
    this.resume();
  }

  destroy(): void {
    this.#webSocket.terminate();
  }

  onClose(listener: () => void): void {
    this.#socket.once("close", listener);
  }

  sendData(data: { subarray(): Uint8Array; readonly byteLength: number }): SendResult {
    const sentBytes = data.byteLength;
    this.#webSocket.send(data.subarray(), { binary: true });
    this.#watcher?.written(sentBytes);
    return { sentBytes, canSendMore: !this.#socket.writableNeedDrain };
  }

  sendReset(): void {
    this.#webSocket.terminate();
  }

  /** Resolves when both sides have said their farewell and the socket is gone. */
  async sendClose(): Promise<void> {
    if (this.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#webSocket.once("close", () => resolve());
    this.#webSocket.close(closeCodes.normal);
    await promise;
  }

  sendPause(): void {
    return;
  }

  sendResume(): void {
    return;
  }

  #received(data: Buffer, isBinary: boolean): void {
    if (!isBinary) {
      this.#webSocket.close(closeCodes.wrongData, "binary messages only");
      return;
    }
    const before = threadMs();
    if (!this.#isDiscarding) this.onData(data);
    this.#watcher?.read(data.byteLength, threadMs() - before);
  }

  #closed(code: number): void {
    const isOrderly = code === closeCodes.normal || code === 1005 || code === 1001;
    this.onTransportClosed(isOrderly ? undefined : new Error(`the WebSocket closed with code ${code}`));
  }
}
