/**
 * Are all reachable members equal to this node, now? Everybody is asked, and asked again, until
 * each has told that it is equal, or the time is over.
 *
 * The replica asks one peer at a time, and a peer that hangs may keep the others waiting; so who has
 * not answered in time is `silent`, never taken for equal.
 */
import { setTimeout as wait } from "node:timers/promises";
import { equalBytes } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import { isValidKey } from "../codec/op.ts";
import type { PrefixAnswer, PrefixSummary } from "../codec/prefix.ts";
import type { Outcome } from "../core/effects.ts";
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { MemberComparison } from "../core/sync/comparison.ts";
import type { OriginRanges } from "../codec/frontier.ts";
import type { Instant, PeerId } from "../base/brand.ts";
import type { Convergence, ConvergenceOptions, MemberConvergence } from "./insight.ts";

/** What one round of questions came to. */
type Found = Omit<Convergence, "waitedMs" | "notReachable" | "heldBack" | "full">;

/** What a member told of a prefix in an earlier round; good while ours is the same and it has no time to tell more. */
interface Told {
  readonly member: MemberConvergence;
  readonly ours: PrefixSummary;
}

/** What a check needs of the node. */
export interface ComparedNode {
  /** Orders everybody to be asked. */
  ask(): Promise<Outcome>;
  /** Orders everybody to be asked of what lies under a prefix, and shows what was answered. */
  askPrefix(prefix: string): Promise<Outcome>;
  prefixAnswers(question: number): Promise<Outcome>;
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
/** Pause between two questions to the same members, in ms. Source: a peer answers one about a prefix each second. */
const askEveryMs = 1_200;
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
  async run({ waitMs = 0, prefix, signal }: ConvergenceOptions): Promise<Convergence> {
    if (!Number.isInteger(waitMs) || waitMs < 0 || waitMs > convergenceWaitMsMax)
      throw new Fault("invalid_argument", `waitMs is a whole number from 0 to ${convergenceWaitMsMax}, not ${waitMs}`);
    if (prefix !== undefined && !isValidKey(prefix))
      throw new Fault("invalid_key", "a prefix has 1 to 256 bytes of UTF-8 and no control characters", { prefix });
    if (this.#running >= checksMax) throw new Fault("overloaded", `${checksMax} such questions are under way already`);
    this.#running += 1;
    try {
      return await this.#untilEqual(waitMs, prefix, signal);
    } finally {
      this.#running -= 1;
    }
  }

  async #untilEqual(waitMs: number, prefix: string | undefined, signal: AbortSignal | undefined): Promise<Convergence> {
    const started = performance.now();
    const told = new Map<PeerId, Told>();
    for (;;) {
      const askedAt = performance.now();
      const left = waitMs === 0 ? answerMsMax : Math.max(answerMsMin, started + waitMs - askedAt);
      const ms = Math.min(left, answerMsMax);
      const part = await (prefix === undefined
        ? this.#compareAll(ms, signal)
        : this.#comparePrefix(prefix, told, ms, signal));
      const elapsed = performance.now() - started;
      const found = await this.#complete(part, Math.round(elapsed));
      if (found.converged || elapsed >= waitMs || signal?.aborted === true) return found;
      await pause(Math.max(0, Math.min(waitMs - elapsed, askedAt + askEveryMs - performance.now())), signal);
    }
  }

  async #compareAll(ms: number, signal: AbortSignal | undefined): Promise<Found> {
    const outcome = await this.#node.ask();
    if (outcome.type !== "asked") throw otherKind(outcome);
    const { round } = outcome;
    const { compared, summary } = await untilDone(
      () => this.#node.snapshot(),
      (snapshot) => snapshot.compared.every((member) => isFresh(member, round)),
      ms,
      signal,
    );
    const members = compared.map((member) => this.#member(member, round));
    return foundOf(members, undefined, summary.count, summary.root);
  }

  async #comparePrefix(
    prefix: string,
    told: Map<PeerId, Told>,
    ms: number,
    signal: AbortSignal | undefined,
  ): Promise<Found> {
    const asked = await this.#node.askPrefix(prefix);
    if (asked.type === "refused") throw new Fault(asked.code, asked.message);
    if (asked.type !== "prefixAsked") throw otherKind(asked);
    const { ours, question } = asked;
    if (ours === undefined)
      throw new Fault("too_many_entries", `over 100,000 entries begin with ${JSON.stringify(prefix)}`, { prefix });
    const answers = async (): Promise<Extract<Outcome, { type: "prefixAnswers" }>> => {
      const outcome = await this.#node.prefixAnswers(question);
      if (outcome.type !== "prefixAnswers") throw otherKind(outcome);
      return outcome;
    };
    const isComplete = ({ members }: Extract<Outcome, { type: "prefixAnswers" }>): boolean =>
      members.every(({ answer }) => answer !== undefined);
    const { members } = await untilDone(answers, isComplete, ms, signal);
    const now = Date.now() as Instant;
    const judged = members.map(({ peer, answer }) => {
      const member = prefixMember(peer, answer, ours, now);
      const before = told.get(peer);
      if (member.state === "silent") return before !== undefined && isSame(before.ours, ours) ? before.member : member;
      told.set(peer, { member, ours });
      return member;
    });
    return foundOf(judged, prefix, ours.count, ours.digest);
  }

