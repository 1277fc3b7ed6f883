/**
 * One libp2p connection as the core sees it: a number, three framed protocols, an admission and
 * an orderly end.
 *
 * 1. Each side opens one stream per protocol and only writes to it; inbound streams are only read.
 * 2. A link closes for one reason, the first one given; `onClosed` comes exactly once.
 * 3. While the core is behind with this link's frames, its streams are not read: the peer runs out
 *    of credit and waits, and nothing queues here without bound.
 * 4. A close lets queued frames leave, then waits for a ping to come back over the same
 *    connection, so the peer has read our goodbye before the socket ends. Both together take
 *    `flushMsMax`; only a peer that answers nothing is cut off.
 */
import type { Connection, Stream } from "@libp2p/interface";
import type { PeerId } from "../../base/brand.ts";
import type { Bytes } from "../../base/bytes.ts";
import { priorityOf } from "../../codec/priority.ts";
import type { FailingCode, LinkId, LinkProtocol } from "../../ports/network.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { FrameDecoder, type FrameRefusal } from "./frame-codec.ts";
import { FrameWriter } from "./frame-writer.ts";
import {
  closeMsMax,
  connectionEndMsMax,
  flushMsMax,
  frameBytesMax,
  gossipQueueBytesMax,
  gossipRpcBytesMax,
  negotiationMsMax,
  otherProgramMs,
  sendQueueBytesMax,
  untakenBytesMax,
} from "./limits.ts";
import type { Bandwidth } from "./rates/bandwidth.ts";
import { LinkUsage } from "./link-usage.ts";
import { ping } from "./ping.ts";
import { SendOrder } from "./send-order.ts";
import { wordsOf } from "./words-of.ts";

/** What a link tells its owner. */
export interface LinkHooks {
  readonly onFrame: (link: Link, protocol: LinkProtocol, frame: Uint8Array) => void;
  /** Bytes are those on the stream, the length prefix included. */
  readonly onFrameSent: (protocol: LinkProtocol, bytes: number) => void;
  readonly onDrained: (link: Link, protocol: LinkProtocol) => void;
  readonly onFrameRefused: (link: Link, protocol: LinkProtocol, lengthBytes: number, lengthBytesMax: number) => void;
  /** It does not work any more: whoever decides should say goodbye and close it. */
  readonly onFailing: (link: Link, code: FailingCode, reason: string) => void;
  readonly onClosed: (link: Link, reason: string) => void;
}

export interface LinkInit {
  readonly id: LinkId;
  readonly connection: Connection;
  readonly protocolNames: Readonly<Record<LinkProtocol, string>>;
  readonly budget: ByteBudget;
  /** Bytes of a frame that is taken, where that is less than its protocol allows. */
  readonly frameBytesMax: number;
  readonly bandwidth: Bandwidth;
  readonly hooks: LinkHooks;
  /** Stops reading from the socket for good: what still arrives is counted and thrown away. */
  readonly stopReading: () => void;
}

export class Link {
  readonly id: LinkId;
  readonly peer: PeerId;
  readonly connection: Connection;
  readonly usage = new LinkUsage();
  /** What the core has opened so far; kept here, changed by the gate. */
  gate: "shut" | "accepted" | "admitted" = "shut";
  /** Where the peer says our connection comes from or goes to. */
  observedAs: string | undefined;
  readonly #init: LinkInit;
  readonly #order: SendOrder;
  readonly #writers = new Map<LinkProtocol, FrameWriter>();
  #gossip: FrameWriter | undefined;
  readonly #decoders = new Set<FrameDecoder>();
  readonly #inbound = new Set<Stream>();
  #untakenBytes = 0;
  #closing: { readonly reason: string; readonly done: Promise<void> } | undefined;
  readonly #gone = Promise.withResolvers<void>();
  #isClosed = false;
  /** It was given up; the core has the word now. */
  #isFailing = false;

