/**
 * Which of the writers of one link hands on next. All our protocols share a socket, and what it has
 * taken nothing can overtake: so the more urgent goes first, and of bulk only as much is on its way as
 * `SendWindow` allows; the rest waits here, where it can be overtaken.
 *
 * 1. Everything but bulk is handed on at once, by priority.
 * 2. Bulk goes piece by piece, the writers in turn.
 * 3. Bulk that waits for credit goes on without it after a while: a program that gives credit rarely is
 *    served slowly, but served.
 */
import { priorities, type Priority } from "../../codec/priority.ts";
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

export class SendOrder {
  readonly window = new SendWindow();
  readonly #writers: OrderedWriter[] = [];
  #isPumpDue = false;
  #patience: NodeJS.Timeout | undefined;

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
  }

  #pump(): void {
    for (const priority of priorities)
      if (priority !== "bulk") for (const writer of this.#writers) while (writer.hand(priority));
    while (this.#writers.map((writer) => writer.handPiece(this.window)).includes(true));
    for (const writer of this.#writers) writer.settle();
    this.#watchPatience();
  }

  #watchPatience(): void {
    clearTimeout(this.#patience);
    if (!this.#writers.some((writer) => writer.holdsBulk)) return;
    this.#patience = setTimeout(() => {
      for (const writer of this.#writers) writer.handPiece(undefined);
      this.pumpSoon();
    }, bulkPatienceMs);
    this.#patience.unref();
  }
}
