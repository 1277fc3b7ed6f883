/**
 * The main thread's end of the replica's thread: hands over inputs in batches, carries back
 * effects, and matches answers to those who wait for them.
 */
import { Worker } from "node:worker_threads";
import { Fault } from "../base/fault.ts";
import { trieProofBytesMax } from "../codec/limits.ts";
import type { Outcome, Ticket } from "../core/effects.ts";
import type { ReplicaInput } from "../core/replica/inputs.ts";
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { MemoryPlan } from "./memory/plan.ts";
import { packed } from "./packed.ts";
import type { FromThread, TakenFrames, ThreadFaults, ThreadOptions, ToThread } from "./thread-messages.ts";
import type { SpentTime } from "./step-costs.ts";
import type { OutwardEffect } from "./turn.ts";

/** Requests of this node's own users under way at once. Guess. */
const requestsMax = 10_000;
/** Bytes of values in requests under way, and of proofs at their largest. Guess: 290 of the largest batches. */
export const requestBytesMax: number = 256 * 1024 * 1024;

type Asked = Extract<ReplicaInput, { readonly ticket: Ticket }>;
/** `Omit` on each member of a union. */
type WithoutTicket<T> = T extends unknown ? Omit<T, "ticket"> : never;
export type Request = WithoutTicket<Exclude<Asked, { type: "verified" }>>;

export interface ReplicaListener {
  /** Effects that are for the world; answers are handled here. */
  onEffects(effects: readonly Exclude<OutwardEffect, { type: "answer" }>[], wrote: boolean): void;
  /** A link's frames were dealt with. */
  onTaken(taken: readonly TakenFrames[]): void;
  /** What peers cost the thread lately. */
  onSpent(spent: readonly SpentTime[]): void;
  /** The thread is gone; everything that waited has failed. */
  onFailure(fault: Fault): void;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (fault: Fault) => void;
}

export class ReplicaClient {
  readonly #worker: Worker;
  readonly #listener: ReplicaListener;
  readonly #waiting = new Map<Ticket, Waiting<Outcome>>();
  readonly #questions = new Map<number, Waiting<ReplicaSnapshot>>();
  readonly #closed: Waiting<void>[] = [];
  #batch: ReplicaInput[] = [];
  #tickets = 0;
  #requestBytes = 0;
  readonly #requestBytesMax: number;
  readonly #relieved: (() => void)[] = [];
  #state: "running" | "closing" | "ended" = "running";

