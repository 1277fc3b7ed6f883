/**
 * Which of the writers of one link hands on next. All our protocols share a socket, and what it has
 * taken nothing can overtake: so the more urgent goes first, and of bulk only as much is on its way as
 * `SendWindow` allows; the rest waits here, where it can be overtaken.
 *
 * 1. Everything but bulk is handed on at once, by priority.
 * 2. Bulk goes piece by piece, the writers in turn.
 * 3. Where the bandwidth of the node is limited, the links that have bulk take turns.
 * 4. Bulk that waits for credit goes on without it after a while: a program that gives credit rarely is
 *    served slowly, but served.
 */
import { priorities, type Priority } from "../../codec/priority.ts";
import type { Bandwidth, Turn } from "./rates/bandwidth.ts";
import { bulkPatienceMs } from "./limits.ts";
import { SendWindow } from "./send-window.ts";

/** One writer, as the order sees it. */
export interface OrderedWriter {
  /** Hands on one whole frame; false where none may go. */
  hand(priority: Exclude<Priority, "bulk">): boolean;
  /** Hands on one piece of bulk; false where none may go. */
  handPiece(window: SendWindow | undefined): boolean;
  /** Called when all that may go has gone. */
  settle(): void;
  readonly holdsBulk: boolean;
}

export class SendOrder implements Turn {
  readonly window = new SendWindow();
  readonly #bandwidth: Bandwidth;
  readonly #writers: OrderedWriter[] = [];
  #isPumpDue = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(bandwidth: Bandwidth) {
    this.#bandwidth = bandwidth;
  }

  add(writer: OrderedWriter): void {
    this.#writers.push(writer);
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
    this.#handRound();
    this.#pump();
  }

  #pump(): void {
    for (const priority of priorities)
      if (priority !== "bulk") for (const writer of this.#writers) while (writer.hand(priority));
    while (this.#bandwidth.isFree && this.#handRound());
    if (!this.#bandwidth.isFree && this.#writers.some((writer) => writer.holdsBulk)) this.#bandwidth.wait(this);
    for (const writer of this.#writers) writer.settle();
    this.#watchPatience();
  }

  /** One piece of each writer; false where none could go. */
  #handRound(): boolean {
    return this.#writers.map((writer) => writer.handPiece(this.window)).includes(true);
  }

  #watchPatience(): void {
    clearTimeout(this.#patience);
    if (this.#bandwidth.isWaiting(this) || !this.#writers.some((writer) => writer.holdsBulk)) return;
    this.#patience = setTimeout(() => {
      for (const writer of this.#writers) writer.handPiece(undefined);
      this.pumpSoon();
    }, bulkPatienceMs);
    this.#patience.unref();
  }
}
