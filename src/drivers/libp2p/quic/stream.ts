/**
 * A stream of QUIC as libp2p sees it. What nobody takes is not read, so that the other side runs out
 * of credit; what the other side has no credit for waits here, in one buffer.
 *
 * 1. One read and one write at most are under way: the native part does not keep the order of several.
 * 2. A paused stream, or one of a paused connection, is not read. A read under way then may still bring one chunk.
 */
import { AbstractStream, type AbstractStreamInit, type SendResult } from "@libp2p/utils";
import { quicReadBytes } from "../limits.ts";
import { wordsOf } from "../words-of.ts";
import type { NativeStream } from "./native.ts";

/** What a stream asks of its connection. */
export interface StreamOwner {
  /** Resolves when the connection may be read; at once where it is not paused. */
  mayRead(): Promise<void>;
  /** Whether what comes on streams of the other side is thrown away. */
  readonly isParting: boolean;
  took(bytes: number, take: () => void): void;
  gave(bytes: number): void;
}

export interface QuicStreamInit extends AbstractStreamInit {
  readonly stream: NativeStream;
  readonly owner: StreamOwner;
}

export class QuicStream extends AbstractStream {
  /** Called whenever the native part has taken bytes. */
  onCredit: () => void = () => undefined;
  readonly #stream: NativeStream;
  readonly #owner: StreamOwner;
  #resumed = Promise.withResolvers<void>();
  #writing = 0;

  constructor(init: QuicStreamInit) {
    super(init);
    this.#stream = init.stream;
    this.#owner = init.owner;
    this.#resumed.resolve();
    void this.#read();
  }

  /** Bytes that quinn has not taken, for want of credit or of time. */
  get onTheWay(): number {
    return this.#writing + this.writeBufferLength;
  }

  sendData(data: { subarray(): Uint8Array }): SendResult {
    const bytes = data.subarray();
    this.#writing = bytes.byteLength;
    this.#owner.gave(bytes.byteLength);
    this.#stream.write(bytes).then(
      () => {
        this.#writing = 0;
        this.safeDispatchEvent("drain");
        this.onCredit();
      },
      (cause: unknown) => this.#failed(cause),
    );
    return { sentBytes: bytes.byteLength, canSendMore: false };
  }

  sendReset(): void {
    void this.#stream.resetWrite();
    void this.#stream.stopRead();
    this.#resumed.resolve();
  }

  async sendCloseWrite(): Promise<void> {
    await this.#stream.finishWrite();
  }

  /** As in yamux: the other side is not told, and what it still sends is thrown away. */
  sendCloseRead(): Promise<void> {
    this.#resumed.resolve();
    return Promise.resolve();
  }

  sendPause(): void {
    this.#resumed = Promise.withResolvers();
  }

  sendResume(): void {
    this.#resumed.resolve();
  }

  async #read(): Promise<void> {
    let bytesMax = quicReadBytes.min;
    try {
      for (;;) {
        await this.#resumed.promise;
        await this.#owner.mayRead();
        if (this.status !== "open") return;
        if (this.readStatus === "paused") continue;
        const chunk = await this.#stream.read(bytesMax);
        if (chunk === null || chunk === undefined) break;
        this.#take(chunk);
        bytesMax = nextReadBytes(bytesMax, chunk.byteLength);
      }
      this.onRemoteCloseWrite();
    } catch (cause) {
      this.#failed(cause);
    }
  }

  #take(chunk: Uint8Array): void {
    const isUnwanted = this.#owner.isParting && this.direction === "inbound";
    this.#owner.took(chunk.byteLength, () => {
      if (!isUnwanted) this.onData(chunk);
    });
  }

  #failed(cause: unknown): void {
    this.#writing = 0;
    if (this.status !== "open") return;
    const words = wordsOf(cause);
    if (!/reset|stopped/.test(words)) {
      this.abort(new Error(words));
      return;
    }
    this.onRemoteReset();
    this.sendReset(); // our half, too: only then may the other side open another stream in its place
  }
}

/** As much again as comes at once, so that small messages do not cost a large buffer each. */
function nextReadBytes(bytesMax: number, came: number): number {
  if (came === bytesMax) return Math.min(2 * bytesMax, quicReadBytes.max);
  return came < bytesMax / 4 ? Math.max(bytesMax / 2, quicReadBytes.min) : bytesMax;
}