  /** Resolves when the store is open; rejects with the store's fault. */
  static start(
    options: ThreadOptions,
    plan: Pick<MemoryPlan, "requestBytes" | "youngMiB">,
    listener: ReplicaListener,
  ): Promise<ReplicaClient> {
    return new Promise((resolve, reject) => {
      const file = import.meta.url.endsWith(".ts") ? "./replica-worker.ts" : "./replica-worker.js";
      const worker = new Worker(new URL(file, import.meta.url), {
        workerData: options,
        ...(plan.youngMiB !== undefined && { resourceLimits: { maxYoungGenerationSizeMb: plan.youngMiB } }),
      });
      const client = new ReplicaClient(worker, plan.requestBytes, listener);
      worker.once("message", (message: FromThread) => {
        if (message.type === "failed") return reject(new Fault(message.code, message.message, message.details));
        worker.on("message", (next: FromThread) => client.#receive(next));
        resolve(client);
      });
      worker.on("error", (error) => {
        const fault = new Fault("internal", `the replica's thread ended: ${error.message}`, {}, error);
        reject(fault);
        client.#fail(fault);
      });
      worker.on("exit", (code) => {
        if (client.#state !== "ended")
          client.#fail(new Fault("internal", `the replica's thread ended with code ${code}`));
      });
    });
  }

  private constructor(worker: Worker, requestBytesMax: number, listener: ReplicaListener) {
    this.#requestBytesMax = requestBytesMax;
    this.#worker = worker;
    this.#listener = listener;
  }

  /** Hands over one input; those of one pass of the event loop travel together. */
  tell(input: ReplicaInput): void {
    if (this.#state !== "running") return;
    this.#batch.push(packed(input));
    if (this.#batch.length === 1) queueMicrotask(() => this.#flush());
  }

  /** Rejects with `overloaded`, `stopping`, or the fault that ended the thread. */
  ask(request: Request): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#state !== "running") return reject(new Fault("stopping", "the node is shutting down"));
      if (this.#waiting.size >= requestsMax)
        return reject(new Fault("overloaded", `${requestsMax} requests wait already`));
      const bytes = bytesOf(request);
      if (this.#requestBytes > 0 && this.#requestBytes + bytes > this.#requestBytesMax)
        return reject(new Fault("overloaded", `requests of ${this.#requestBytesMax} bytes wait already`));
      this.#requestBytes += bytes;
      const ticket = ++this.#tickets;
      this.#waiting.set(ticket, {
        resolve: (outcome) => {
          this.#requestBytes -= bytes;
          resolve(outcome);
        },
        reject,
      });
      this.tell({ ...request, ticket });
    });
  }

  snapshot(): Promise<ReplicaSnapshot> {
    return new Promise((resolve, reject) => {
      if (this.#state !== "running") return reject(new Fault("stopping", "the node is shutting down"));
      const question = ++this.#tickets;
      this.#questions.set(question, { resolve, reject });
      this.#flush();
      this.#post({ type: "snapshot", question });
    });
  }

  /** The thread gives back memory; resolves when it has, or is gone. */
  relieve(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state !== "running") return resolve();
      this.#relieved.push(resolve);
      this.#post({ type: "relieve" });
    });
  }

  /** Only where the thread was started with faults. */
  setFaults(faults: ThreadFaults): void {
    if (this.#state === "running") this.#post({ type: "faults", faults });
  }

  /** Ends the thread after everything handed over so far; nothing told afterwards counts. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state === "ended") return resolve();
      this.#closed.push({ resolve, reject: () => resolve() });
      if (this.#state === "closing") return;
      this.#flush();
      this.#state = "closing";
      this.#post({ type: "close" });
    });
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    const inputs = this.#batch;
    this.#batch = [];
    this.#post({ type: "inputs", inputs });
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case "turn":
        this.#turn(message.effects, message.wrote);
        if (message.taken.length > 0) this.#listener.onTaken(message.taken);
        if (message.spent.length > 0) this.#listener.onSpent(message.spent);
        break;
      case "snapshot":
        this.#questions.get(message.question)?.resolve(message.snapshot);
        this.#questions.delete(message.question);
        break;
      case "failed":
        this.#fail(new Fault(message.code, message.message, { ...message.details, stack: message.stack }));
        break;
      case "relieved":
        this.#relieved.shift()?.();
        break;
      case "closed":
        this.#state = "ended";
        this.#rejectAll(new Fault("stopping", "the node is shutting down"));
        for (const each of this.#closed) each.resolve();
        break;
      case "ready":
        break;
    }
  }

  #turn(effects: readonly OutwardEffect[], wrote: boolean): void {
    const outward: Exclude<OutwardEffect, { type: "answer" }>[] = [];
    const answers: Extract<OutwardEffect, { type: "answer" }>[] = [];
    for (const effect of effects) {
      if (effect.type === "answer") answers.push(effect);
      else outward.push(effect);
    }
    this.#listener.onEffects(outward, wrote);
    for (const { ticket, outcome } of answers) {
      this.#waiting.get(ticket)?.resolve(outcome);
      this.#waiting.delete(ticket);
    }
  }

  /** The thread is ended before anybody hears of it, so nothing writes any more when the lock is released. */
  #fail(fault: Fault): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    const over = (): void => {
      this.#rejectAll(fault);
      for (const each of this.#closed) each.resolve();
      this.#listener.onFailure(fault);
    };
    this.#worker.terminate().then(over, over);
  }

  #rejectAll(fault: Fault): void {
    for (const resolve of this.#relieved.splice(0)) resolve();
    for (const { reject } of this.#waiting.values()) reject(fault);
    for (const { reject } of this.#questions.values()) reject(fault);
    this.#waiting.clear();
    this.#questions.clear();
  }
}

function bytesOf(request: Request): number {
  if (request.type === "proofRequested") return trieProofBytesMax;
  if (request.type !== "writeRequested") return 0;
  return request.ops.reduce((sum, op) => sum + (op.type === "put" ? op.value.length : 0), 0);
}
