/**
 * How others see a peer. Our own user asks why a peer is not linked; half of the answer is on the other side. So the
 * peer itself is asked how it stands to us, and where no link leads there, some neighbours are: who is linked with
 * the peer passes the question on, who is not tells its own view. The same is done for others.
 *
 * 1. Only admitted members ask and are answered. Of others' business nobody is asked: a neighbour is asked only how
 *    the peer stands to the asker itself.
 * 2. A question is passed on once: who is asked for its own view never passes it on.
 * 3. Numbers on the wire are ours; an answer counts only from the link that was asked, and only if it is the view
 *    of the peer that was asked about or of the one that answers.
 * 4. Each question of our user is answered once: when all have answered, or after 2 s with what there is by then.
 * 5. Where the peer takes longer than 1 s, or its link ends, who passed the question on tells its own view.
 * 6. Bounded: 5 questions at once and 1 a second of a link, 64 of others and 16 of our own under way. What is
 *    beyond is not answered, for an answer would cost as much.
 * 7. No control character of what others say gets any further.
 */
import type { PeerId, Time } from "../../../base/brand.ts";
import { type PeersMessage, type PeerView, encodePeers } from "../../../codec/peers.ts";
import { authorOf } from "../../../codec/peer-id.ts";
import type { LinkId } from "../../../ports/network.ts";
import type { EffectSink, Ticket } from "../../effects.ts";
import {
  viewEveryMsMin,
  viewNeighboursMax,
  viewPassedWithinMs,
  viewWithinMs,
  viewsAtOnceMax,
  viewsOwnMax,
  viewsPendingMax,
} from "./limits.ts";
import type { HeardView, ViewWords } from "../../../ports/heard-view.ts";

export type ViewsInput =
  /** Our own user asks how `of` stands to us. */
  | { readonly type: "viewsRequested"; readonly ticket: Ticket; readonly of: PeerId }
  | {
      readonly type: "asked";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly message: Extract<PeersMessage, { type: "askView" }>;
    }
  | {
      readonly type: "told";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly message: Extract<PeersMessage, { type: "view" }>;
    }
  /** What this node itself says, as was wanted. */
  | ({ readonly type: "viewGiven"; readonly number: number } & ViewWords)
  | { readonly type: "linkLost"; readonly link: LinkId }
  | { readonly type: "timePassed" };

/** Who is admitted now. */
export interface Members {
  linkOf(peer: PeerId): LinkId | undefined;
  admitted(): readonly { readonly peer: PeerId; readonly link: LinkId }[];
}

/** A member that waits for an answer of ours. */
interface Asker {
  readonly link: LinkId;
  readonly number: number;
}

/** Our own user's question. */
interface Question {
  readonly ticket: Ticket;
  readonly of: PeerId;
  readonly until: number;
  /** By the number of what was sent. */
  readonly asked: Map<number, { readonly link: LinkId; readonly peer: PeerId }>;
  readonly views: HeardView[];
}

/** A question of a member that was passed on to the peer it is about. */
interface Passed {
  readonly asker: Asker;
  readonly of: PeerId;
  readonly link: LinkId;
  readonly until: number;
}

export class Views {
  readonly #self: PeerId;
  readonly #questions = new Set<Question>();
  readonly #passed = new Map<number, Passed>();
  /** What our own words were wanted for. */
  readonly #wanted = new Map<number, { readonly asker: Asker; readonly until: number }>();
  /** Monotonic time at which a link has used up nothing any more. */
  readonly #busyUntil = new Map<LinkId, number>();
  #numbers = 0;
  #turn = 0;

  constructor(self: PeerId) {
    this.#self = self;
  }

