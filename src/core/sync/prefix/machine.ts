/**
 * Comparing what lies under a prefix: every linked member is asked for its summary, and others'
 * questions are answered. A queue of scans, a slice of one in each turn, so that nothing else waits.
 *
 * 1. An answer costs a scan, so it is bounded: 100,000 entries, one question per link and second, one
 *    scan at a time, and after it a pause in proportion; who comes earlier is told `busy`.
 * 2. Our own user's questions are scanned one after the other, and only after a change.
 * 3. An answer counts for the question whose number it has, once per member.
 */
import type { PeerId, Time } from "../../../base/brand.ts";
import { BoundedMap } from "../../../base/bounded-map.ts";
import {
  type PrefixAnswer,
  type PrefixSummary,
  type SummariseMessage,
  type SummarisedMessage,
  encodeSummarise,
  encodeSummarised,
} from "../../../codec/prefix.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { StoreView } from "../../../ports/store.ts";
import type { EffectSink, Ticket } from "../../effects.ts";
import { prefixEveryMsMin, prefixOwnMax, prefixPauseMsPerEntry, prefixQuestionsMax } from "../limits.ts";
import { PrefixScan } from "./summary.ts";

export interface MemberAnswer {
  readonly peer: PeerId;
  readonly answer: PrefixAnswer;
}

/** What a scan works on. */
export interface ScannedSet {
  readonly view: StoreView;
  /** Grows with every change of the living set. */
  readonly changes: number;
  /** Links on which our own questions go out. */
  links(): readonly LinkId[];
}

type Scan =
  | { readonly type: "own"; readonly ticket: Ticket; readonly changes: number; readonly scan: PrefixScan }
  | { readonly type: "served"; readonly link: LinkId; readonly session: number; readonly scan: PrefixScan };

export class Prefixes {
  readonly #answers = new BoundedMap<number, Map<PeerId, PrefixAnswer>>(prefixQuestionsMax);
  readonly #servedAt = new Map<LinkId, number>();
  /** The first is under way. */
  readonly #scans: Scan[] = [];
  #asked = 0;
  #freeAt = -Infinity;
  #dueAt = Infinity;
  /** Our own latest summary, good while nothing changes. */
  #own: { readonly prefix: string; readonly changes: number; readonly summary: PrefixSummary | undefined } | undefined;

  /** Takes a question of our own user, which is answered when our own entries are summarised; false where too many wait. */
  ask(ticket: Ticket, prefix: string, set: ScannedSet, now: Time, out: EffectSink): boolean {
    if (this.#own?.prefix === prefix && this.#own.changes === set.changes) {
      this.#question(ticket, prefix, this.#own.summary, set, out);
      return true;
    }
    if (this.#scans.filter(({ type }) => type === "own").length >= prefixOwnMax) return false;
    this.#scans.push({ type: "own", ticket, changes: set.changes, scan: new PrefixScan(prefix) });
    this.advance(set, now, out);
    return true;
  }

  /** What has been answered so far. */
  answers(question: number): readonly MemberAnswer[] {
    return Array.from(this.#answers.get(question) ?? [], ([peer, answer]) => ({ peer, answer }));
  }

  answered(peer: PeerId, { session, answer }: SummarisedMessage): void {
    const answers = this.#answers.get(session);
    if (answers !== undefined && !answers.has(peer)) answers.set(peer, answer);
  }

  /** Takes a peer's question, or says that there is no time for it. */
  serve(link: LinkId, { session, prefix }: SummariseMessage, set: ScannedSet, now: Time, out: EffectSink): void {
    const isTooSoon = now.mono < (this.#servedAt.get(link) ?? -Infinity) + prefixEveryMsMin;
    if (isTooSoon || now.mono < this.#freeAt || this.#scans.length > 0)
      return send(link, encodeSummarised(session, { status: "busy" }), out);
    this.#servedAt.set(link, now.mono);
    this.#scans.push({ type: "served", link, session, scan: new PrefixScan(prefix) });
    this.advance(set, now, out);
  }

  /** One slice of the scan under way. */
  advance(set: ScannedSet, now: Time, out: EffectSink): void {
    const [first] = this.#scans;
    if (first !== undefined && first.scan.advance(set.view)) {
      this.#scans.shift();
      this.#finish(first, set, now, out);
    }
    this.#dueAt = this.#scans.length > 0 ? now.mono : Infinity;
  }

  nextDeadline(): number | undefined {
    return this.#dueAt === Infinity ? undefined : this.#dueAt;
  }

  linkLost(link: LinkId): void {
    this.#servedAt.delete(link);
    const kept = this.#scans.filter((scan) => scan.type === "own" || scan.link !== link);
    this.#scans.splice(0, this.#scans.length, ...kept);
  }

  #finish(done: Scan, set: ScannedSet, now: Time, out: EffectSink): void {
    const summary = done.scan.summary();
    if (done.type === "own") {
      const { prefix } = done.scan;
      this.#own = { prefix, changes: done.changes, summary };
      return this.#question(done.ticket, prefix, summary, set, out);
    }
    this.#freeAt = now.mono + done.scan.count * prefixPauseMsPerEntry;
    const answer: PrefixAnswer = summary === undefined ? { status: "tooMany" } : { status: "whole", summary };
    send(done.link, encodeSummarised(done.session, answer), out);
  }

  /** Nobody is asked where there are too many entries here. */
  #question(ticket: Ticket, prefix: string, ours: PrefixSummary | undefined, set: ScannedSet, out: EffectSink): void {
    const question = (this.#asked = (this.#asked + 1) >>> 0);
    if (ours !== undefined) {
      this.#answers.set(question, new Map());
      for (const link of set.links()) send(link, encodeSummarise(question, prefix), out);
    }
    out.push({ type: "answer", ticket, outcome: { type: "prefixAsked", question, ours } });
  }
}

function send(link: LinkId, frame: Uint8Array, out: EffectSink): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "frontier", frame } });
}
