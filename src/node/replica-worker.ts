/**
 * The replica's thread: replica and store together, one durable commit per turn.
 *
 * Inputs that arrive while a turn runs make up the next one: the busier the node, the more writes
 * share one sync of the disk. A turn takes a bounded number of inputs so that its effects are not
 * late. Anything thrown here is fatal: the thread reports it and ends, and the node stops.
 */
import { randomBytes } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import type { Incarnation, Instant, Time } from "../base/brand.ts";
import { assert } from "../base/assert.ts";
import { Fault } from "../base/fault.ts";
import type { ReplicaInput } from "../core/replica/inputs.ts";
import { trieReplayOpsMin } from "../core/replica/limits.ts";
import { newState } from "../core/replica/new-state.ts";
import { Replica } from "../core/replica/replica.ts";
import { ed25519Signer } from "../crypto/ed25519.ts";
import { createFaultyStore } from "../drivers/faults/faulty-store.ts";
import { DiskUsage } from "../drivers/storage/disk-usage.ts";
import { openSqliteStore } from "../drivers/storage/sqlite-store.ts";
import { collectGarbage } from "../drivers/system/collect-garbage.ts";
import { Verifier } from "../drivers/system/verifier.ts";
import type { Store } from "../ports/store.ts";
import type { LinkId } from "../ports/network.ts";
import type { FromThread, TakenFrames, ThreadFaults, ThreadOptions, ToThread } from "./thread-messages.ts";
import { StepCosts } from "./step-costs.ts";
import { type VerifyEffect, runTurn } from "./turn.ts";

/** Inputs of one turn. Guess: about 10 ms of single puts. */
const inputsPerTurnMax = 256;
/** Bytes of frames and gossip after which a turn takes no further input. Guess: 30 ms of full batches; a put behind them waits no longer. */
const turnBytesMax: number = 1024 * 1024;
/** What a proof counts among them: a batch of 1,000 may be read and hashed for it, 6 ms. Source: docs/BENCHMARKS.md, Proofs. */
const proofBytesCounted: number = 256 * 1024;
/** Time between two looks at the disk, beside those after each turn that wrote. Guess: another program fills no reserve in it. */
const measureEveryMs = 1_000;
/** A timer never waits longer, in ms, so that a wall clock that jumped is noticed. */
const timerMsMax = 5_000;

class ReplicaThread {
  readonly #post: (message: FromThread) => void;
  readonly #store: Store;
  readonly #replica: Replica;
  readonly #verifier = new Verifier();
  readonly #costs = new StepCosts(() => performance.now());
  readonly #now: () => Time;
  #faults: ThreadFaults | undefined;
  #queue: ReplicaInput[] = [];
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #usage: DiskUsage;
  readonly #shrink: () => void;
  /** What the replica was told last. */
  #size = { usedBytes: 0, freeBytes: 0 };
  #isMeasureDue = true;
  readonly #measuring: NodeJS.Timeout;