  step(input: ViewsInput, members: Members, now: Time, out: EffectSink): void {
    switch (input.type) {
      case "viewsRequested":
        this.#request(input.ticket, input.of, members, now, out);
        break;
      case "asked":
        if (this.#mayAsk(input.link, now)) this.#asked(input.link, input.peer, input.message, members, now, out);
        break;
      case "told":
        this.#told(input.link, input.peer, input.message, out);
        break;
      case "viewGiven":
        this.#given(input, out);
        break;
      case "linkLost":
        this.#lost(input.link, now, out);
        break;
      case "timePassed":
        this.#expire(now, out);
        break;
    }
  }

  nextDeadline(): number | undefined {
    const until = [...this.#questions, ...this.#passed.values(), ...this.#wanted.values()].map((each) => each.until);
    return until.length === 0 ? undefined : Math.min(...until);
  }

  #request(ticket: Ticket, of: PeerId, members: Members, now: Time, out: EffectSink): void {
    if (this.#questions.size >= viewsOwnMax) {
      const message = `${viewsOwnMax} such questions wait already`;
      out.push({ type: "answer", ticket, outcome: { type: "refused", code: "overloaded", message } });
      return;
    }
    const question: Question = { ticket, of, until: now.mono + viewWithinMs, asked: new Map(), views: [] };
    this.#questions.add(question);
    const canBeAsked = of !== this.#self && authorOf(of) !== undefined;
    for (const { link, peer } of canBeAsked ? this.#whoToAsk(of, members) : []) {
      const number = this.#next();
      question.asked.set(number, { link, peer });
      send(link, { type: "askView", number, of, about: this.#self }, out);
    }
    this.#answerIfWhole(question, out);
  }

  /** The peer itself, or some neighbours, with each question others. */
  #whoToAsk(of: PeerId, members: Members): readonly { readonly link: LinkId; readonly peer: PeerId }[] {
    const link = members.linkOf(of);
    if (link !== undefined) return [{ link, peer: of }];
    const all = members.admitted();
    const from = all.length === 0 ? 0 : this.#turn % all.length;
    this.#turn += viewNeighboursMax;
    return [...all.slice(from), ...all.slice(0, from)].slice(0, viewNeighboursMax);
  }

  #mayAsk(link: LinkId, now: Time): boolean {
    const busyUntil = Math.max(this.#busyUntil.get(link) ?? 0, now.mono);
    if (busyUntil - now.mono > (viewsAtOnceMax - 1) * viewEveryMsMin) return false;
    this.#busyUntil.set(link, busyUntil + viewEveryMsMin);
    return this.#passed.size + this.#wanted.size < viewsPendingMax;
  }

  #asked(
    link: LinkId,
    peer: PeerId,
    { number, of, about }: Extract<PeersMessage, { type: "askView" }>,
    members: Members,
    now: Time,
    out: EffectSink,
  ): void {
    const asker = { link, number };
    if (of === this.#self) return this.#want(asker, about, now, out);
    if (about !== peer || of === peer) return;
    const onward = members.linkOf(of);
    if (onward === undefined) return this.#want(asker, of, now, out);
    const passed = this.#next();
    this.#passed.set(passed, { asker, of, link: onward, until: now.mono + viewPassedWithinMs });
    send(onward, { type: "askView", number: passed, of, about }, out);
  }

  #want(asker: Asker, about: PeerId, now: Time, out: EffectSink): void {
    const number = this.#next();
    this.#wanted.set(number, { asker, until: now.mono + viewWithinMs });
    out.push({ type: "viewWanted", number, about });
  }

  #given({ number, cause, conclusion, next }: { readonly number: number } & ViewWords, out: EffectSink): void {
    const wanted = this.#wanted.get(number);
    this.#wanted.delete(number);
    if (wanted !== undefined) answer(wanted.asker, { by: this.#self, cause, conclusion, next }, out);
  }

  #told(link: LinkId, peer: PeerId, { number, view }: Extract<PeersMessage, { type: "view" }>, out: EffectSink): void {
    const passed = this.#passed.get(number);
    if (passed !== undefined && passed.link === link && view.by === passed.of) {
      this.#passed.delete(number);
      return answer(passed.asker, withoutControls(view), out);
    }
    for (const question of this.#questions) {
      if (question.asked.get(number)?.link !== link || (view.by !== question.of && view.by !== peer)) continue;
      question.asked.delete(number);
      question.views.push({ ...withoutControls(view), through: peer });
      this.#answerIfWhole(question, out);
    }
  }

  #lost(link: LinkId, now: Time, out: EffectSink): void {
    this.#busyUntil.delete(link);
    for (const [number, { asker }] of this.#wanted) if (asker.link === link) this.#wanted.delete(number);
    for (const [number, passed] of this.#passed) {
      if (passed.asker.link === link) this.#passed.delete(number);
      else if (passed.link === link) this.#speakInstead(number, passed, now, out);
    }
    for (const question of this.#questions)
      if ([...question.asked.values()].every((asked) => asked.link === link)) this.#answer(question, out);
  }

  #expire(now: Time, out: EffectSink): void {
    for (const [number, { until }] of this.#wanted) if (until <= now.mono) this.#wanted.delete(number);
    for (const [number, passed] of this.#passed)
      if (passed.until <= now.mono) this.#speakInstead(number, passed, now, out);
    for (const question of this.#questions) if (question.until <= now.mono) this.#answer(question, out);
  }

  #speakInstead(number: number, { asker, of }: Passed, now: Time, out: EffectSink): void {
    this.#passed.delete(number);
    this.#want(asker, of, now, out);
  }

  #answerIfWhole(question: Question, out: EffectSink): void {
    if (question.asked.size === 0) this.#answer(question, out);
  }

  #answer(question: Question, out: EffectSink): void {
    this.#questions.delete(question);
    const { ticket, views, asked } = question;
    const silent = [...asked.values()].map(({ peer }) => peer);
    out.push({ type: "answer", ticket, outcome: { type: "views", views, silent } });
  }

  #next(): number {
    return (this.#numbers = (this.#numbers + 1) >>> 0);
  }
}

function answer({ link, number }: Asker, view: PeerView, out: EffectSink): void {
  send(link, { type: "view", number, view }, out);
}

function send(link: LinkId, message: PeersMessage, out: EffectSink): void {
  out.push({ type: "network", order: { type: "send", link, protocol: "peers", frame: encodePeers(message) } });
}

function withoutControls({ by, cause, conclusion, next }: PeerView): PeerView {
  return { by, cause: plain(cause), conclusion: plain(conclusion), next: plain(next) };
}

/** One line that steers no terminal: neither control characters nor those that turn the writing direction. */
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, " ");
}