  constructor(init: LinkInit) {
    this.#init = init;
    this.#order = new SendOrder(init.bandwidth);
    this.id = init.id;
    this.connection = init.connection;
    this.peer = init.connection.remotePeer.toString() as PeerId;
    this.connection.addEventListener("close", (event) => this.#onConnectionClosed(event.error));
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#closing === undefined;
  }

  /** Frames that wait for their stream. */
  get queuedBytes(): number {
    const gossip = this.#gossip?.queuedBytes ?? 0;
    return [...this.#writers.values()].reduce((sum, writer) => sum + writer.queuedBytes, gossip);
  }

  /** A ping came back: what a piece of bulk takes beyond that is a queue. */
  measured(rttMs: number): void {
    this.#order.window.measured(rttMs, performance.now());
  }

  get untakenBytes(): number {
    return this.#untakenBytes;
  }

  send(protocol: LinkProtocol, frame: Bytes): void {
    if (!this.isOpen) return;
    if (frame.length === 0 || frame.length > frameBytesMax[protocol]) {
      this.#failSoon(`a frame of ${frame.length} bytes cannot be sent on ${protocol}`);
      return;
    }
    let writer = this.#writers.get(protocol);
    if (writer === undefined) {
      writer = this.#createWriter(protocol);
      this.#writers.set(protocol, writer);
    }
    writer.send(frame, priorityOf(protocol, frame));
  }

  /** The writer for gossip's stream, in the same order as our own frames; it takes the place of an earlier one. */
  gossipWriter(stream: Stream): FrameWriter {
    this.#gossip?.end();
    this.#gossip = new FrameWriter({
      order: this.#order,
      volume: "gossip",
      queueBytesMax: gossipQueueBytesMax + gossipRpcBytesMax,
      open: () => Promise.resolve(stream),
      onSent: () => undefined, // gossip counts its own
      onDrained: () => undefined,
      onFailed: ({ reason }) => stream.abort(new Error(reason)),
    });
    return this.#gossip;
  }

