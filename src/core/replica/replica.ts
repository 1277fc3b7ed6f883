/**
 * The replica: all machines of one member, composed by plain calls in one order. It decides
 * everything and does nothing: inputs in, effects out.
 *
 * Order of a step: admission and connections learn of links first; then what travels on links
 * (acks, pulls, gossip) is taken in; what is verified is merged; what is merged is acknowledged.
 * `endTurn` adds what is said once per turn: summaries to persist, the turn's gossip, acks.
 *
 * 1. A frame of a link that is not admitted is not looked at, but for admit's own.
 * 2. Gossip of a turn stands behind its persists: stored first, published then.
 * 3. Between two steps the state is consistent with the store's open turn.
 */
import type { Instant, NetworkId, PeerId, Time } from "../../base/brand.ts";
import type { Bytes } from "../../base/bytes.ts";
import { Prng } from "../../base/prng.ts";
import { unreachable } from "../../base/assert.ts";
import { decodeAck } from "../../codec/ack.ts";
import { decodeAdmit } from "../../codec/admit.ts";
import { type Beacon, type OriginRanges, type SetSummary, decodeFrontier } from "../../codec/frontier.ts";
import { decodeGossip } from "../../codec/gossip.ts";
import { authorOf, peerIdOf } from "../../codec/peer-id.ts";
import type { Signer } from "../../crypto/ed25519.ts";
import type { LinkId, NetworkEvent, Verdict } from "../../ports/network.ts";
import type { StoreState, StoreView } from "../../ports/store.ts";
import type { CheckedParcel } from "../data/batch.ts";
import { HeldBack, aheadMs } from "../data/held-back.ts";
import type { Effect, Ticket } from "../effects.ts";
import type { Note } from "../notes.ts";
import { type AdmissionFact, Admission } from "../peers/admission/machine.ts";
import { ClockWatch } from "../peers/clock-watch.ts";
import { type CandidateSnapshot, Connections } from "../peers/connections/machine.ts";
import { Acknowledgement } from "../sync/acknowledgement/machine.ts";
import { type CheckedLoad, Intake } from "../sync/intake/machine.ts";
import { Pull, type PullFact } from "../sync/pull/machine.ts";
import { Serve } from "../sync/serve/machine.ts";
import { Holdings } from "./holdings.ts";
import type { ReplicaInput, Wish, WrittenOp } from "./inputs.ts";
import { Outgoing } from "./outgoing.ts";
import { checkWrite, describeMakeRefusal, refusal, reissueBatch, repairBound, writeBatch } from "./writer.ts";
import { repairedAtOnceMax } from "./limits.ts";

export interface ReplicaOptions {
  readonly network: NetworkId;
  readonly signer: Signer;
  /** Drawn at each start of the process, 16 hex digits. */
  readonly session: string;
  readonly agent: string;
  readonly seed: number;
  readonly horizonDays: number;
  readonly pullEveryMs: number;
}

/** What a status page shows; plain data. */
export interface ReplicaSnapshot {
  readonly summary: SetSummary;
  readonly values: number;
  readonly conflicts: number;
  readonly heldBack: number;
  readonly batchesHeld: number;
  readonly admitted: readonly { readonly peer: PeerId; readonly link: LinkId; readonly clockOffsetMs: number | undefined }[];
  readonly candidates: readonly CandidateSnapshot[];
  readonly pulling: { readonly peer: PeerId; readonly parcels: number; readonly full: boolean } | undefined;
  readonly serving: number;
  readonly clock: { readonly offsetMs: number | undefined; readonly doubted: boolean };
}

export class Replica {
  readonly self: PeerId;
  readonly #options: ReplicaOptions;
  readonly #holdings: Holdings;
  readonly #admission: Admission;
  readonly #connections: Connections;
  readonly #clock = new ClockWatch();
  readonly #intake: Intake;
  readonly #heldBack = new HeldBack();
  readonly #acknowledgement = new Acknowledgement();
  readonly #pull: Pull;
  readonly #serve = new Serve();
  readonly #outgoing = new Outgoing();
  #doubted = false;
  #stopping = false;

  constructor(options: ReplicaOptions, view: StoreView, state: StoreState) {
    const { signer, network, session, agent, seed } = options;
    this.self = peerIdOf(signer.author);
    this.#options = options;
    this.#holdings = new Holdings({ author: signer.author, horizonDays: options.horizonDays }, view, state);
    this.#admission = new Admission({ self: this.self, network, session, agent });
    this.#connections = new Connections(this.self, new Prng(seed));
    this.#intake = new Intake(network);
    this.#pull = new Pull(new Prng(seed + 1), options.pullEveryMs);
  }