  constructor(options: ThreadOptions, post: (message: FromThread) => void) {
    this.#post = post;
    this.#faults = options.faults;
    this.#now = () => ({ wall: (Date.now() + this.#offsetMs(options)) as Instant, mono: performance.now() });
    const store = openSqliteStore({
      path: options.storePath,
      durability: options.durability,
      cacheMiB: options.cacheMiB,
      network: { id: options.network, name: options.networkName },
    });
    this.#shrink = () => store.shrink();
    this.#usage = new DiskUsage(options.storePath);
    this.#measuring = setInterval(() => this.#measureLater(), measureEveryMs);
    this.#store =
      options.faults === undefined ? store : createFaultyStore(store, () => this.#faults?.diskFull === true);
    const seed = randomBytes(6).readUIntBE(0, 6);
    const session = randomBytes(8).toString("hex");
    const state = this.#store.state() ?? newState(randomBytes(8).toString("hex") as Incarnation, this.#now().wall);
    const { identitySeed, ...replicaOptions } = options;
    const drawn = { signer: ed25519Signer(identitySeed), session, seed };
    const terms = { ...replicaOptions, ...drawn, trieReplayOpsMin };
    this.#replica = new Replica(terms, this.#store, state);
  }

  take(message: ToThread): void {
    switch (message.type) {
      case "inputs":
        for (const input of message.inputs) this.#queue.push(input);
        this.#schedule();
        break;
      case "snapshot":
        this.#post({ type: "snapshot", question: message.question, snapshot: this.#replica.snapshot(this.#now()) });
        break;
      case "faults":
        this.#faults = message.faults;
        this.#schedule(); // a clock that jumped may have made something due
        break;
      case "relieve":
        this.#shrink();
        collectGarbage();
        this.#post({ type: "relieved" });
        break;
      case "close":
        while (this.#queue.length > 0) this.#turn();
        this.close();
        this.#post({ type: "closed" });
        break;
    }
  }

  /** Ends without another turn; an open one is rolled back. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#measuring);
    this.#usage.close(); // before the writer, whose close as the last one folds the log into the store
    this.#store.close();
  }

  #offsetMs({ clockOffsetMs }: ThreadOptions): number {
    return clockOffsetMs + (this.#faults?.clockOffsetMs ?? 0);
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#turn();
    });
  }

  /** After a turn that threw there is none any more: memory and disk may differ. */
  #turn(): void {
    assert(!this.#closed, "no turn follows a failure");
    const inputs = this.#nextInputs();
    const check = ({ ticket, checks }: VerifyEffect): void => {
      this.#costs.asked(ticket);
      this.#verifier.check(checks, (valid) => {
        this.#queue.push({ type: "verified", ticket, valid });
        this.#schedule();
      });
    };
    const stepping = (input: ReplicaInput | undefined): void => this.#costs.stepping(input);
    const { effects, wrote } = runTurn(this.#replica, this.#store, inputs, this.#now, check, stepping);
    this.#isMeasureDue ||= wrote;
    const taken = takenFrames(inputs);
    const spent = this.#costs.take();
    if (effects.length > 0 || wrote || taken.length > 0 || spent.length > 0)
      this.#post({ type: "turn", effects, wrote, taken, spent });
    if (this.#queue.length > 0) this.#schedule();
    else this.#setTimer();
  }

  /** As many as make one turn, in order; what is due by time comes first, also when inputs never pause. */
  #nextInputs(): readonly ReplicaInput[] {
    let count = 0;
    for (let bytes = 0; count < this.#queue.length && count < inputsPerTurnMax && bytes < turnBytesMax; count++) {
      bytes += bytesOf(this.#queue[count]);
    }
    const inputs = this.#queue.splice(0, count);
    const time = this.#now();
    const deadline = this.#replica.nextDeadline(time);
    const due = deadline !== undefined && deadline <= time.mono ? ([{ type: "timePassed" }] as const) : [];
    return [...this.#measured(), ...due, ...inputs];
  }

  /** Others, too, take and free room on the disk. */
  #measureLater(): void {
    this.#isMeasureDue = true;
    this.#schedule();
  }

  #measured(): readonly ReplicaInput[] {
    if (!this.#isMeasureDue) return [];
    this.#isMeasureDue = false;
    const size = this.#usage.measure();
    if (size.usedBytes === this.#size.usedBytes && size.freeBytes === this.#size.freeBytes) return [];
    this.#size = size;
    return [{ type: "diskMeasured", ...size }];
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const time = this.#now();
    const deadline = this.#replica.nextDeadline(time);
    if (deadline === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#queue.push({ type: "timePassed" });
        this.#schedule();
      },
      Math.min(Math.max(0, Math.ceil(deadline - time.mono)), timerMsMax),
    );
  }
}

function bytesOf(input: ReplicaInput | undefined): number {
  if (input?.type === "frameReceived") return input.frame.length;
  if (input?.type === "proofRequested") return proofBytesCounted;
  return input?.type === "gossipReceived" ? input.payload.length : 0;
}

function takenFrames(inputs: readonly ReplicaInput[]): readonly TakenFrames[] {
  const bytes = new Map<LinkId, number>();
  for (const input of inputs) {
    if (input.type === "frameReceived") bytes.set(input.link, (bytes.get(input.link) ?? 0) + input.frame.length);
  }
  return Array.from(bytes, ([link, sum]) => ({ link, bytes: sum }));
}

function failureOf(error: unknown): FromThread {
  const stack = error instanceof Error ? error.stack : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Fault) return { type: "failed", code: error.code, message, details: error.details, stack };
  const code = error instanceof Error && "errcode" in error ? "storage_failed" : "internal"; // SQLite's own errors have an errcode
  return { type: "failed", code, message, details: {}, stack };
}

function main(): void {
  assert(parentPort !== null, "this file runs as a worker");
  const port = parentPort;
  const post = (message: FromThread): void => port.postMessage(message);
  let thread: ReplicaThread | undefined;
  const fail = (error: unknown): void => {
    try {
      thread?.close();
    } finally {
      post(failureOf(error));
      port.close();
    }
  };
  process.on("uncaughtException", fail);
  try {
    const running = new ReplicaThread(workerData as ThreadOptions, post);
    thread = running;
    port.on("message", (message: ToThread) => {
      running.take(message);
      if (message.type === "close") port.close();
    });
    post({ type: "ready" });
  } catch (error) {
    fail(error);
  }
}

main();
