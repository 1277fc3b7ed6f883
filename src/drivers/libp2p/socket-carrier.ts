/**
 * What carries a connection over TCP. Its bytes are the socket's own counts.
 */
import type { MultiaddrConnection } from "@libp2p/interface";
import { Socket } from "node:net";
import { assert } from "../../base/assert.ts";
import { threadMs, type Carrier, type CarrierWatcher } from "./carrier.ts";

export class SocketCarrier implements Carrier {
  readonly remoteAddress: string;
  readonly #raw: MultiaddrConnection & Carrying;
  readonly #socket: Socket;

  constructor(raw: MultiaddrConnection) {
    this.#raw = carrying(raw);
    this.#socket = socketOf(raw);
    this.remoteAddress = this.#socket.remoteAddress ?? "";
    this.#endInGoodOrder();
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
    const raw = this.#raw;
    const onData = raw.onData.bind(raw);
    raw.onData = (data) => {
      const before = threadMs();
      onData(data);
      watcher.read(data.byteLength, threadMs() - before);
    };
    const sendData = raw.sendData.bind(raw);
    raw.sendData = (data) => {
      const sent = sendData(data);
      watcher.written(sent.sentBytes);
      return sent;
    };
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  stopReading(): void {
    this.#socket.removeAllListeners("data");
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  onClose(listener: () => void): void {
    this.#socket.once("close", listener);
  }

  /**
   * Replaces what the transport calls to close a socket. The original destroys it as soon as its
   * own bytes are out; where the peer's are still on the way, the kernel then answers them with a
   * reset, and the peer may lose what it has not read yet. This one ends our side only and waits
   * for the peer to end its own; libp2p's time limit for closing covers a peer that never does.
   */
  #endInGoodOrder(): void {
    this.#socket.destroySoon = () => {
      this.stopReading();
      this.#socket.end();
    };
  }
}

/** The parts of a raw connection through which all its bytes come and go. */
interface Carrying {
  onData(data: { readonly byteLength: number }): void;
  sendData(data: unknown): { readonly sentBytes: number };
}

/**
 * The TCP transport keeps its socket in a field that its types do not show. The assertion stops
 * the program at its first connection should a new version of the library do otherwise.
 */
function socketOf(raw: MultiaddrConnection): Socket {
  const socket = "socket" in raw ? raw.socket : undefined;
  assert(socket instanceof Socket, "a raw TCP connection has its socket");
  return socket;
}

/** Where the transport hands on what its socket brings and takes; asserted like the socket. */
function carrying(raw: MultiaddrConnection): MultiaddrConnection & Carrying {
  assert("onData" in raw && typeof raw.onData === "function", "a raw TCP connection takes its data in onData");
  assert("sendData" in raw && typeof raw.sendData === "function", "a raw TCP connection gives its data to sendData");
  return raw as MultiaddrConnection & Carrying;
}
