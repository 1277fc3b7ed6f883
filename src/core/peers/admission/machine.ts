/**
 * Admission: who may talk on a link. Table-shaped, one small record per link.
 *
 * Like two people at a door: both say who they are (hello), each then lets the other in (welcome)
 * or says why not (goodbye). Nothing else is served before that.
 *
 * 1. Each side says hello at once; a link that is not admitted within 5 s is closed.
 * 2. A link is *admitted* when both welcomes were exchanged. The gate for the peer's streams opens
 *    before our welcome leaves, because the peer may use it as soon as it has it.
 * 3. At most one admitted link per peer. Of two, a link to a newer run of the peer's process wins,
 *    then one that is not relayed, then, for crossed dials, the one dialed by the smaller peer id; of links dialed by one side
 *    that side keeps the newest. Both sides come to the same answer; the other link is closed
 *    with a reason, after admission.
 * 4. Every close of ours is preceded by a goodbye.
 * 5. Who dialed in and failed several times in a row is sent away at once for a while (`turned-away.ts`), unless a rule allows it.
 */
// tidy: long because it is one machine over one table, and its inputs and facts are described here
import type { Instant, NetworkId, PeerId, Time } from "../../../base/brand.ts";
import { isRelayed } from "../../../base/relayed-address.ts";
import { type AdmitMessage, type GoodbyeCode, type Hello, admitVersion, encodeAdmit } from "../../../codec/admit.ts";
import type { Direction, LinkId } from "../../../ports/network.ts";
import type { BreakerLimits } from "../breaker.ts";
import type { Slots, TakenSeat } from "../slots.ts";
import type { Effect, EffectSink } from "../../effects.ts";
import { RepeatedFailures } from "./turned-away.ts";
import { admissionSkewMsMax, evictedSeconds, helloWithinMs, linksPerPeerMax, strangersMax } from "../limits.ts";

export interface AdmissionOptions {
  readonly self: PeerId;
  readonly network: NetworkId;
  /** Drawn at each start of the process, 16 hex digits. */
  readonly session: string;
  readonly agent: string;
  readonly slots: Slots;
  /** What speaks for a peer whose link stands at this address. */
  merits(peer: PeerId, address: string, now: Time): Pick<TakenSeat, "class" | "usefulness" | "promptness">;
  /** After how many failures in a row, and for how long, nobody listens to who dials in. */
  readonly breaker: () => BreakerLimits;
}

export type AdmissionInput =
  /** `refused` where the peer is not let in at all. */
  | {
      readonly type: "linkOpened";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly direction: Direction;
      readonly address: string;
      readonly refused: { readonly reason: string; readonly retryAfterSeconds: number } | undefined;
      /** By rule: it is not bound by the places for those who dial in. */
      readonly allowed: boolean;
    }
  | { readonly type: "linkClosed"; readonly link: LinkId; readonly reason: string }
  | { readonly type: "message"; readonly link: LinkId; readonly message: AdmitMessage }
  | {
      readonly type: "expelled";
      readonly link: LinkId;
      readonly code: GoodbyeCode;
      readonly reason: string;
      readonly retryAfterSeconds: number;
    }
  /** There may be fewer places than before. */
  | { readonly type: "placesChanged" }
  | { readonly type: "timePassed" }
  | { readonly type: "stopping" };

/** What siblings need to know. */
export type AdmissionFact =
  | { readonly type: "admitted"; readonly link: LinkId; readonly peer: PeerId; readonly clockOffsetMs: number }
  /** The last admitted link of this peer is gone; `code` is the goodbye's, ours or theirs. */
  | {
      readonly type: "departed";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly code: GoodbyeCode | undefined;
    }
  /** A link ended, admitted or not; `code` and `reason` are the goodbye's, ours or theirs; without one the reason is what we saw. */
  | {
      readonly type: "ended";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly code: GoodbyeCode | undefined;
      readonly reason: string;
      readonly retryAfterSeconds: number;
    };

