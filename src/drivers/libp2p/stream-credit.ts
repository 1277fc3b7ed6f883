/**
 * What a stream of yamux has on its way: sent, and not read by the other side. Yamux counts it for its
 * own window: every sent byte is taken from the credit, and the other side gives it back when the byte
 * is read; libraries of our nodes do so with every piece. It keeps that in fields its types do not show;
 * the assertions stop the program at its first stream should a new version do otherwise.
 *
 * The other side may double its window with a grant. That shows as a credit over the window known so far, because
 * less than a whole window can be on the way. Of another program that grows it otherwise, less seems to be on the way
 * than is, which lets more out and stops nothing.
 *
 * QUIC does not tell what the other side has read, only what it has credit for: of a stream of QUIC up to a whole window
 * more may be on the way than is counted. On other streams nothing waits for that, since QUIC sends from all of them in turn.
 * Source: the yamux specification (first window 256 KiB), and `sendWindowUpdate` of @libp2p/yamux 8.
 */
import type { Stream } from "@libp2p/interface";
import { assert } from "../../base/assert.ts";
import { QuicStream } from "./quic/stream.ts";

/** How much of what was handed to a stream has not arrived, as far as is known here. */
export interface StreamCredit {
  readonly onTheWay: number;
}

/** `onCredit` is called whenever there may be less on the way. */
export function creditOf(stream: Stream, onCredit: () => void): StreamCredit {
  if (!(stream instanceof QuicStream)) return new YamuxCredit(stream, onCredit);
  stream.onCredit = onCredit;
  return stream;
}

interface YamuxStream {
  readonly sendWindowCapacity: number;
  handleWindowUpdate(frame: unknown): void;
}

const firstWindowBytes: number = 256 * 1024;

class YamuxCredit implements StreamCredit {
  readonly #stream: Stream & YamuxStream;
  #windowBytes = firstWindowBytes;

  constructor(stream: Stream, onCredit: () => void) {
    this.#stream = stream as Stream & YamuxStream;
    const inner = this.#stream;
    assert(typeof inner.sendWindowCapacity === "number", "a stream of yamux counts its credit");
    assert(typeof inner.handleWindowUpdate === "function", "a stream of yamux takes grants in handleWindowUpdate");
    const handleWindowUpdate = inner.handleWindowUpdate.bind(inner);
    inner.handleWindowUpdate = (frame) => {
      handleWindowUpdate(frame);
      onCredit();
    };
  }

  /** Bytes handed to the stream that the other side has not read, as far as is known here. */
  get onTheWay(): number {
    const { sendWindowCapacity, writeBufferLength } = this.#stream;
    while (sendWindowCapacity > this.#windowBytes) this.#windowBytes *= 2;
    return this.#windowBytes - sendWindowCapacity + writeBufferLength;
  }
}
