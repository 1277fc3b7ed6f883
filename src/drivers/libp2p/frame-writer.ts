/**
 * Our side of one protocol on one link: a stream opened at the first frame and only written to.
 *
 * Frames wait in a bounded queue while the stream opens and while libp2p says its buffers are
 * full, so that the library never holds more than one frame per stream.
 *
 * 1. Frames leave in the order of `send`, which never calls back by itself.
 * 2. After the last of any number of `send`s, `onDrained` comes once all of them have left, so a
 *    sender that waits for it never waits in vain.
 * 3. `onFailed` comes at most once; nothing is sent after it. A stream that the peer ends in
 *    good order with nothing left to send is a failure only for the next frame.
 *
 * Source: libp2p's `AbstractMessageStream`: `send` answers false when the stream waits for the
 * peer's credit or the socket; `drain` says it may go on; a `send` from inside an `idle` event
 * stays in the buffer, which is why the pump runs in a task of its own.
 */
import type { Stream } from "@libp2p/interface";
import type { Bytes } from "../../base/bytes.ts";
import { encodeFrame } from "./frame-codec.ts";
import { wordsOf } from "./words-of.ts";

export interface FrameWriterInit {
  readonly queueBytesMax: number;
  readonly open: () => Promise<Stream>;
  readonly onSent: (bytes: number) => void;
  readonly onDrained: () => void;
  readonly onFailed: (reason: string) => void;
}

export class FrameWriter {
  readonly #init: FrameWriterInit;
  readonly #queue: Uint8Array[] = [];
  readonly #flushed: (() => void)[] = [];
  #queuedBytes = 0;
  #stream: Stream | undefined;
  #state: "idle" | "opening" | "open" | "ended" = "idle";
  #isPumpDue = false;
  #owesDrained = false;
  #hasFailed = false;

  constructor(init: FrameWriterInit) {
    this.#init = init;
  }

  /** Of frames that have not been handed to the stream yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  send(body: Bytes): void {
    if (this.#state === "ended") {
      this.#fail("the peer closed it");
      return;
    }
    const frame = encodeFrame(body);
    if (this.#queuedBytes + frame.length > this.#init.queueBytesMax) {
      this.#fail("the peer reads too slowly");
      return;
    }
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    this.#owesDrained = true;
    if (this.#state === "idle") this.#open();
    this.#pumpSoon();
  }

  /** Resolves when everything sent so far has been handed to the connection, or can never be. */
  flushed(): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve();
    return new Promise((resolve) => this.#flushed.push(resolve));
  }

  /** Drops what waits; the stream is reset where frames were left. */
  end(): void {
    this.#hasFailed = true;
    const stream = this.#stream;
    const isEmpty = this.#isEmpty();
    this.#finish();
    if (stream !== undefined && !isEmpty) stream.abort(new Error("the link is closing"));
  }

  #open(): void {
    this.#state = "opening";
    this.#init.open().then(
      (stream) => this.#opened(stream),
      (cause: unknown) => this.#fail(wordsOf(cause)),
    );
  }

  #opened(stream: Stream): void {
    if (this.#state === "ended") {
      stream.abort(new Error("the link is closing"));
      return;
    }
    this.#state = "open";
    this.#stream = stream;
    stream.addEventListener("drain", () => this.#pumpSoon());
    stream.addEventListener("idle", () => this.#pumpSoon());
    stream.addEventListener("close", (event) => {
      if (event.error !== undefined) this.#fail(wordsOf(event.error));
      else if (this.#queue.length > 0) this.#fail("the peer closed it");
      else this.#finish();
    });
    this.#pumpSoon();
  }

  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    const stream = this.#stream;
    if (this.#state !== "open" || stream === undefined) return;
    while (this.#queue.length > 0 && !stream.writableNeedsDrain) {
      const frame = this.#queue.shift() as Uint8Array;
      this.#queuedBytes -= frame.length;
      if (!this.#write(stream, frame)) return;
    }
    if (!this.#isEmpty()) return;
    for (const resolve of this.#flushed.splice(0)) resolve();
    if (!this.#owesDrained) return;
    this.#owesDrained = false;
    this.#init.onDrained();
  }

  #write(stream: Stream, frame: Uint8Array): boolean {
    try {
      stream.send(frame);
    } catch (cause) {
      this.#fail(wordsOf(cause)); // the stream has been closed meanwhile; its own event says the same
      return false;
    }
    this.#init.onSent(frame.length);
    return true;
  }

  #isEmpty(): boolean {
    if (this.#state === "ended" || this.#state === "idle") return true;
    return (
      this.#queue.length === 0 &&
      this.#stream !== undefined &&
      !this.#stream.writableNeedsDrain &&
      this.#stream.writeBufferLength === 0
    );
  }

  #fail(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#finish();
    this.#init.onFailed(reason);
  }

  #finish(): void {
    this.#state = "ended";
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    for (const resolve of this.#flushed.splice(0)) resolve();
  }
}
