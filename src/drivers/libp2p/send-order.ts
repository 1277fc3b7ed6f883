/**
 * Which of the writers of one link hands on next. All our protocols share a socket, and what it has
 * taken nothing can overtake: so the more urgent goes first, and of volume only as much is on its way as
 * `SendWindow` allows; the rest waits here, where it can be overtaken.
 *
 * 1. Everything but volume (bulk, and the messages of gossip) is handed on at once, by priority.
 * 2. Volume goes piece by piece. Gossip goes before bulk, since it is new to everybody; but for every three bytes of gossip
 *    that overtook waiting bulk one byte of bulk goes, so that a storm of gossip does not end all pulls.
 * 3. Of bulk, the writers take turns, a piece each.
 * 4. Where the bandwidth of the node is limited, the links that have bulk take turns; gossip waits only while much is owed (`Bandwidth`).
 * 5. Volume that waits for credit goes on without it after a while: a program that gives credit rarely is
 *    served slowly, but served.
 */
import { priorities, type Priority } from "../../codec/priority.ts";
import type { Bandwidth, Turn } from "./rates/bandwidth.ts";
import { bulkPatienceMs, bulkPieceBytesMin, gossipBytesPerBulkByte } from "./limits.ts";
import { SendWindow } from "./send-window.ts";

/** One writer, as the order sees it. */
export interface OrderedWriter {
  /** What its volume is. */
  readonly volume: "gossip" | "bulk";
  /** Whether volume waits for the link's window, and for nothing else. */
  readonly holdsVolume: boolean;
  /** Hands on one whole frame; false where none may go. */
  hand(priority: Exclude<Priority, "bulk">): boolean;
  /** Hands on one piece of volume, and answers its bytes; 0 where none may go. */
  handPiece(window: SendWindow | undefined): number;
  /** Called when all that may go has gone. */
  settle(): void;
}

export class SendOrder implements Turn {
  readonly window = new SendWindow();
  readonly #bandwidth: Bandwidth;
  /** Replaced and never changed, so that a writer may end while they are gone through. */
  #writers: readonly OrderedWriter[] = [];
  /** Bytes of bulk that are due before gossip goes on. */
  #bulkDue = 0;
  #isPumpDue = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(bandwidth: Bandwidth) {
    this.#bandwidth = bandwidth;
  }

  add(writer: OrderedWriter): void {
    this.#writers = [...this.#writers, writer];
  }

  remove(writer: OrderedWriter): void {
    this.#writers = this.#writers.filter((other) => other !== writer);
  }

  /** In a task of its own: what is sent from inside an event of a stream would stay in its buffer. */
  pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  end(): void {
    clearTimeout(this.#patience);
    this.#bandwidth.forget(this);
  }

  takeTurn(): void {
    this.#handBulk();
    this.#pump();
  }

  #pump(): void {
    for (const priority of priorities)
      if (priority !== "bulk") for (const writer of this.#writers) while (writer.hand(priority));
    while (this.#handVolume());
    const { isFree, mayGossip } = this.#bandwidth;
    if ((!isFree && this.#holds("bulk")) || (!mayGossip && this.#holds("gossip"))) this.#bandwidth.wait(this);
    for (const writer of this.#writers) writer.settle();
    this.#watchPatience();
  }

  /** One piece, of gossip or of bulk; false where none could go. */
  #handVolume(): boolean {
    if (!this.#holds("bulk") || !this.#holds("gossip")) this.#bulkDue = 0;
    const mayBulk = this.#bandwidth.isFree;
    const isBulkDue = mayBulk && this.#bulkDue >= bulkPieceBytesMin;
    if (!isBulkDue && this.#bandwidth.mayGossip && this.#handGossip()) return true;
    return mayBulk && this.#handBulk();
  }

  #handGossip(): boolean {
    const bytes = this.#handPiece("gossip");
    this.#bulkDue += bytes / gossipBytesPerBulkByte;
    return bytes > 0;
  }

  #handBulk(): boolean {
    const bytes = this.#handPiece("bulk");
    this.#bulkDue -= bytes;
    return bytes > 0;
  }

  /** Whoever handed on a piece comes last the next time. */
  #handPiece(volume: OrderedWriter["volume"]): number {
    for (const writer of this.#writers) {
      const bytes = writer.volume === volume ? writer.handPiece(this.window) : 0;
      if (bytes === 0) continue;
      if (this.#writers.includes(writer))
        this.#writers = [...this.#writers.filter((other) => other !== writer), writer];
      return bytes;
    }
    return 0;
  }

  #holds(volume: OrderedWriter["volume"]): boolean {
    return this.#writers.some((writer) => writer.volume === volume && writer.holdsVolume);
  }

  #watchPatience(): void {
    clearTimeout(this.#patience);
    if (this.#bandwidth.isWaiting(this) || !this.#writers.some((writer) => writer.holdsVolume)) return;
    this.#patience = setTimeout(() => {
      for (const writer of this.#writers) writer.handPiece(undefined);
      this.pumpSoon();
    }, bulkPatienceMs);
    this.#patience.unref();
  }
}
