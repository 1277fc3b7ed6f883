/**
 * One run of one node: a production replica stepped by the production turn, on virtual time. It
 * ends by being stopped, by a crash at any point of a turn, or by its disk failing.
 */
import type { Time } from "../src/base/brand.ts";
import type { SetSummary } from "../src/codec/frontier.ts";
import type { ReplicaInput } from "../src/core/replica/inputs.ts";
import type { Replica } from "../src/core/replica/replica.ts";
import { type OutwardEffect, type VerifyEffect, runTurn } from "../src/node/turn.ts";
import type { Store } from "../src/ports/store.ts";
import { Violation } from "./checkers/violation.ts";
import { describeInput, describeOrder } from "./describe.ts";
import type { Setting } from "./setting.ts";

/** Checks of signatures take up to so long. */
const verifyMsMax = 20;
const turnDelayMsMax = 2;
/** Turns in one virtual second that nothing but time asked for. */
const idleTurnsMax = 300;
const turnsBetweenChecks = 256;

/** Thrown by a simulated power cut in the middle of a turn. */
export class PowerCut extends Error {
  override readonly name = "PowerCut";
}

export interface ProcessEvents {
  /** Carries out what is no order to the network. */
  carryOut(effect: Exclude<OutwardEffect, { type: "network" }>): void;
  obey(order: Extract<OutwardEffect, { type: "network" }>["order"]): void;
  /** The process is gone; nothing of it runs any more. */
  ended(how: "powerCut" | "diskFailed"): void;
  isDiskFailure(error: unknown): boolean;
}

export interface ProcessParts {
  readonly node: number;
  readonly replica: Replica;
  readonly store: Store;
  wall(): Time["wall"];
}

export class Process {
  readonly startedAt: number;
  isAlive = true;
  /** Whether the turn under way repairs the clock. */
  isRepairing = false;
  readonly #setting: Setting;
  readonly #parts: ProcessParts;
  readonly #events: ProcessEvents;
  readonly #inbox: ReplicaInput[] = [];
  #isTurnPlanned = false;
  #dueAt: number | undefined;
  #pausedUntil = 0;
  #slowUntil = 0;
  #slowMs = 0;
  #turns = 0;
  #idleTurns = 0;
  #idleSecond = 0;

  constructor(setting: Setting, parts: ProcessParts, events: ProcessEvents) {
    this.#setting = setting;
    this.#parts = parts;
    this.#events = events;
    this.startedAt = setting.queue.now;
    this.#plan();
  }

  give(input: ReplicaInput): void {
    if (!this.isAlive) return;
    this.#inbox.push(input);
    this.#plan();
  }

