/**
 * What this node's own user asks for: writes, the repair of what a wrong clock wrote, proofs. Each
 * request is answered once; a `local` write's answer stands behind its persist, a `shared` one
 * waits for other members, a proof for the turn's last write.
 */
import type { Time } from "../../base/brand.ts";
import type { Bytes } from "../../base/bytes.ts";
import type { CheckedParcel } from "../data/batch.ts";
import { stampAheadMsMax } from "../data/limits.ts";
import { instantOf } from "../data/stamp.ts";
import type { StoreView } from "../../ports/store.ts";
import type { EffectSink, Outcome, Ticket } from "../effects.ts";
import { passOnPullFacts, wantWalk } from "./links.ts";
import type { OperatorQuestion, ReplicaInput, Wish, WrittenOp } from "./inputs.ts";
import { noteMerged } from "./settle.ts";
import { repairedAtOnceMax } from "./limits.ts";
import { type Parts, type Step, holdingsSeen, setScanned, tell } from "./parts.ts";
import { failedCondition } from "./condition.ts";
import { proveKey } from "./prove.ts";
import {
  type WriteRefusal,
  checkWrite,
  describeMakeRefusal,
  refuseKey,
  refusal,
  replacing,
  signBatch,
} from "./writer.ts";

export class Requests {
  readonly #parts: Parts;
  #stopping = false;
  /** Asked for in this turn. */
  #proofs: Extract<ReplicaInput, { type: "proofRequested" }>[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Every write is refused from now on. */
  stopping(): void {
    this.#stopping = true;
  }

