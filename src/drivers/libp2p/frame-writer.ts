/**
 * Our side of one protocol on one link: a stream opened at the first frame and only written to.
 *
 * Frames wait in bounded queues, one for each priority, while the stream opens, while libp2p says its
 * buffers are full, and while more urgent frames of the link go first (`SendOrder`). A frame of bulk goes in pieces.
 * Gossip's stream has a writer of its own, whose messages are its bulk.
 *
 * 1. Frames of one priority leave in the order of `send`, which never calls back by itself; a frame that has
 *    begun is finished before another of the same stream.
 * 2. After the last of any number of `send`s, `onDrained` comes once all of them have left, so a
 *    sender that waits for it never waits in vain.
 * 3. `onFailed` comes at most once; nothing is sent after it. A stream that the peer ends in
 *    good order with nothing left to send is a failure only for the next frame.
 *
 * Source: libp2p's `AbstractMessageStream`: `send` answers false when the stream waits for the
 * peer's credit or the socket; `drain` says it may go on; a `send` from inside an `idle` event
 * stays in the buffer, which is why frames are handed on in a task of its own.
 */
import type { Stream } from "@libp2p/interface";
import type { Bytes } from "../../base/bytes.ts";
import type { Priority } from "../../codec/priority.ts";
import { encodeFrame } from "./frame-codec.ts";
import { bulkPieceBytesMin } from "./limits.ts";
import type { OrderedWriter, SendOrder } from "./send-order.ts";
import { type SendWindow, StreamPieces } from "./send-window.ts";
import { creditOf, type StreamCredit } from "./stream-credit.ts";
import { wordsOf } from "./words-of.ts";

export interface FrameWriterInit {
  readonly order: SendOrder;
  readonly volume: OrderedWriter["volume"];
  readonly queueBytesMax: number;
  readonly open: () => Promise<Stream>;
  readonly onSent: (bytes: number) => void;
  readonly onDrained: () => void;
  readonly onFailed: (failure: StreamFailure) => void;
}

/** `notSpoken`: the peer knows no such protocol. */
export interface StreamFailure {
  readonly type: "notSpoken" | "broken";
  readonly reason: string;
}

/** A stream that stands, and what is on its way there. */
interface Outlet {
  readonly stream: Stream;
  readonly credit: StreamCredit;
  readonly pieces: StreamPieces;
}

export class FrameWriter implements OrderedWriter {
  readonly volume: OrderedWriter["volume"];
  readonly #init: FrameWriterInit;
  readonly #queues: Readonly<Record<Priority, Uint8Array[]>> = { control: [], urgent: [], normal: [], bulk: [] };
  readonly #flushed: (() => void)[] = [];
  /** What is left of a frame of bulk that has begun. */
  #begun: { readonly frame: Uint8Array; sent: number } | undefined;
  #queuedBytes = 0;
  #outlet: Outlet | undefined;
  #state: "idle" | "opening" | "open" | "ended" = "idle";
  #owesDrained = false;
  #hasFailed = false;

  constructor(init: FrameWriterInit) {
    this.#init = init;
    this.volume = init.volume;
    init.order.add(this);
  }

