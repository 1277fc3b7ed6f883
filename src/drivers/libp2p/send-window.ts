/**
 * How much bulk of one link may be on its way, so that what is urgent never finds a long queue before
 * it: about what the line carries in a round trip, and for a moment more. Like a shop that lets in as
 * many as the tills serve, and a few to keep them busy. Pure: told what left, what arrived and when.
 *
 * 1. A piece's delay is the time until the other side's credit for it is back. The shortest delay of late is
 *    that of the bare line; what is above it is a queue, ours or another's.
 * 2. Once a round, which is four pieces sent since the last, the window becomes what would have had the wanted queue: it carried `bytes` in
 *    `delay`, so `bytes × (line + wanted) / delay`, at most twice or half as much as before. It grows only where it was used up.
 * 3. The least delay of a round counts, so that a busy peer, late with some answers, does not pass for a slow line.
 * 4. It never falls below twice the least credit that came back at once in the last round: other programs give credit back by
 *    half a window of the stream, and would wait for ever for the rest of one that they were not sent.
 *
 * Source: delay-based congestion control, as in LEDBAT (RFC 6817, its base delay and target) and FAST TCP
 * (Jin, Wei, Low, INFOCOM 2004, the update once in a round trip).
 */
import { bulkOnTheWayBytes, bulkPieceBytesMin, bulkQueueMs, bulkRoundPieces, lineDelayKeptMs } from "./limits.ts";

interface Piece {
  /** Bytes handed on until its end. */
  readonly end: number;
  readonly at: number;
}

export class SendWindow {
  #bytes: number = bulkOnTheWayBytes.first;
  #onTheWay = 0;
  /** The least delay in the time kept now, and in the one before. */
  #line = { now: Infinity, before: Infinity, since: 0 };
  #round = { since: 0, pieces: 0, delayMs: Infinity, stepBytes: Infinity, wasFull: false };

  /** Bytes that may be on the way at once. */
  get bytes(): number {
    return this.#bytes;
  }

  get onTheWay(): number {
    return this.#onTheWay;
  }

  /** How much of a waiting frame may go now; 0 for nothing. */
  pieceOf(waitingBytes: number): number {
    const room = this.#bytes - this.#onTheWay;
    const least = Math.min(waitingBytes, bulkPieceBytesMin);
    if (room < least) {
      this.#round.wasFull = true;
      return 0;
    }
    // alone on the line a small piece measures it; a large one would take its own length for the line's
    const most = this.#onTheWay === 0 ? bulkPieceBytesMin : Math.floor(this.#bytes / 4);
    return Math.min(waitingBytes, room, Math.max(bulkPieceBytesMin, most));
  }

  handed(bytes: number): void {
    this.#onTheWay += bytes;
  }

  /** The other side has read so many bytes, and said so at once. */
  arrived(bytes: number): void {
    this.#onTheWay -= bytes;
    if (bytes > 0) this.#round.stepBytes = Math.min(this.#round.stepBytes, bytes);
  }

  /** A round trip, of bulk or of a ping. */
  measured(delayMs: number, now: number): void {
    if (now >= this.#line.since + lineDelayKeptMs) this.#line = { now: Infinity, before: this.#line.now, since: now };
    this.#line.now = Math.min(this.#line.now, delayMs);
  }

  /** A piece arrived whole. One that left before the last change tells of the window before it. */
  pieceArrived(sentAt: number, now: number): void {
    this.measured(now - sentAt, now);
    const round = this.#round;
    if (sentAt < round.since) return;
    round.pieces += 1;
    round.delayMs = Math.min(round.delayMs, now - sentAt);
    if (round.pieces < bulkRoundPieces) return;
    const wanted = (this.lineMs + bulkQueueMs) / Math.max(round.delayMs, 1);
    const factor = Math.min(round.wasFull ? 2 : 1, Math.max(0.5, wanted));
    const least = Math.max(bulkOnTheWayBytes.min, 2 * round.stepBytes);
    this.#bytes = Math.min(bulkOnTheWayBytes.max, Math.max(least, Math.round(this.#bytes * factor)));
    this.#round = { since: now, pieces: 0, delayMs: Infinity, stepBytes: Infinity, wasFull: false };
  }

  /** The round trip of the bare line, as far as it is known, in ms. */
  get lineMs(): number {
    return Math.min(this.#line.now, this.#line.before);
  }
}

/** The pieces of one stream that are on their way, against its own count of what has arrived. */
export class StreamPieces {
  readonly #window: SendWindow;
  readonly #pieces: Piece[] = [];
  #handed = 0;
  #arrived = 0;

  constructor(window: SendWindow) {
    this.#window = window;
  }

  handed(bytes: number, now: number): void {
    this.#handed += bytes;
    this.#pieces.push({ end: this.#handed, at: now });
    this.#window.handed(bytes);
  }

  /** `onTheWay`: bytes of this stream that the other side has not given credit for. Small frames count as the last of them. */
  left(onTheWay: number, now: number): void {
    const arrived = Math.max(this.#arrived, this.#handed - onTheWay);
    this.#window.arrived(arrived - this.#arrived);
    this.#arrived = arrived;
    for (let first = this.#pieces[0]; first !== undefined && first.end <= arrived; first = this.#pieces[0]) {
      this.#pieces.shift();
      this.#window.pieceArrived(first.at, now);
    }
  }

  /** The stream is gone, and what was on its way with it. */
  end(): void {
    this.#window.arrived(this.#handed - this.#arrived);
    this.#arrived = this.#handed;
    this.#pieces.length = 0;
  }
}
