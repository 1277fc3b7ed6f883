/**
 * Are all reachable members equal to this node, now? Everybody is asked, and asked again, until
 * each has told that it is equal, or the time is over.
 *
 * The replica asks one peer at a time, and a peer that hangs may keep the others waiting; so who has
 * not answered in time is `silent`, never taken for equal.
 */
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "../base/fault.ts";
import type { Outcome } from "../core/effects.ts";
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { MemberComparison } from "../core/sync/comparison.ts";
import type { OriginRanges } from "../codec/frontier.ts";
import type { Instant, PeerId } from "../base/brand.ts";
import type { Convergence, ConvergenceOptions, MemberConvergence } from "./insight.ts";

/** What a check needs of the node. */
export interface ComparedNode {
  /** Orders everybody to be asked. */
  ask(): Promise<Outcome>;
  snapshot(): Promise<ReplicaSnapshot>;
  /** Keys of living entries in these batches of ours; at most `limit`. */
  keysOf(origins: readonly OriginRanges[], limit: number): readonly string[];
  /** Keys of living entries that came here after a time, latest first; at most `limit`. */
  keysSince(at: Instant, limit: number): readonly string[];
  /** Peers known by their id, linked or not. */
  known(): readonly PeerId[];
}

/** Time in which a member answers a single question, in ms. Guess: a pull that brings a few megabytes. */
const answerMsMax = 3_000;
/** Pause between two looks at the answers, in ms. Guess. */
const lookEveryMs = 50;
/** Pause between two questions to the same members, in ms. Source: a server answers a pull every 500 ms at most. */
const askEveryMs = 1_000;
/** Time that the last question of a longer wait gets at least, in ms. Guess: the usual answer takes ten. */
const answerMsMin = 500;
/** Longest wait, in ms. Source: contract of `ConvergenceOptions`. */
export const convergenceWaitMsMax = 600_000;
/** Keys named per member. */
const keysMax = 20;
/** Members named that are not linked. Source: contract of `Convergence`. */
const notReachableMax = 50;
/** Checks under way at once. Guess. */
const checksMax = 16;

export class ConvergenceCheck {
  readonly #node: ComparedNode;
  #running = 0;

  constructor(node: ComparedNode) {
    this.#node = node;
  }

  /** Throws `invalid_argument` or `overloaded`. */
  async run({ waitMs = 0, signal }: ConvergenceOptions): Promise<Convergence> {
    if (!Number.isInteger(waitMs) || waitMs < 0 || waitMs > convergenceWaitMsMax)
      throw new Fault("invalid_argument", `waitMs is a whole number from 0 to ${convergenceWaitMsMax}, not ${waitMs}`);
    if (this.#running >= checksMax) throw new Fault("overloaded", `${checksMax} such questions are under way already`);
    this.#running += 1;
    try {
      return await this.#untilEqual(waitMs, signal);
    } finally {
      this.#running -= 1;
    }
  }

  async #untilEqual(waitMs: number, signal: AbortSignal | undefined): Promise<Convergence> {
    const started = performance.now();
    for (;;) {
      const askedAt = performance.now();
      const round = await this.#ask();
      const left = waitMs === 0 ? answerMsMax : Math.max(answerMsMin, started + waitMs - askedAt);
      const snapshot = await this.#answers(round, Math.min(left, answerMsMax), signal);
      const elapsed = performance.now() - started;
      const found = this.#judge(snapshot, round, Math.round(elapsed));
      if (found.converged || elapsed >= waitMs || signal?.aborted === true) return found;
      await wait(Math.max(0, Math.min(waitMs - elapsed, askedAt + askEveryMs - performance.now())));
    }
  }

  async #ask(): Promise<number> {
    const outcome = await this.#node.ask();
    if (outcome.type !== "asked") throw new Fault("internal", `an answer of another kind: ${outcome.type}`);
    return outcome.round;
  }

  /** The state once everybody has answered, or when the time is over. */
  async #answers(round: number, ms: number, signal: AbortSignal | undefined): Promise<ReplicaSnapshot> {
    const deadline = performance.now() + ms;
    for (;;) {
      const snapshot = await this.#node.snapshot();
      const isComplete = snapshot.compared.every((member) => isFresh(member, round));
      if (isComplete || performance.now() >= deadline || signal?.aborted === true) return snapshot;
      await wait(lookEveryMs);
    }
  }

  #judge({ compared, summary, heldBack }: ReplicaSnapshot, round: number, waitedMs: number): Convergence {
    const members = compared.map((member) => this.#member(member, round));
    const linked = new Set(compared.map(({ peer }) => peer));
    return {
      converged: members.length > 0 && members.every(({ state }) => state === "equal"),
      waitedMs,
      entries: summary.count,
      root: Buffer.from(summary.fingerprint).toString("hex"),
      heldBack,
      members,
      notReachable: this.#node
        .known()
        .filter((peer) => !linked.has(peer))
        .slice(0, notReachableMax),
    };
  }

  #member(member: MemberComparison, round: number): MemberConvergence {
    const { peer, heard, differsSince, equalAt, admittedAt, gaps } = member;
    const state = !isFresh(member, round) ? "silent" : heard?.equal === true ? "equal" : "differs";
    const isEqual = state === "equal";
    return {
      peer,
      state,
      heardAt: heard?.at,
      entries: heard?.theirs,
      lagEntries: heard === undefined ? undefined : heard.ours - heard.theirs,
      since: isEqual ? undefined : state === "silent" ? (heard?.at ?? admittedAt) : differsSince,
      lastEqualAt: equalAt,
      frontier: isEqual ? undefined : frontierOf(gaps),
      keysItMayLack: isEqual ? [] : this.#keysLacking(member),
    };
  }

  #keysLacking({ gaps, equalAt }: MemberComparison): readonly string[] {
    const since = equalAt ?? gaps?.at;
    const named = gaps === undefined ? [] : this.#node.keysOf(gaps.theyLack.origins, keysMax);
    const later = since === undefined ? [] : this.#node.keysSince(since, keysMax);
    return [...new Set([...named, ...later])].slice(0, keysMax);
  }
}

function isFresh({ heard }: MemberComparison, round: number): boolean {
  return heard !== undefined && heard.round >= round;
}

function frontierOf(gaps: MemberComparison["gaps"]): MemberConvergence["frontier"] {
  if (gaps === undefined) return undefined;
  const { at, theyLack, weLack } = gaps;
  const weLackFrom = weLack.origins.map(({ author, incarnation, ranges }) => ({
    author,
    incarnation,
    numbers: ranges,
  }));
  return { at, theyLack: theyLack.batches, weLack: weLack.batches, weLackFrom };
}