  /** Of frames that have not been handed to the stream yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get holdsVolume(): boolean {
    return this.#canHand() !== undefined && (this.#begun !== undefined || this.#queues.bulk.length > 0);
  }

  send(body: Bytes, priority: Priority): void {
    this.sendFramed(encodeFrame(body), priority);
  }

  /** A frame that has its length before it. */
  sendFramed(frame: Uint8Array, priority: Priority): void {
    if (this.#state === "ended") {
      this.#fail("the peer closed it");
      return;
    }
    if (this.#queuedBytes + frame.length > this.#init.queueBytesMax) {
      this.#fail("the peer reads too slowly");
      return;
    }
    this.#queues[priority].push(frame);
    this.#queuedBytes += frame.length;
    this.#owesDrained = true;
    if (this.#state === "idle") this.#open();
    this.#init.order.pumpSoon();
  }

  /** Hands on the next whole frame of a priority other than bulk; false where there is none, or it must wait. */
  hand(priority: Exclude<Priority, "bulk">): boolean {
    const outlet = this.#canHand();
    if (outlet === undefined || this.#begun !== undefined) return false;
    const frame = this.#queues[priority].shift();
    if (frame === undefined || !this.#write(outlet.stream, frame)) return false;
    this.#init.onSent(frame.length);
    return true;
  }

  /** Hands on the next piece of bulk, as large as the window allows, or a small one without a window. */
  handPiece(window: SendWindow | undefined): number {
    const outlet = this.#canHand();
    if (outlet === undefined) return 0;
    const { frame, sent } = this.#begun ?? { frame: this.#queues.bulk[0], sent: 0 };
    if (frame === undefined) return 0;
    const waiting = frame.length - sent;
    const bytes = window === undefined ? Math.min(waiting, bulkPieceBytesMin) : window.pieceOf(waiting);
    if (bytes === 0) return 0;
    if (this.#begun === undefined) {
      this.#queues.bulk.shift();
      this.#begun = { frame, sent: 0 };
    }
    outlet.pieces.handed(bytes, performance.now());
    if (!this.#write(outlet.stream, frame.subarray(sent, sent + bytes))) return 0;
    this.#begun.sent += bytes;
    if (this.#begun.sent < frame.length) return bytes;
    this.#begun = undefined;
    this.#init.onSent(frame.length);
    return bytes;
  }

  /** Tells those who wait for it that all has left. */
  settle(): void {
    if (this.#state !== "open" || !this.#isEmpty()) return;
    for (const resolve of this.#flushed.splice(0)) resolve();
    if (!this.#owesDrained) return;
    this.#owesDrained = false;
    this.#init.onDrained();
  }

  /** Resolves when everything sent so far has been handed to the connection, or can never be. */
  flushed(): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve();
    return new Promise((resolve) => this.#flushed.push(resolve));
  }

  /** Drops what waits; the stream is reset where frames were left. */
  end(): void {
    this.#hasFailed = true;
    const stream = this.#outlet?.stream;
    const isEmpty = this.#isEmpty();
    this.#finish();
    if (stream !== undefined && !isEmpty) stream.abort(new Error("the link is closing"));
  }

  #open(): void {
    this.#state = "opening";
    this.#init.open().then(
      (stream) => this.#opened(stream),
      (cause: unknown) => this.#fail(wordsOf(cause), isNotSpoken(cause) ? "notSpoken" : "broken"),
    );
  }

  #opened(stream: Stream): void {
    if (this.#state === "ended") {
      stream.abort(new Error("the link is closing"));
      return;
    }
    const { order } = this.#init;
    const credit = creditOf(stream, () => {
      pieces.left(credit.onTheWay, performance.now());
      order.pumpSoon();
    });
    const pieces = new StreamPieces(order.window);
    this.#state = "open";
    this.#outlet = { stream, credit, pieces };
    stream.addEventListener("drain", () => order.pumpSoon());
    stream.addEventListener("idle", () => order.pumpSoon());
    stream.addEventListener("close", (event) => {
      if (event.error !== undefined) this.#fail(wordsOf(event.error));
      else if (this.#queuedBytes > 0) this.#fail("the peer closed it");
      else this.#finish();
    });
    order.pumpSoon();
  }

  /**
   * Not while something is left in the stream's buffer: between its `drain` and the moment at which libp2p goes on sending, the
   * stream says that it needs no drain, and a piece on top of the rest would be more than the buffer may hold, which ends the
   * stream. Over TLS, whose sockets are full after 16 KiB, it did. When the rest has left, `idle` comes.
   */
  #canHand(): Outlet | undefined {
    const stream = this.#outlet?.stream;
    const isReady = this.#state === "open" && stream?.writableNeedsDrain === false && stream.writeBufferLength === 0;
    return isReady ? this.#outlet : undefined;
  }

  #write(stream: Stream, bytes: Uint8Array): boolean {
    this.#queuedBytes -= bytes.length;
    try {
      stream.send(bytes);
    } catch (cause) {
      this.#fail(wordsOf(cause)); // the stream has been closed meanwhile; its own event says the same
      return false;
    }
    return true;
  }

  #isEmpty(): boolean {
    if (this.#state === "ended" || this.#state === "idle") return true;
    const stream = this.#outlet?.stream;
    return (
      this.#queuedBytes === 0 && stream !== undefined && !stream.writableNeedsDrain && stream.writeBufferLength === 0
    );
  }

  #fail(reason: string, type: StreamFailure["type"] = "broken"): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#finish();
    this.#init.onFailed({ type, reason });
  }

  #finish(): void {
    this.#state = "ended";
    this.#init.order.remove(this);
    for (const queue of Object.values(this.#queues)) queue.length = 0;
    this.#begun = undefined;
    this.#queuedBytes = 0;
    this.#outlet?.pieces.end();
    for (const resolve of this.#flushed.splice(0)) resolve();
  }
}

/** Source: multistream-select; its error is known by its name, for several copies of the library may be there. */
function isNotSpoken(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "UnsupportedProtocolError";
}