  write({ ticket, ops, wish }: Extract<ReplicaInput, { type: "writeRequested" }>, step: Step): void {
    const { now, view, out } = step;
    const refused = this.#refuse(wish, now) ?? checkWrite(ops) ?? this.#refuseForRoom(ops, view);
    const failed = refused ?? failedCondition(ops, view, now);
    if (failed !== undefined) return answer(ticket, failed, step);
    const { acknowledgement } = this.#parts;
    const made = signBatch(replacing(ops, view), this.#parts, now);
    if (!made.ok) return answer(ticket, describeMakeRefusal(made.code), step);
    const { parcel, bytes } = made.value;
    this.#issue(parcel, bytes, step, wish.type === "shared");
    const { id: batch, latest: stamp, header } = parcel;
    if (wish.type === "local") return answer(ticket, { type: "written", batch, stamp, holders: [] }, step);
    const { incarnation, sequence } = header;
    const wait = { ticket, batch, stamp, incarnation, sequence, copies: wish.copies, timeoutMs: wish.timeoutMs };
    acknowledgement.step({ type: "waitStarted", wait }, now, out);
  }

  /**
   * Issues again, stamped by the clock as it is now, what this node wrote with stamps ahead of it.
   * A new numbering begins, so that what others hold back of the old one is told to be void.
   */
  repairClock({ ticket, incarnation }: Extract<ReplicaInput, { type: "clockRepairRequested" }>, step: Step): void {
    const { now, view, out } = step;
    const refused = this.#refuseAny();
    if (refused !== undefined) return answer(ticket, refused, step);
    const ops = this.#parts.holdings.restartNumbering(incarnation, now.wall, view, repairedAtOnceMax, out);
    for (const op of ops) {
      const made = signBatch([{ ...op, replaces: undefined }], this.#parts, now);
      if (made.ok) this.#issue(made.value.parcel, made.value.bytes, step);
    }
    tell({ type: "clockRepaired", reissued: ops.length }, step);
    answer(ticket, { type: "repaired", reissued: ops.length }, step);
  }

  /** What an operator wants to know; nothing changes by it. */
  question(asked: OperatorQuestion, step: Step): void {
    const { partitions, comparison, pull } = this.#parts;
    const { ticket } = asked;
    switch (asked.type) {
      case "comparisonRequested":
        passOnPullFacts(
          pull.step({ type: "everybodyDue" }, holdingsSeen(this.#parts), step.now, step.out),
          this.#parts,
          step,
        );
        return answer(ticket, { type: "asked", round: comparison.ask(step.now.mono) }, step);
      case "holdersRequested":
        return answer(ticket, this.#holdersOf(asked), step);
      case "partitionsRequested":
        return answer(ticket, { type: "partitions", partitions: partitions.records() }, step);
      case "prefixRequested":
        return this.#askPrefix(ticket, asked.prefix, step);
      case "prefixAnswersRequested":
        return answer(ticket, this.#prefixAnswers(asked.question), step);
    }
  }

  /** Who is known to hold a batch: by its word where it is ours, and because its whole set was equal to ours. */
  #holdersOf(asked: Extract<OperatorQuestion, { type: "holdersRequested" }>): Outcome {
    const { author, incarnation, sequence, since } = asked;
    const { acknowledgement, comparison, signer } = this.#parts;
    const equal = comparison.members().filter(({ equalAt }) => since !== undefined && (equalAt ?? -1) > since);
    return {
      type: "holders",
      acknowledged: author === signer.author ? acknowledgement.holdersOf(incarnation, sequence) : [],
      equalSince: equal.map(({ peer }) => peer),
    };
  }

  #askPrefix(ticket: Ticket, prefix: string, step: Step): void {
    const isTaken = this.#parts.prefixes.ask(ticket, prefix, setScanned(this.#parts, step), step.now, step.out);
    if (!isTaken) answer(ticket, refusal("overloaded", "too many such questions wait already"), step);
  }

  #prefixAnswers(question: number): Outcome {
    const { prefixes, admission } = this.#parts;
    const answered = new Map(prefixes.answers(question).map(({ peer, answer: told }) => [peer, told]));
    return {
      type: "prefixAnswers",
      members: admission.admitted().map(({ peer }) => ({ peer, answer: answered.get(peer) })),
    };
  }

  /** What the operator decides about old entries. */
  decide(
    input: Extract<ReplicaInput, { type: "adoptRequested" | "reissueRequested" | "dropAsideRequested" }>,
    step: Step,
  ): void {
    if (input.type === "adoptRequested") this.#adopt(input, step);
    else if (input.type === "reissueRequested") this.#reissue(input, step);
    else {
      const known = [...new Set(input.keys)].filter((key) => step.view.asideEntry(key) !== undefined);
      this.#dropAside(input.ticket, known, step);
    }
  }

  #adopt({ ticket, peer }: Extract<ReplicaInput, { type: "adoptRequested" }>, step: Step): void {
    const link = this.#parts.admission.linkOf(peer);
    if (link === undefined || !this.#parts.freshness.adopt(peer, step.now.mono))
      return answer(
        ticket,
        refusal("peer_not_connected", `${peer} is not connected, so nothing can be taken over from it`),
        step,
      );
    wantWalk(link, peer, this.#parts, step);
    answer(ticket, { type: "done" }, step);
  }

  /** Writes again what was set aside; what has no value here, or cannot be written, stays aside. */
  #reissue({ ticket, keys }: Extract<ReplicaInput, { type: "reissueRequested" }>, step: Step): void {
    const asPuts = keys.map((key) => ({ type: "put", key, value: new Uint8Array(), ttlSeconds: undefined }) as const);
    const refused = this.#refuse({ type: "local" }, step.now) ?? this.#refuseForRoom(asPuts, step.view);
    if (refused !== undefined) return answer(ticket, refused, step);
    const reissued = [...new Set(keys)].filter((key) => this.#reissueOne(key, step));
    this.#dropAside(ticket, reissued, step);
  }

  /** Answered at the end of the turn: all of a turn's proofs are of one set, whose hashes are computed once. */
  prove(asked: Extract<ReplicaInput, { type: "proofRequested" }>, step: Step): void {
    const refused = refuseKey(asked.key);
    if (refused !== undefined) return answer(asked.ticket, refused, step);
    this.#proofs.push(asked);
  }

  #reissueOne(key: string, step: Step): boolean {
    const value = step.view.asideEntry(key)?.value;
    if (value === undefined) return false;
    const op: WrittenOp = { type: "put", key, value, ttlSeconds: undefined };
    const made = signBatch(replacing([op], step.view), this.#parts, step.now);
    if (made.ok) this.#issue(made.value.parcel, made.value.bytes, step);
    return made.ok;
  }

  #dropAside(ticket: Ticket, keys: readonly string[], step: Step): void {
    if (keys.length > 0) step.out.push({ type: "persist", write: { type: "dropAside", keys } });
    answer(ticket, { type: "aside", keys }, step);
  }

  /** After the last write of the turn. */
  endTurn(view: StoreView, out: EffectSink): void {
    if (this.#proofs.length === 0) return;
    const snapshot = this.#parts.holdings.snapshot();
    for (const { ticket, key } of this.#proofs)
      out.push({ type: "answer", ticket, outcome: { type: "proof", ...proveKey(key, snapshot, view) } });
    this.#proofs = [];
  }

  /** What keeps this node from writing at all. */
  #refuseAny(): WriteRefusal | undefined {
    const { clock } = this.#parts;
    if (this.#stopping) return refusal("stopping", "the node is shutting down");
    if (!clock.doubted()) return undefined;
    const seconds = Math.round((clock.medianOffsetMs() ?? 0) / 1000);
    const side = seconds > 0 ? "behind" : "ahead of";
    return refusal(
      "clock_refused",
      `this node's clock is ${Math.abs(seconds)} s ${side} the median of its ${clock.witnesses} peers; set the clock, then run: p2p-sync clock repair`,
    );
  }

  /** Deletes of what is here free more than they take, and are how a user makes room. */
  #refuseForRoom(ops: readonly WrittenOp[], view: StoreView): WriteRefusal | undefined {
    const { disk } = this.#parts;
    if (!disk.refusesPuts) return undefined;
    if (ops.every(({ type, key }) => type === "delete" && view.living(key) !== undefined)) return undefined;
    return refusal("disk_budget", `${disk.describe()}; until then only deletes of keys that are here are taken`);
  }

  #refuse(wish: Wish, now: Time): WriteRefusal | undefined {
    const { holdings, acknowledgement, clock } = this.#parts;
    const refused = this.#refuseAny();
    if (refused !== undefined) return refused;
    // Without witnesses we cannot tell which was wrong, the clock then or the clock now.
    const isVouchedFor = clock.medianOffsetMs() !== undefined;
    const aheadMs = instantOf(holdings.state.lastStamp) - now.wall;
    if (isVouchedFor && aheadMs > stampAheadMsMax)
      return refusal(
        "clock_refused",
        `this node wrote last with a clock ${Math.round(aheadMs / 1000)} s ahead of now, and what it writes would be held back elsewhere; run: p2p-sync clock repair`,
      );
    if (wish.type === "shared" && !acknowledgement.hasRoom)
      return refusal("overloaded", "too many writes wait for other members already");
    return undefined;
  }

  #issue(parcel: CheckedParcel, bytes: Bytes, step: Step, isAwaited = false): void {
    const { now, view, out } = step;
    const arrival = { at: now.wall, via: { type: "own" } } as const;
    const terms = { rule: "waived", judged: now.wall, arrival, countsAsHeld: true } as const;
    const merge = this.#parts.holdings.merge(parcel, terms, now, view, out);
    noteMerged(parcel, arrival.via, merge, this.#parts, step);
    this.#parts.outgoing.add(bytes, isAwaited);
    this.#parts.disk.spent(bytes.length);
    tell({ type: "batchesMerged", via: "local", batches: 1, entries: merge.ops.length, delayMs: 0 }, step);
  }
}

function answer(ticket: Ticket, outcome: Outcome, { out }: Step): void {
  out.push({ type: "answer", ticket, outcome });
}