  /** Reads frames from a stream the peer opened. */
  read(protocol: LinkProtocol, stream: Stream): void {
    const decoder = new FrameDecoder(Math.min(frameBytesMax[protocol], this.#init.frameBytesMax), this.#init.budget);
    this.#decoders.add(decoder);
    this.#inbound.add(stream);
    stream.addEventListener("message", (event) => {
      const parts = event.data instanceof Uint8Array ? [event.data] : event.data;
      for (const part of parts) {
        if (!this.#decoders.has(decoder)) return;
        const refusal = decoder.decode(part, (frame) => this.#deliver(protocol, frame));
        if (refusal !== undefined) this.#refuse(protocol, stream, decoder, refusal);
      }
    });
    stream.addEventListener("remoteCloseWrite", () => {
      if (decoder.isInsideFrame) this.#failSoon(`the peer ended ${protocol} inside a frame`);
      this.#forget(decoder);
      stream.close().catch((cause: unknown) => stream.abort(new Error(wordsOf(cause))));
    });
    stream.addEventListener("close", () => {
      this.#forget(decoder);
      this.#inbound.delete(stream);
    });
    if (this.#untakenBytes > untakenBytesMax) stream.pause();
  }

  /** The core is done with so many bytes of this link's frames. */
  taken(bytes: number): void {
    const wasBehind = this.#untakenBytes > untakenBytesMax;
    this.#untakenBytes -= bytes;
    if (wasBehind && this.#untakenBytes <= untakenBytesMax) for (const stream of this.#inbound) stream.resume();
  }

  /** Closes once what was sent has left; resolves when the connection is gone. Never rejects. */
  close(reason: string): Promise<void> {
    this.#closing ??= { reason, done: this.#isClosed ? Promise.resolve() : this.#closeGracefully() };
    return this.#closing.done;
  }

  /** Ends it at once, whatever has not left. */
  cut(): void {
    this.connection.abort(new Error(this.#closing?.reason ?? "the link was cut"));
  }

  /** Gives it up, with a word to the peer where that still gets through. */
  giveUp(code: FailingCode, reason: string): void {
    if (!this.isOpen || this.#isFailing) return;
    this.#isFailing = true;
    this.#init.hooks.onFailing(this, code, reason);
  }

  #deliver(protocol: LinkProtocol, frame: Uint8Array): void {
    this.#untakenBytes += frame.length;
    this.usage.countReceived(frame.length);
    if (this.#untakenBytes > untakenBytesMax) for (const stream of this.#inbound) stream.pause();
    this.#init.hooks.onFrame(this, protocol, frame);
  }

  #createWriter(protocol: LinkProtocol): FrameWriter {
    const { hooks, protocolNames } = this.#init;
    return new FrameWriter({
      order: this.#order,
      volume: "bulk",
      queueBytesMax: sendQueueBytesMax[protocol],
      open: () => this.connection.newStream(protocolNames[protocol], { signal: AbortSignal.timeout(negotiationMsMax) }),
      onSent: (bytes) => {
        this.usage.countSent(bytes);
        hooks.onFrameSent(protocol, bytes);
      },
      onDrained: () => {
        if (this.isOpen) hooks.onDrained(this, protocol);
      },
      onFailed: ({ type, reason }) => {
        if (protocol === "admit" && type === "notSpoken") this.#partLater(protocolNames.admit);
        else this.#failSoon(`the ${protocol} stream failed: ${reason}`);
      },
    });
  }

  #refuse(protocol: LinkProtocol, stream: Stream, decoder: FrameDecoder, refusal: FrameRefusal): void {
    this.#forget(decoder);
    stream.abort(new Error("frame refused"));
    if (refusal.type === "tooLong")
      this.#init.hooks.onFrameRefused(this, protocol, refusal.lengthBytes, refusal.lengthBytesMax);
    else this.#failSoon(reasonOf(protocol, refusal));
  }

  #forget(decoder: FrameDecoder): void {
    decoder.release();
    this.#decoders.delete(decoder);
  }

  /**
   * When a whole connection ends, its streams end first; a moment later the connection has its
   * own, better reason.
   */
  #failSoon(reason: string): void {
    setTimeout(() => this.giveUp("failed", reason), connectionEndMsMax).unref();
  }

  /** It is another program, which cannot be told anything, but may want to know who is here, or to ping. */
  #partLater(protocol: string): void {
    const reason = `it speaks libp2p, but not P2P Sync: it knows no ${protocol}`;
    setTimeout(() => this.giveUp("noHello", reason), otherProgramMs).unref();
  }

  async #closeGracefully(): Promise<void> {
    const connection = this.connection;
    const writers = [...this.#writers.values()];
    const flushing = AbortSignal.timeout(flushMsMax);
    try {
      await withSignal(Promise.all(writers.map((writer) => writer.flushed())), flushing);
      if (writers.length > 0 && connection.status === "open") await ping(connection, flushing);
    } catch {
      // the peer takes or answers nothing within the time it has: there is nobody to be polite to
    }
    for (const writer of writers) writer.end();
    this.#gossip?.end();
    await this.#end();
  }

  /**
   * Ends the connection from our side without waiting for the peer's consent. Reading stops
   * first: a frame that needs an answer would find a muxer that may not send any more, and
   * libp2p answers that with a reset of the socket. A stream that waits for credit, which now
   * cannot come, is reset alone.
   */
  async #end(): Promise<void> {
    const connection = this.connection;
    if (this.#isClosed) return;
    this.#init.stopReading();
    for (const stream of [...connection.streams]) {
      if (stream.writeBufferLength > 0) stream.abort(new Error("the link is closing"));
    }
    try {
      // libp2p waits in vain for a socket that breaks while it is closing; our own event comes
      await Promise.race([connection.close({ signal: AbortSignal.timeout(closeMsMax) }), this.#gone.promise]);
    } catch (cause) {
      connection.abort(new Error(wordsOf(cause)));
    }
  }

  #onConnectionClosed(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#order.end();
    for (const writer of this.#writers.values()) writer.end();
    this.#gossip?.end();
    for (const decoder of this.#decoders) decoder.release();
    this.#decoders.clear();
    this.#gone.resolve();
    const reason =
      this.#closing?.reason ??
      (error === undefined ? "the peer closed the connection" : `the connection broke: ${wordsOf(error)}`);
    this.#init.hooks.onClosed(this, reason);
  }
}

function reasonOf(protocol: LinkProtocol, refusal: Exclude<FrameRefusal, { type: "tooLong" }>): string {
  switch (refusal.type) {
    case "malformed":
      return `malformed input on ${protocol}: ${refusal.detail}`;
    case "overBudget":
      return "too much unfinished input over all links";
  }
}

async function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new Error("out of time"));
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