  pauseUntil(time: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, time);
  }

  summary(): SetSummary {
    return this.#parts.replica.summary();
  }

  /** Until then every turn begins so much later than it could. */
  slowDown(until: number, turnDelayMs: number): void {
    this.#slowUntil = until;
    this.#slowMs = turnDelayMs;
  }

  /** Whether it has neither been paused nor slow for a while. */
  get isPrompt(): boolean {
    const { queue } = this.#setting;
    return Math.max(this.#pausedUntil, this.#slowUntil + this.#slowMs) + 2_000 < queue.now;
  }

  time(): Time {
    return { wall: this.#parts.wall(), mono: this.#setting.queue.now - this.startedAt };
  }

  #plan(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    const { queue, prng } = this.#setting;
    const delayMs = prng.unit() * turnDelayMsMax + (queue.now < this.#slowUntil ? this.#slowMs : 0);
    queue.at(Math.max(this.#pausedUntil, queue.now + delayMs), () => {
      this.#isTurnPlanned = false;
      if (!this.isAlive) return;
      if (this.#pausedUntil > queue.now) this.#plan();
      else this.#turn();
    });
  }

  #turn(): void {
    const inputs = this.#nextInputs();
    for (const input of inputs)
      this.#setting.recorder.event(this.#setting.queue.now, this.#parts.node, "in", describeInput(input));
    this.isRepairing = inputs.some(({ type }) => type === "clockRepairRequested");
    const effects = this.#durableEffects(inputs);
    this.isRepairing = false;
    if (effects === undefined) return;
    this.#carryOut(effects);
    if (!this.isAlive) return;
    if (++this.#turns % turnsBetweenChecks === 0) this.#checkBounds();
    this.#checkIdle(inputs);
    this.#planDeadline();
  }

  /** All that came, but a clock repair by itself, so that checkers can tell what it did. */
  #nextInputs(): readonly ReplicaInput[] {
    const repair = this.#inbox.findIndex(({ type }) => type === "clockRepairRequested");
    const count = repair < 0 ? this.#inbox.length : Math.max(1, repair);
    const inputs = this.#inbox.splice(0, count);
    if (this.#inbox.length > 0) this.#plan();
    return inputs;
  }

  /** What the turn leaves to the world, or undefined where the process did not survive it. */
  #durableEffects(inputs: readonly ReplicaInput[]): readonly OutwardEffect[] | undefined {
    const { prng, options, isFaulty } = this.#setting;
    const cutAt = isFaulty() && prng.chance(options.turnCrash) ? prng.below(inputs.length + 1) : -1;
    let asked = 0;
    const now = (): Time => {
      if (asked++ === cutAt) throw new PowerCut();
      return this.time();
    };
    try {
      return runTurn(this.#parts.replica, this.#parts.store, inputs, now, (effect) => this.#check(effect)).effects;
    } catch (error) {
      if (error instanceof PowerCut) this.#end("powerCut");
      else if (this.#events.isDiskFailure(error)) this.#end("diskFailed");
      else if (error instanceof Violation) throw error;
      else
        throw new Violation(
          "7 no step fails",
          String(error),
          { node: this.#parts.node, inputs: inputs.map(describeInput) },
          error,
        );
      return undefined;
    }
  }

  #carryOut(effects: readonly OutwardEffect[]): void {
    const { prng, options, recorder, queue, isFaulty } = this.#setting;
    const cutAt = isFaulty() && prng.chance(options.turnCrash) ? prng.below(effects.length + 1) : -1;
    for (const [index, effect] of effects.entries()) {
      if (index === cutAt) return this.#end("powerCut");
      if (effect.type === "network") {
        recorder.event(queue.now, this.#parts.node, "out", describeOrder(effect.order));
        this.#events.obey(effect.order);
      } else this.#events.carryOut(effect);
      if (!this.isAlive) return;
    }
  }

  #check({ ticket, checks }: VerifyEffect): void {
    const { queue, prng, recorder } = this.#setting;
    recorder.count("signatures", checks.length);
    const valid = checks.map((check) => this.#setting.isValid(check));
    queue.after(prng.unit() * verifyMsMax, () => this.give({ type: "verified", ticket, valid }));
  }

  #planDeadline(): void {
    const { queue } = this.#setting;
    const deadline = this.#parts.replica.nextDeadline(this.time());
    if (deadline === undefined) return void (this.#dueAt = undefined);
    const due = Math.max(queue.now, this.startedAt + deadline);
    if (this.#dueAt === due) return;
    this.#dueAt = due;
    queue.at(due, () => {
      if (this.#dueAt !== due) return;
      this.#dueAt = undefined;
      this.give({ type: "timePassed" });
    });
  }

  #checkIdle(inputs: readonly ReplicaInput[]): void {
    const second = Math.floor(this.#setting.queue.now / 1000);
    if (second !== this.#idleSecond) this.#idleTurns = 0;
    this.#idleSecond = second;
    if (inputs.every(({ type }) => type === "timePassed")) this.#idleTurns += 1;
    if (this.#idleTurns <= idleTurnsMax) return;
    throw new Violation("6 nothing grows without bound", "the node turns without anything to do", {
      node: this.#parts.node,
      turns: this.#idleTurns,
    });
  }

  #checkBounds(): void {
    const { heldBack, candidates, serving, admitted } = this.#parts.replica.snapshot(this.time());
    const facts = {
      node: this.#parts.node,
      heldBack,
      candidates: candidates.length,
      serving,
      admitted: admitted.length,
    };
    const isBounded =
      heldBack <= 64 * this.#setting.authors() && candidates.length <= 1_024 && serving <= 64 && admitted.length <= 50;
    if (!isBounded) throw new Violation("6 nothing grows without bound", "a collection is over its limit", facts);
  }

  #end(how: "powerCut" | "diskFailed"): void {
    this.isAlive = false;
    this.#events.ended(how);
  }
}