  step(input: ReplicaInput, now: Time, view: StoreView): Effect[] {
    const out: Effect[] = [];
    switch (input.type) {
      case "verified": {
        const load = this.#intake.step(input, this.#known(view), now, out);
        if (load !== undefined) this.#settle(load, now, view, out);
        break;
      }
      case "writeRequested":
        this.#write(input.ticket, input.ops, input.wish, now, view, out);
        break;
      case "dialRequested":
        this.#connections.step({ type: "candidateFound", address: input.address, peer: peerInAddress(input.address), source: "user" }, now, out);
        out.push({ type: "answer", ticket: input.ticket, outcome: { type: "done" } });
        break;
      case "clockRepairRequested":
        this.#repairClock(input, now, view, out);
        break;
      case "stopRequested":
        this.#stopping = true;
        this.#connections.step({ type: "stopping" }, now, out);
        this.#departures(this.#admission.step({ type: "stopping" }, now, out), now, out);
        out.push({ type: "answer", ticket: input.ticket, outcome: { type: "done" } });
        break;
      case "timePassed":
        this.#timePassed(now, view, out);
        break;
      default:
        this.#network(input, now, view, out);
    }
    this.#watchClock(now, out);
    return out;
  }

  /** What a turn says once, after its last step: to persist first, then to send. */
  endTurn(now: Time): Effect[] {
    const out: Effect[] = [];
    this.#holdings.endTurn(out);
    this.#acknowledgement.endTurn(now, out);
    this.#outgoing.endTurn(now, out);
    return out;
  }

  /** Monotonic time at which `timePassed` is due, or undefined. */
  nextDeadline(now: Time): number | undefined {
    const release = this.#heldBack.nextRelease();
    const deadlines = [
      this.#admission.nextDeadline(),
      this.#connections.nextDeadline(),
      this.#acknowledgement.nextDeadline(),
      this.#pull.nextDeadline(),
      release === undefined ? undefined : now.mono + Math.max(0, release - this.#clock.judged(now.wall)),
    ];
    return deadlines.reduce((next, each) => (each === undefined ? next : Math.min(next ?? Infinity, each)), undefined);
  }

  snapshot(now: Time): ReplicaSnapshot {
    return {
      summary: this.#holdings.summary(),
      values: this.#holdings.state.values,
      conflicts: this.#holdings.state.conflicts,
      heldBack: this.#heldBack.count,
      batchesHeld: this.#holdings.batchesHeld(),
      admitted: this.#admission.admitted().map(({ peer, link }) => ({ peer, link, clockOffsetMs: this.#clock.offsetOf(peer) })),
      candidates: this.#connections.snapshot(now),
      pulling: this.#pull.snapshot(),
      serving: this.#serve.active,
      clock: { offsetMs: this.#clock.medianOffsetMs(), doubted: this.#clock.doubted() },
    };
  }

  #network(event: NetworkEvent, now: Time, view: StoreView, out: Effect[]): void {
    switch (event.type) {
      case "linkOpened":
        this.#connections.step({ type: "linkOpened", link: event.link, peer: event.peer, attempt: event.attempt }, now, out);
        this.#admitted(this.#admission.step({ type: "linkOpened", link: event.link, peer: event.peer, direction: event.direction }, now, out), now, out);
        break;
      case "linkClosed":
        this.#admitted(this.#admission.step({ type: "linkClosed", link: event.link, reason: event.reason }, now, out), now, out);
        break;
      case "frameReceived":
        this.#frame(event, now, view, out);
        break;
      case "frameRefused": {
        const peer = this.#admission.peerOf(event.link);
        if (peer === undefined) break;
        const { protocol, lengthBytes, lengthBytesMax } = event;
        this.#note({ type: "frameRefused", peer, protocol, lengthBytes, lengthBytesMax }, now, out);
        this.#expel(event.link, peer, `a frame of ${lengthBytes} bytes on ${protocol}; at most ${lengthBytesMax}`, now, out);
        break;
      }
      case "gossipReceived":
        this.#gossip(event, now, view, out);
        break;
      case "dialFailed":
        this.#connections.step(event, now, out);
        break;
      case "candidateFound":
        this.#connections.step({ ...event, peer: event.peer ?? peerInAddress(event.address) }, now, out);
        break;
      case "drained":
        break;
      default:
        unreachable(event);
    }
  }

  #frame({ link, protocol, frame }: Extract<NetworkEvent, { type: "frameReceived" }>, now: Time, view: StoreView, out: Effect[]): void {
    if (protocol === "admit") {
      const message = decodeAdmit(frame);
      if (message.ok) this.#admitted(this.#admission.step({ type: "message", link, message: message.value }, now, out), now, out);
      else this.#malformed(link, protocol, message.code, now, out);
      return;
    }
    const peer = this.#admission.admittedPeer(link);
    if (peer === undefined) return; // sent before a goodbye crossed it
    if (protocol === "ack") {
      const ack = decodeAck(frame);
      if (ack.ok) this.#acknowledgement.step({ type: "ackReceived", peer, ack: ack.value }, now, out);
      else this.#malformed(link, protocol, ack.code, now, out);
      return;
    }
    this.#frontier(link, peer, frame, now, view, out);
  }

