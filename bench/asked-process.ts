/**
 * A process that is asked questions over the process channel, one answer each: the conductor's side.
 * `answering.ts` is the other side. A question that gets no answer in time, and every question to
 * a process that has ended, fails with what the process said last.
 */
import { type ChildProcess, fork } from "node:child_process";

/** A question that takes longer has failed. Source: ten times the slowest accepted figure. */
const answerMsMax = 300_000;
/** Bytes of a process's last words that a failure shows. */
const lastWordsMax = 4_096;

/** Name of a command → its parameters and its answer. */
export type CommandSet<Commands> = { readonly [Name in keyof Commands]: (parameters: never) => unknown };
type Method<Commands, Name extends keyof Commands> = Extract<Commands[Name], (parameters: never) => unknown>;
export type ParametersOf<Commands, Name extends keyof Commands> = Parameters<Method<Commands, Name>>[0];
export type AnswerOf<Commands, Name extends keyof Commands> = ReturnType<Method<Commands, Name>>;

export interface Asked {
  readonly id: number;
  readonly name: string;
  readonly parameters: unknown;
}

export type Told =
  | { readonly type: "answer"; readonly id: number; readonly value: unknown }
  | { readonly type: "failed"; readonly id: number; readonly message: string }
  | { readonly type: "progress"; readonly id: number; readonly done: number; readonly total: number };

/** Called while a question is being answered. */
export type OnProgress = (done: number, total: number) => void;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: OnProgress | undefined;
  readonly timer: NodeJS.Timeout;
}

export interface AskedSettings {
  readonly file: string;
  readonly parameters?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export class AskedProcess<Commands extends CommandSet<Commands>> {
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #questions = 0;
  #lastWords = "";

  constructor({ file, parameters = [], execArgv = [], env = process.env }: AskedSettings) {
    this.child = fork(file, parameters, {
      serialization: "advanced",
      execArgv: [...execArgv],
      env,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.child.stderr?.on(
      "data",
      (chunk: Buffer) => (this.#lastWords = (this.#lastWords + chunk.toString()).slice(-lastWordsMax)),
    );
    this.child.on("message", (told: Told) => this.#hear(told));
    this.child.on("exit", (code, signal) => this.#gone(`the process ended (${signal ?? code}): ${this.#lastWords}`));
  }

  ask<Name extends keyof Commands & string>(
    name: Name,
    parameters: ParametersOf<Commands, Name>,
    onProgress?: OnProgress,
    msMax: number = answerMsMax,
  ): Promise<Awaited<AnswerOf<Commands, Name>>> {
    return new Promise((resolve, reject) => {
      const id = ++this.#questions;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${name} took over ${msMax / 1000} s`));
      }, msMax);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onProgress, timer });
      this.child.send({ id, name, parameters } satisfies Asked);
    });
  }

  #hear(told: Told): void {
    const waiting = this.#waiting.get(told.id);
    if (waiting === undefined) return;
    if (told.type === "progress") return waiting.onProgress?.(told.done, told.total);
    this.#waiting.delete(told.id);
    clearTimeout(waiting.timer);
    if (told.type === "answer") waiting.resolve(told.value);
    else waiting.reject(new Error(told.message));
  }

  #gone(why: string): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error(why));
    }
    this.#waiting.clear();
  }
}
