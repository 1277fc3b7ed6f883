/**
 * Promise 5: a question of this node's user is answered at most once, and exactly once if its
 * process does not end first.
 */
import { Violation } from "./violation.ts";

interface Ticket {
  readonly node: number;
  readonly process: number;
  readonly askedAt: number;
  /** Time by which the answer is due. */
  readonly dueAt: number;
  answered: boolean;
}

export class Tickets {
  readonly #tickets = new Map<number, Ticket>();
  #next = 0;

  ask(node: number, process: number, now: number, patienceMs: number): number {
    const ticket = ++this.#next;
    this.#tickets.set(ticket, { node, process, askedAt: now, dueAt: now + patienceMs, answered: false });
    return ticket;
  }

  answered(ticket: number, node: number, process: number): void {
    const asked = this.#tickets.get(ticket);
    if (asked === undefined || asked.node !== node || asked.process !== process) {
      throw new Violation("5 every question is answered once", "an answer to no question", { ticket, node });
    }
    if (asked.answered) throw new Violation("5 every question is answered once", "a second answer", { ticket, node });
    asked.answered = true;
  }

  /** Whether a process has answered all it was asked until then. */
  hasAnswered(node: number, process: number, until: number): boolean {
    for (const asked of this.#tickets.values())
      if (asked.node === node && asked.process === process && asked.askedAt <= until && !asked.answered) return false;
    return true;
  }

  /** When a question was asked, as long as it is not answered or forgotten. */
  askedAt(ticket: number): number | undefined {
    return this.#tickets.get(ticket)?.askedAt;
  }

  /** The process is gone; its users see it go. */
  processEnded(node: number, process: number): void {
    for (const [ticket, asked] of this.#tickets) {
      if (asked.node === node && asked.process === process) this.#tickets.delete(ticket);
    }
  }

  check(now: number): void {
    for (const [ticket, { node, dueAt, askedAt, answered }] of this.#tickets) {
      if (answered) this.#tickets.delete(ticket);
      else if (dueAt < now) {
        throw new Violation("5 every question is answered once", "no answer came", { ticket, node, askedAt });
      }
    }
  }
}