  #frontier(link: LinkId, peer: PeerId, frame: Bytes, now: Time, view: StoreView, out: Effect[]): void {
    const decoded = decodeFrontier(frame);
    if (!decoded.ok) return this.#malformed(link, "frontier", decoded.code, now, out);
    const message = decoded.value;
    const holdings = this.#served();
    if (message.type === "pull" || message.type === "done") this.#clock.heard(peer, message.beacon.clock - now.wall);
    switch (message.type) {
      case "pull":
        this.#serve.step({ type: "pullReceived", link, peer, pull: message }, holdings, view, now, out);
        break;
      case "more":
        this.#serve.step({ type: "moreReceived", link, session: message.session }, holdings, view, now, out);
        break;
      case "parcels": {
        const expected = this.#pull.expects(link, message.session);
        if (expected === undefined) break; // of a pull that was given up
        this.#pull.step({ type: "parcelsReceived", link, session: message.session, count: message.parcels.length }, holdings, now, out);
        const source = { type: "pull", session: message.session, full: expected.full } as const;
        const load = this.#intake.step({ type: "load", from: peer, source, parcels: message.parcels, bytes: frame.length }, this.#known(view), now, out);
        if (load !== undefined) this.#settle(load, now, view, out);
        break;
      }
      case "superseded":
      case "done":
        this.#pulled(this.#pull.step({ type: "messageReceived", link, message }, holdings, now, out), now, out);
        break;
      default:
        unreachable(message);
    }
  }

  #gossip(event: Extract<NetworkEvent, { type: "gossipReceived" }>, now: Time, view: StoreView, out: Effect[]): void {
    const decoded = decodeGossip(event.payload);
    if (!decoded.ok) {
      judge(event.message, "reject", out);
      this.#note({ type: "parcelRefused", author: undefined, from: event.from, reason: decoded.code }, now, out);
      out.push({ type: "penalise", peer: event.from, reason: decoded.code });
      return;
    }
    const source = { type: "gossip", message: event.message, receivedAt: now.mono } as const;
    const load = this.#intake.step({ type: "load", from: event.from, source, parcels: decoded.value, bytes: event.payload.length }, this.#known(view), now, out);
    if (load !== undefined) this.#settle(load, now, view, out);
  }

  /** Merges what is good of a load, holds back what is early, and answers where it came from. */
  #settle(load: CheckedLoad, now: Time, view: StoreView, out: Effect[]): void {
    const { source } = load;
    const rule = source.type === "pull" && this.#holdings.state.reconciledAt === undefined ? "waived" : "enforced";
    const judged = this.#clock.judged(now.wall);
    let entries = 0;
    let batches = 0;
    for (const parcel of load.parcels) {
      if (aheadMs(parcel, judged) > 0) {
        this.#holdBack(parcel, judged, now, out);
        continue;
      }
      entries += this.#merge(parcel, rule, now, view, out);
      batches += 1;
    }
    if (batches > 0) {
      const delayMs = source.type === "gossip" ? now.mono - source.receivedAt : 0;
      this.#note({ type: "batchesMerged", via: source.type, batches, entries, delayMs }, now, out);
    }
    if (source.type === "gossip") {
      judge(source.message, load.bad ? "reject" : batches > 0 ? "accept" : "ignore", out);
      if (batches > 0 && !load.bad) this.#note({ type: "batchesForwarded", batches }, now, out);
    } else this.#pulled(this.#pull.step({ type: "parcelsDone", session: source.session, bad: load.bad }, this.#served(), now, out), now, out);
  }

  #merge(parcel: CheckedParcel, rule: "enforced" | "waived", now: Time, view: StoreView, out: Effect[]): number {
    const { author, incarnation, sequence } = parcel.header;
    const merge = this.#holdings.merge(parcel, rule, now, this.#clock.judged(now.wall), view, out);
    if (merge.belowFloor > 0) this.#note({ type: "entriesBelowFloor", author, entries: merge.belowFloor }, now, out);
    const link = this.#admission.linkOf(peerIdOf(author));
    if (link !== undefined) this.#acknowledgement.step({ type: "merged", link, incarnation, sequence }, now, out);
    return merge.ops.reduce((sum, op) => sum + (op.living ? 1 : 0), 0);
  }

  #holdBack(parcel: CheckedParcel, judged: Instant, now: Time, out: Effect[]): void {
    const { author } = parcel.header;
    const outcome = this.#heldBack.hold(parcel);
    if (outcome === "heldBack") this.#note({ type: "batchHeldBack", author, aheadMs: aheadMs(parcel, judged), heldBack: this.#heldBack.count }, now, out);
    else if (outcome !== "known") this.#note({ type: "heldBackDropped", author, reason: outcome }, now, out);
  }

  #write(ticket: Ticket, ops: readonly WrittenOp[], wish: Wish, now: Time, view: StoreView, out: Effect[]): void {
    const refused = this.#refuseWrite(wish) ?? checkWrite(ops);
    if (refused !== undefined) return void out.push({ type: "answer", ticket, outcome: refused });
    const made = writeBatch(ops, this.#options.network, this.#options.signer, this.#holdings, view, now);
    if (!made.ok) return void out.push({ type: "answer", ticket, outcome: describeMakeRefusal(made.code) });
    const { parcel, bytes } = made.value;
    this.#issue(parcel, bytes, now, view, out);
    const { id: batch, latest: stamp } = parcel;
    if (wish.type === "local") out.push({ type: "answer", ticket, outcome: { type: "written", batch, stamp, holders: [] } });
    else {
      const { incarnation, sequence } = parcel.header;
      this.#acknowledgement.step({ type: "waitStarted", wait: { ticket, batch, stamp, incarnation, sequence, copies: wish.copies, timeoutMs: wish.timeoutMs } }, now, out);
    }
  }

  #refuseWrite(wish: Wish): ReturnType<typeof refusal> | undefined {
    if (this.#stopping) return refusal("stopping", "the node is shutting down");
    if (this.#clock.doubted()) {
      const seconds = Math.round((this.#clock.medianOffsetMs() ?? 0) / 1000);
      return refusal("clock_refused", `this node's clock is ${Math.abs(seconds)} s ${seconds > 0 ? "behind" : "ahead of"} the median of its ${this.#clock.witnesses} peers; set the clock, then run: p2p-sync clock repair`);
    }
    if (wish.type === "shared" && !this.#acknowledgement.hasRoom) return refusal("overloaded", "too many writes wait for other members already");
    return undefined;
  }

  #issue(parcel: CheckedParcel, bytes: Bytes, now: Time, view: StoreView, out: Effect[]): void {
    const merge = this.#holdings.merge(parcel, "waived", now, now.wall, view, out);
    this.#outgoing.add(bytes);
    this.#note({ type: "batchesMerged", via: "local", batches: 1, entries: merge.ops.length, delayMs: 0 }, now, out);
  }

  #repairClock({ ticket, incarnation }: Extract<ReplicaInput, { type: "clockRepairRequested" }>, now: Time, view: StoreView, out: Effect[]): void {
    const refused = this.#refuseWrite({ type: "local" });
    if (refused !== undefined) return void out.push({ type: "answer", ticket, outcome: refused });
    const bound = repairBound(now);
    const ops = this.#holdings.state.lastStamp <= bound ? [] : this.#holdings.restartNumbering(incarnation, bound, view, repairedAtOnceMax, out);
    for (const op of ops) {
      const made = reissueBatch([{ ...op, replaces: undefined }], this.#options.network, this.#options.signer, this.#holdings, now);
      if (made.ok) this.#issue(made.value.parcel, made.value.bytes, now, view, out);
    }
    this.#note({ type: "clockRepaired", reissued: ops.length }, now, out);
    out.push({ type: "answer", ticket, outcome: { type: "repaired", reissued: ops.length } });
  }

  #timePassed(now: Time, view: StoreView, out: Effect[]): void {
    this.#admitted(this.#admission.step({ type: "timePassed" }, now, out), now, out);
    this.#connections.step({ type: "timePassed" }, now, out);
    this.#acknowledgement.step({ type: "timePassed", members: this.#admission.admitted().map(({ peer }) => peer) }, now, out);
    this.#pulled(this.#pull.step({ type: "timePassed" }, this.#served(), now, out), now, out);
    for (const parcel of this.#heldBack.release(this.#clock.judged(now.wall))) {
      this.#merge(parcel, "enforced", now, view, out);
      this.#note({ type: "heldBackReleased", author: parcel.header.author }, now, out);
    }
  }

  #admitted(facts: readonly AdmissionFact[], now: Time, out: Effect[]): void {
    for (const fact of facts) {
      if (fact.type !== "admitted") continue;
      this.#clock.heard(fact.peer, fact.clockOffsetMs);
      this.#connections.step({ type: "admitted", peer: fact.peer }, now, out);
      this.#pulled(this.#pull.step({ type: "peerAdmitted", link: fact.link, peer: fact.peer }, this.#served(), now, out), now, out);
    }
    this.#departures(facts, now, out);
  }

  #departures(facts: readonly AdmissionFact[], now: Time, out: Effect[]): void {
    for (const fact of facts) {
      if (fact.type === "admitted") continue;
      if (fact.type === "ended") {
        this.#connections.step({ type: "linkEnded", link: fact.link, peer: fact.peer, code: fact.code, retryAfterSeconds: fact.retryAfterSeconds }, now, out);
      } else if (this.#admission.linkOf(fact.peer) === undefined) this.#clock.departed(fact.peer);
      this.#acknowledgement.step({ type: "linkLost", link: fact.link }, now, out);
      this.#serve.linkLost(fact.link);
      this.#pulled(this.#pull.step({ type: "linkLost", link: fact.link }, this.#served(), now, out), now, out);
    }
  }

  #pulled(facts: readonly PullFact[], now: Time, out: Effect[]): void {
    for (const fact of facts) {
      switch (fact.type) {
        case "superseded":
          this.#holdings.markSuperseded(fact.origins);
          for (const { author, incarnation, ranges } of fact.origins) this.#heldBack.forget(author, incarnation, ranges);
          break;
        case "completed":
          if (fact.equal && fact.count > 0) this.#holdings.reconciled(now.wall);
          break;
        case "misbehaved":
          this.#expel(fact.link, fact.peer, "it sent batches that are provably bad", now, out);
          break;
      }
    }
  }

  #malformed(link: LinkId, protocol: "admit" | "ack" | "frontier", code: string, now: Time, out: Effect[]): void {
    const peer = this.#admission.peerOf(link);
    if (peer === undefined) return;
    this.#note({ type: "frameMalformed", peer, protocol, code }, now, out);
    this.#expel(link, peer, `a malformed frame on ${protocol} (${code})`, now, out);
  }

  #expel(link: LinkId, peer: PeerId, reason: string, now: Time, out: Effect[]): void {
    out.push({ type: "penalise", peer, reason });
    this.#admitted(this.#admission.step({ type: "expelled", link, code: "protocolViolation", reason }, now, out), now, out);
  }

  #watchClock(now: Time, out: Effect[]): void {
    const doubted = this.#clock.doubted();
    if (doubted === this.#doubted) return;
    this.#doubted = doubted;
    const offsetMs = this.#clock.medianOffsetMs() ?? 0;
    this.#note(doubted ? { type: "clockDoubted", offsetMs, peers: this.#clock.witnesses } : { type: "clockTrusted", offsetMs }, now, out);
  }

  #known(view: StoreView): { knows(parcel: CheckedParcel): boolean; hasRoomFor(parcel: CheckedParcel): boolean } {
    return {
      knows: (parcel) => this.#holdings.knows(parcel, view),
      hasRoomFor: ({ header: { author, incarnation, sequence } }) => this.#holdings.hasRoomFor(author, incarnation, sequence),
    };
  }

  #served(): { origins(): readonly OriginRanges[]; beacon(at: Time): Beacon; readonly changes: number } {
    const holdings = this.#holdings;
    return { origins: () => holdings.origins(), beacon: (at) => ({ clock: at.wall, summary: holdings.summary() }), changes: holdings.changes };
  }

  #note(note: Note, now: Time, out: Effect[]): void {
    out.push({ type: "note", note, at: now.wall });
  }
}

function judge(message: number, verdict: Verdict, out: Effect[]): void {
  out.push({ type: "network", order: { type: "judge", message, verdict } });
}

/** The peer named by an address's last /p2p part, if it is an id this system can have. */
function peerInAddress(address: string): PeerId | undefined {
  const id = /\/p2p\/([^/]+)$/.exec(address)?.[1];
  return id !== undefined && authorOf(id) !== undefined ? (id as PeerId) : undefined;
}