interface Goodbye {
  readonly by: "us" | "them";
  readonly code: GoodbyeCode;
  readonly reason: string;
  readonly retryAfterSeconds: number;
}

interface LinkRecord {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly direction: Direction;
  readonly address: string;
  readonly allowed: boolean;
  readonly openedAt: number;
  /** We said hello, so it had its chance. */
  greeted: boolean;
  hello: Hello | undefined;
  clockOffsetMs: number;
  welcomedBy: boolean;
  admitted: boolean;
  /** Monotonic time of its admission, also when it is over. */
  admittedAt: number | undefined;
  /** Set by the first goodbye in either direction. */
  goodbye: Goodbye | undefined;
}

export interface AdmittedLink {
  readonly link: LinkId;
  readonly peer: PeerId;
  readonly direction: Direction;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #links = new Map<LinkId, LinkRecord>();
  readonly #admitted = new Map<PeerId, LinkRecord>();
  readonly #failures: RepeatedFailures;
  #stopping = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#failures = new RepeatedFailures(options.breaker);
  }

  step(input: AdmissionInput, now: Time, out: EffectSink): readonly AdmissionFact[] {
    switch (input.type) {
      case "linkOpened":
        return this.#opened(input, now, out);
      case "linkClosed":
        return this.#closed(input.link, input.reason, now, out);
      case "message":
        return this.#message(input.link, input.message, now, out);
      case "expelled":
        return this.#expelled(input, now, out);
      case "placesChanged":
        return this.#giveWay(now, out);
      case "timePassed":
        return this.#timePassed(now, out);
      case "stopping":
        this.#stopping = true;
        return [...this.#links.values()].flatMap((record) =>
          this.#dismiss(record, "shuttingDown", "the node is shutting down", now, out),
        );
    }
  }

  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const record of this.#links.values()) {
      if (isPending(record)) next = Math.min(next ?? Infinity, record.openedAt + helloWithinMs);
    }
    return next;
  }

  /** The admitted link to a peer. */
  linkOf(peer: PeerId): LinkId | undefined {
    return this.#admitted.get(peer)?.link;
  }

  /** The peer at the other end, if the link is admitted. */
  admittedPeer(link: LinkId): PeerId | undefined {
    const record = this.#links.get(link);
    return record?.admitted === true ? record.peer : undefined;
  }

  /** The peer at the other end, admitted or not. */
  peerOf(link: LinkId): PeerId | undefined {
    return this.#links.get(link)?.peer;
  }

  admitted(): readonly AdmittedLink[] {
    return [...this.#admitted.values()].map(({ link, peer, direction }) => ({ link, peer, direction }));
  }

  /** All links, also those on their way out. */
  links(): readonly (AdmittedLink & { readonly address: string })[] {
    return [...this.#links.values()];
  }

  #opened(
    { link, peer, direction, address, refused, allowed }: Extract<AdmissionInput, { type: "linkOpened" }>,
    now: Time,
    out: EffectSink,
  ): readonly AdmissionFact[] {
    const record: LinkRecord = {
      link,
      peer,
      direction,
      address,
      allowed,
      openedAt: now.mono,
      greeted: false,
      hello: undefined,
      clockOffsetMs: 0,
      welcomedBy: false,
      admitted: false,
      admittedAt: undefined,
      goodbye: undefined,
    };
    this.#links.set(link, record);
    if (this.#stopping) return this.#dismiss(record, "shuttingDown", "the node is shutting down", now, out);
    if (refused !== undefined)
      return this.#dismiss(record, "banned", refused.reason, now, out, refused.retryAfterSeconds);
    const turned = direction === "inbound" && !allowed ? this.#failures.refusal(peer, now.mono) : undefined;
    if (turned !== undefined)
      return this.#dismiss(record, turned.code, turned.reason, now, out, turned.retryAfterSeconds);
    if (this.#staying() > this.#options.slots.links + strangersMax)
      return this.#dismiss(record, "full", tooManyStrangers, now, out);
    const { network, session, agent } = this.#options;
    record.greeted = true;
    this.#send(record, { type: "hello", version: admitVersion, network, session, clock: now.wall, agent }, out);
    return [];
  }

  #message(link: LinkId, message: AdmitMessage, now: Time, out: EffectSink): readonly AdmissionFact[] {
    const record = this.#links.get(link);
    if (record === undefined || record.goodbye !== undefined) return [];
    switch (message.type) {
      case "hello":
        return this.#hello(record, message, now, out);
      case "foreignHello": {
        const reason = `we speak admit version ${admitVersion}, you ${message.version}`;
        return this.#dismiss(record, "wrongVersion", reason, now, out);
      }
      case "welcome":
        if (record.welcomedBy)
          return this.#dismiss(record, "protocolViolation", "a second welcome on one link", now, out);
        record.welcomedBy = true;
        return this.#admitWhenBoth(record, now, out);
      case "goodbye": {
        const { code, reason, retryAfterSeconds } = message;
        record.goodbye = { by: "them", code, reason, retryAfterSeconds };
        note(out, now.wall, {
          type: "goodbye",
          link,
          peer: record.peer,
          by: "them",
          code: message.code,
          reason: message.reason,
        });
        out.push({
          type: "network",
          order: { type: "closeLink", link, code: message.code, reason: `they said goodbye: ${message.reason}` },
        });
        return this.#unadmit(record);
      }
    }
  }

  #hello(record: LinkRecord, hello: Hello, now: Time, out: EffectSink): readonly AdmissionFact[] {
    if (record.hello !== undefined)
      return this.#dismiss(record, "protocolViolation", "a second hello on one link", now, out);
    record.hello = hello;
    record.clockOffsetMs = hello.clock - now.wall;
    const refusal = this.#refusal(record, hello, now);
    if (refusal !== undefined) return this.#dismiss(record, refusal.code, refusal.reason, now, out);
    out.push({ type: "network", order: { type: "acceptLink", link: record.link } });
    this.#send(record, { type: "welcome" }, out);
    return this.#admitWhenBoth(record, now, out);
  }

  #refusal(
    record: LinkRecord,
    hello: Hello,
    now: Time,
  ): { readonly code: GoodbyeCode; readonly reason: string } | undefined {
    if (hello.network !== this.#options.network)
      return {
        code: "wrongNetwork",
        reason: `we are network ${this.#options.network.slice(0, 16)}, you ${hello.network.slice(0, 16)}`,
      };
    if (Math.abs(record.clockOffsetMs) > admissionSkewMsMax) {
      return {
        code: "clock",
        reason: `your clock is ${Math.round(record.clockOffsetMs / 1000)} s off ours; at most ${admissionSkewMsMax / 1000} s is admitted`,
      };
    }
    const full = this.#noPlaceFor(record, now);
    if (full === undefined || this.#evictedFor(record, now) !== undefined) return undefined;
    return { code: "full", reason: full };
  }

  /** A further link of an admitted peer takes no place: one of the two is closed soon. */
  #noPlaceFor(record: LinkRecord, now: Time): string | undefined {
    if (this.#admitted.has(record.peer)) return undefined;
    const taken = Array.from(this.#admitted.values(), ({ direction, address, peer }) => ({
      direction,
      address,
      validator: this.#options.merits(peer, address, now).class === "validator",
    }));
    return this.#options.slots.refusal(record, this.#isWelcome(record, now), taken);
  }

  #isWelcome({ peer, address, allowed }: LinkRecord, now: Time): boolean {
    return allowed || this.#options.merits(peer, address, now).class === "validator";
  }

  /** The link whose place a newcomer takes. */
  #evictedFor(record: LinkRecord, now: Time): LinkRecord | undefined {
    const { slots } = this.#options;
    const link = slots.evicted(record, this.#isWelcome(record, now), this.#taken(now), now.mono);
    return link === undefined ? undefined : this.#links.get(link);
  }

  #taken(now: Time): readonly TakenSeat[] {
    return [...this.#admitted.values()].map(({ link, peer, direction, address, allowed, admittedAt }) => ({
      ...{ link, direction, address, allowed, since: admittedAt ?? now.mono },
      ...this.#options.merits(peer, address, now),
    }));
  }

  /** Parts with those for whom there is no place any more. */
  #giveWay(now: Time, out: EffectSink): readonly AdmissionFact[] {
    const surplus = this.#options.slots.surplus(this.#taken(now));
    return surplus.flatMap((link) => {
      const record = this.#links.get(link);
      return record === undefined ? [] : this.#dismiss(record, "full", fewerPlaces, now, out, evictedSeconds);
    });
  }

  #admitWhenBoth(record: LinkRecord, now: Time, out: EffectSink): readonly AdmissionFact[] {
    if (record.hello === undefined || !record.welcomedBy) return [];
    const other = this.#admitted.get(record.peer);
    const full = this.#noPlaceFor(record, now);
    const evicted = full === undefined ? undefined : this.#evictedFor(record, now);
    if (full !== undefined && evicted === undefined) return this.#dismiss(record, "full", full, now, out);
    const gone = evicted === undefined ? [] : this.#dismiss(evicted, "full", placeTaken, now, out, evictedSeconds);
    record.admitted = true;
    record.admittedAt = now.mono;
    const loser = other === undefined ? undefined : this.#loserOf(other, record);
    if (loser === record) return this.#dismiss(record, "duplicate", whyNot(record, other), now, out);
    this.#admitted.set(record.peer, record);
    this.#failures.admitted(record.peer);
    out.push({ type: "network", order: { type: "admitLink", link: record.link } });
    note(out, now.wall, {
      type: "linkAdmitted",
      link: record.link,
      peer: record.peer,
      direction: record.direction,
      clockOffsetMs: record.clockOffsetMs,
      agent: record.hello.agent,
    });
    const facts = loser === undefined ? [] : this.#dismiss(loser, "duplicate", whyNot(loser, record), now, out);
    return [
      ...gone,
      ...facts,
      { type: "admitted", link: record.link, peer: record.peer, clockOffsetMs: record.clockOffsetMs },
    ];
  }

  /** The link to close, or undefined where that is the other side's to decide. */
  #loserOf(old: LinkRecord, fresh: LinkRecord): LinkRecord | undefined {
    if (old.hello?.session !== fresh.hello?.session) return old;
    if (isRelayed(old.address) !== isRelayed(fresh.address)) return isRelayed(old.address) ? old : fresh;
    if (old.direction === fresh.direction) return old.direction === "outbound" ? old : this.#oldestOf(fresh);
    const outbound = old.direction === "outbound" ? old : fresh;
    const inbound = outbound === old ? fresh : old;
    return this.#options.self < outbound.peer ? inbound : outbound;
  }

  /** Links that nobody has said goodbye on. */
  #staying(): number {
    let count = 0;
    for (const { goodbye } of this.#links.values()) if (goodbye === undefined) count += 1;
    return count;
  }

  /** The dialer of several links decides among them; only one that keeps dialing is decided for. */
  #oldestOf({ peer }: LinkRecord): LinkRecord | undefined {
    const same = [...this.#links.values()].filter((record) => record.peer === peer && record.admitted);
    return same.length > linksPerPeerMax ? same[0] : undefined;
  }

  #timePassed(now: Time, out: EffectSink): readonly AdmissionFact[] {
    const late = [...this.#links.values()].filter(
      (record) => isPending(record) && now.mono >= record.openedAt + helloWithinMs,
    );
    return late.flatMap((record) => {
      const missing = record.hello === undefined ? "hello" : "welcome";
      return this.#dismiss(record, "noHello", `no ${missing} within ${helloWithinMs / 1000} s`, now, out);
    });
  }

  #expelled(
    { link, code, reason, retryAfterSeconds }: Extract<AdmissionInput, { type: "expelled" }>,
    now: Time,
    out: EffectSink,
  ): readonly AdmissionFact[] {
    const record = this.#links.get(link);
    return record === undefined ? [] : this.#dismiss(record, code, reason, now, out, retryAfterSeconds);
  }

  /** Says goodbye and closes; the record stays until the link is reported closed. */
  #dismiss(
    record: LinkRecord,
    code: GoodbyeCode,
    reason: string,
    now: Time,
    out: EffectSink,
    retryAfterSeconds = 0,
  ): readonly AdmissionFact[] {
    if (record.goodbye !== undefined) return [];
    record.goodbye = { by: "us", code, reason, retryAfterSeconds };
    const { greeted, direction, admittedAt, peer } = record;
    if (greeted && direction === "inbound" && admittedAt === undefined) this.#failures.failed(peer, code, now.mono);
    this.#send(record, { type: "goodbye", code, retryAfterSeconds, reason }, out);
    out.push({ type: "network", order: { type: "closeLink", link: record.link, code, reason } });
    note(out, now.wall, { type: "goodbye", link: record.link, peer: record.peer, by: "us", code, reason });
    return this.#unadmit(record);
  }

  #closed(link: LinkId, reason: string, now: Time, out: EffectSink): readonly AdmissionFact[] {
    const record = this.#links.get(link);
    if (record === undefined) return [];
    this.#links.delete(link);
    const { peer, address, direction, goodbye, admittedAt } = record;
    const { by, code } = goodbye ?? { by: "nobody", code: "closed" };
    const lastedMs = admittedAt === undefined ? undefined : now.mono - admittedAt;
    const words = goodbye?.reason ?? reason;
    note(out, now.wall, { type: "linkGone", link, peer, address, direction, by, code, reason: words, lastedMs });
    return [
      ...this.#unadmit(record),
      {
        type: "ended",
        link,
        peer: record.peer,
        code: goodbye?.code,
        reason: words,
        retryAfterSeconds: goodbye?.retryAfterSeconds ?? 0,
      },
    ];
  }

  #unadmit(record: LinkRecord): readonly AdmissionFact[] {
    record.admitted = false;
    if (this.#admitted.get(record.peer) !== record) return [];
    this.#admitted.delete(record.peer);
    const other = [...this.#links.values()].findLast(({ peer, admitted }) => peer === record.peer && admitted);
    if (other !== undefined) {
      this.#admitted.set(record.peer, other);
      return [];
    }
    return [{ type: "departed", link: record.link, peer: record.peer, code: record.goodbye?.code }];
  }

  #send(record: LinkRecord, message: AdmitMessage, out: EffectSink): void {
    out.push({
      type: "network",
      order: { type: "send", link: record.link, protocol: "admit", frame: encodeAdmit(message) },
    });
  }
}

const placeTaken = "its place went to another peer, for all are taken";
const fewerPlaces = "this node has fewer places for peers than before";
const tooManyStrangers = `${strangersMax} links wait to be admitted already`;

/** Why one of two links to a peer ends. */
function whyNot(loser: LinkRecord, kept: LinkRecord | undefined): string {
  const isUpgrade = isRelayed(loser.address) && kept !== undefined && !isRelayed(kept.address);
  return isUpgrade ? "a direct link between us is kept" : "another link between us is kept";
}

/** Not admitted yet, and not on its way out. */
function isPending({ admitted, goodbye }: LinkRecord): boolean {
  return !admitted && goodbye === undefined;
}

function note(out: EffectSink, at: Instant, fact: Extract<Effect, { type: "note" }>["note"]): void {
  out.push({ type: "note", note: fact, at });
}