  async #complete(found: Found, waitedMs: number): Promise<Convergence> {
    const linked = new Set(found.members.map(({ peer }) => peer));
    const notReachable = this.#node.known().filter((peer) => !linked.has(peer));
    const { heldBack, disk, compared } = await this.#node.snapshot();
    const fullOnes = new Set(compared.filter(({ full }) => full).map(({ peer }) => peer));
    return {
      ...found,
      members: found.members.map((member) => ({ ...member, full: fullOnes.has(member.peer) })),
      waitedMs,
      heldBack,
      full: disk?.level === "holding" ? disk.because : undefined,
      notReachable: notReachable.slice(0, notReachableMax),
    };
  }

  #member(member: MemberComparison, round: number): MemberConvergence {
    const { peer, heard, differsSince, equalAt, admittedAt, heldBack, full, gaps } = member;
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
      heldBack,
      full,
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

/** What `look` shows once it is complete, or when the time is over. */
async function untilDone<T>(
  look: () => Promise<T>,
  isComplete: (seen: T) => boolean,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const seen = await look();
    if (isComplete(seen) || performance.now() >= deadline || signal?.aborted === true) return seen;
    await pause(lookEveryMs, signal);
  }
}

/** Also over when the signal comes. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error;
  });
}

function foundOf(
  members: readonly MemberConvergence[],
  prefix: string | undefined,
  entries: number,
  digest: Uint8Array,
): Found {
  const converged = members.length > 0 && members.every(({ state }) => state === "equal");
  return { converged, prefix, entries, root: Buffer.from(digest).toString("hex"), members };
}

/** A member that is too busy has told nothing; one with too many entries has others than we, who have fewer. */
function prefixMember(
  peer: PeerId,
  answer: PrefixAnswer | undefined,
  ours: PrefixSummary,
  now: Instant,
): MemberConvergence {
  const unheard = { since: undefined, lastEqualAt: undefined, heldBack: undefined };
  const unknown = { ...unheard, full: false, frontier: undefined, keysItMayLack: [] };
  const untold = { heardAt: undefined, entries: undefined, lagEntries: undefined, ...unknown };
  if (answer === undefined || answer.status === "busy") return { peer, state: "silent", ...untold };
  if (answer.status === "tooMany") return { peer, state: "differs", ...untold, heardAt: now };
  const { count, digest } = answer.summary;
  const equal = isSame({ count, digest }, ours);
  const told = { heardAt: now, entries: count, lagEntries: ours.count - count };
  return { peer, state: equal ? "equal" : "differs", ...told, ...unknown };
}

function isSame(a: PrefixSummary, b: PrefixSummary): boolean {
  return a.count === b.count && equalBytes(a.digest, b.digest);
}

function otherKind({ type }: Outcome): Fault {
  return new Fault("internal", `an answer of another kind: ${type}`);
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
