/**
 * The users of one node: what they asked, and whether the answers are true. A write that is
 * acknowledged must be on the node's disk as it was asked, and on those of the holders it names.
 */
import type { BatchId } from "../src/base/brand.ts";
import { equalBytes } from "../src/base/bytes.ts";
import type { Outcome } from "../src/core/effects.ts";
import type { Wish, WrittenOp } from "../src/core/replica/inputs.ts";
import type { LivingFact } from "./checkers/facts.ts";
import type { KeyHistory } from "./checkers/key-history.ts";
import { seen } from "./checkers/versions.ts";
import { Violation } from "./checkers/violation.ts";
import type { Setting } from "./setting.ts";

/** Beyond the longest wait for other members, an answer is overdue. */
const answerSlackMs = 5_000;
/** What a node that is paused may add to that. */
const pauseSlackMs = 60_000;

export interface Asked {
  readonly ops: readonly WrittenOp[];
  readonly wish: Wish;
  /** Whether there is nothing wrong with the request itself. */
  readonly isValid: boolean;
}

/** Told of each write that is shared: who is said to hold it, and since when it was asked for. */
export type OnShared = (holders: readonly string[], ops: readonly LivingFact[], askedAt: number) => void;

type Written = Extract<Outcome, { type: "written" | "notShared" }>;

export class Users {
  readonly #setting: Setting;
  readonly #history: KeyHistory;
  readonly #own: ReadonlyMap<BatchId, readonly LivingFact[]>;
  readonly #onShared: OnShared;
  readonly #asked = new Map<number, Asked>();

  /** `own` is what this node put into its batches. */
  constructor(
    setting: Setting,
    history: KeyHistory,
    own: ReadonlyMap<BatchId, readonly LivingFact[]>,
    onShared: OnShared,
  ) {
    this.#setting = setting;
    this.#history = history;
    this.#own = own;
    this.#onShared = onShared;
  }

  ask(process: number, waitMs: number): number {
    const { tickets, queue, options } = this.#setting;
    const pauses = options.every.pause > 0 || options.every.slow > 0 ? pauseSlackMs : 0;
    return tickets.ask(this.#history.node, process, queue.now, waitMs + answerSlackMs + pauses);
  }

  askToWrite(process: number, asked: Asked): number {
    const ticket = this.ask(process, asked.wish.type === "shared" ? asked.wish.timeoutMs : 0);
    this.#asked.set(ticket, asked);
    return ticket;
  }

  processEnded(process: number): void {
    this.#setting.tickets.processEnded(this.#history.node, process);
    this.#asked.clear();
  }

  answered(process: number, ticket: number, outcome: Outcome): void {
    const askedAt = this.#setting.tickets.askedAt(ticket) ?? 0;
    this.#setting.tickets.answered(ticket, this.#history.node, process);
    this.#setting.recorder.count(`answer:${outcome.type}${outcome.type === "refused" ? `:${outcome.code}` : ""}`);
    const asked = this.#asked.get(ticket);
    if (asked === undefined) return;
    this.#asked.delete(ticket);
    if (outcome.type === "refused") this.#checkRefusal(ticket, asked, outcome.code);
    if (outcome.type === "written" || outcome.type === "notShared") this.#checkWritten(ticket, asked, outcome, askedAt);
  }

  #checkRefusal(ticket: number, { isValid }: Asked, code: string): void {
    const isOfRequest = code.startsWith("invalid_") || code === "value_too_large";
    if (!isOfRequest || !isValid) return;
    throw new Violation("5 every question is answered once", `a good request is refused: ${code}`, this.#facts(ticket));
  }

  #checkWritten(ticket: number, { ops, wish, isValid }: Asked, outcome: Written, askedAt: number): void {
    const facts = this.#own.get(outcome.batch) ?? [];
    const isComplete = facts.length === ops.length;
    if (!isValid || !isComplete || !ops.every((op) => facts.some((fact) => isWhatWasAsked(op, fact)))) {
      const message = "something else was written than asked";
      throw new Violation("1 acknowledged writes survive", message, this.#facts(ticket));
    }
    for (const fact of facts) this.#history.acknowledged(ticket, fact.key, seen(fact));
    if (outcome.type !== "written" || wish.type !== "shared") return;
    if (outcome.holders.length < wish.copies) {
      throw new Violation("10 shared means held by others", "too few copies", this.#facts(ticket));
    }
    this.#onShared(outcome.holders, facts, askedAt);
  }

  #facts(ticket: number): { readonly node: number; readonly ticket: number } {
    return { node: this.#history.node, ticket };
  }
}

function isWhatWasAsked(asked: WrittenOp, fact: LivingFact): boolean {
  const { content, key } = seen(fact).op;
  if (key !== asked.key) return false;
  if (asked.type === "delete") return content.type === "tombstone";
  return content.type === "value" && equalBytes(content.value, asked.value);
}
