/**
 * What is known of each peer, for people: how far the link to it has come, how long each step
 * took, why it failed, when it is tried next. It only listens; nothing is decided here.
 *
 * Steps of a link, from what was truly observed (the driver's facts, the replica's notes):
 * Connecting (dial begun) → Handshaking (socket stands) → Authenticating (keys are exchanged) →
 * Negotiating (identity proven, muxer chosen) → Identifying (until identify and both welcomes are
 * done) → Subscribing (until the peer's subscription is seen) → Connected ⇄ Syncing (a pull moves
 * data) → Disconnected, or Failed from any step before Connected. An inbound link begins at Handshaking.
 *
 * Limit: 1,024 peers and addresses, 32 visits each; the longest idle are forgotten first.
 */
import type { Instant, PeerId } from "../base/brand.ts";
import { BoundedMap } from "../base/bounded-map.ts";
import type { Note } from "../core/notes.ts";
import type { PeerClass } from "../core/peers/classes.ts";
import type { LinkFact } from "../drivers/libp2p/driver-types.ts";
import type { CandidateSource, Direction, LinkId } from "../ports/network.ts";
import type { PeerState, PeerStatus } from "./facade.ts";
import { type BookRecord, type Cause, type Journey, statusOf } from "./peer-record.ts";

/** Peers and addresses remembered. Guess: the candidates' limit of the connections machine. */
export const peersRememberedMax = 1_024;
/** States remembered per peer. Source: contract of `PeerStatus`. */
export const visitsRememberedMax = 32;

export interface PeerTransition {
  readonly peer: PeerId | undefined;
  readonly address: string | undefined;
  readonly from: PeerState;
  readonly to: PeerState;
  readonly durationMs: number;
  readonly reason: string | undefined;
}

export class PeerBook {
  readonly #onTransition: (transition: PeerTransition) => void;
  readonly #records = new BoundedMap<string, BookRecord>(peersRememberedMax);
  readonly #attempts = new Map<number, Journey>();
  readonly #connections = new Map<number, Journey>();
  readonly #links = new Map<LinkId, Journey>();
  /** Subscriptions may be seen a moment before or after our own admission. */
  readonly #subscribed = new Set<PeerId>();

  constructor(onTransition: (transition: PeerTransition) => void) {
    this.#onTransition = onTransition;
  }

  list(): readonly PeerStatus[] {
    return [...this.#records.values()].map(statusOf);
  }

  fact(fact: LinkFact): void {
    switch (fact.type) {
      case "dialStarted":
        this.#begin(this.#attempts, fact.attempt, "outbound", fact.address, "Connecting", fact.at);
        break;
      case "transportOpened":
        this.#opened(fact);
        break;
      case "handshakeStarted":
        this.#advance(this.#connections.get(fact.connection), "Authenticating", fact.at);
        break;
      case "authenticated":
        this.#authenticated(fact.connection, fact.peer, fact.at);
        break;
      case "negotiated":
        this.#advance(this.#connections.get(fact.connection), "Identifying", fact.at);
        break;
      case "linked":
        this.#linked(fact.connection, fact.link, fact.peer, fact.at);
        break;
      case "identified":
        this.#mark(fact.link, fact.at, (journey) => void (journey.identified = true));
        break;
      case "subscribed":
        this.#subscribed.add(fact.peer);
        for (const journey of this.#links.values()) if (journey.peer === fact.peer) this.#progress(journey, fact.at);
        break;
      case "rttMeasured":
        this.#edit(this.#links.get(fact.link), (record) => void (record.rttMs = fact.rttMs));
        break;
      case "upgradeFailed":
        this.#upgradeFailed(fact.connection, fact.reason, fact.at);
        break;
      case "dialFailed":
        this.#fail(this.#attempts, fact.attempt, { code: fact.failure, reason: fact.reason }, fact.at);
        break;
      case "linkClosed":
        this.#closed(fact.link, fact.reason, fact.at);
        break;
      case "relayGranted":
      case "relayRefused":
      case "circuitOpened":
      case "circuitEnded":
      case "strangerHeard":
      case "mdnsFailed":
      case "transportMissing":
      case "gossipFailed":
      case "gossipDropped":
        break;
    }
  }

  note(note: Note, at: Instant): void {
    switch (note.type) {
      case "candidateFound":
        this.#record(note.peer, note.address, note.source as CandidateSource, at);
        break;
      case "linkAdmitted":
        this.#edit(this.#links.get(note.link), (record) => void (record.clockOffsetMs = note.clockOffsetMs));
        this.#mark(note.link, at, (journey) => void (journey.admitted = true));
        break;
      case "peerJudged": {
        const record = this.#records.get(note.peer);
        if (record !== undefined) [record.class, record.score] = [note.class as PeerClass, note.score];
        break;
      }
      case "goodbye":
        this.#farewell(note, at);
        break;
      case "dialFailed":
      case "dialPlanned": {
        const nextInMs = note.type === "dialFailed" ? note.nextInMs : note.inMs;
        for (const record of this.#records.values())
          if (record.address === note.address) record.nextDialAt = (at + nextInMs) as Instant;
        break;
      }
      case "suspected":
      case "unreachableDirectly": {
        const suspicion = { kind: note.type, since: (at - Math.round(note.silentMs)) as Instant };
        this.#edit(this.#links.get(note.link), (record) => void (record.suspicion = suspicion));
        break;
      }
      case "suspicionEnded":
        this.#edit(this.#links.get(note.link), (record) => void (record.suspicion = undefined));
        break;
      case "pullStarted":
      case "pullEnded":
        for (const journey of this.#links.values()) {
          if (journey.peer !== note.peer || !journey.admitted) continue;
          journey.syncing = note.type === "pullStarted";
          this.#progress(journey, at);
        }
        break;
      default:
        break;
    }
  }

  /** A goodbye explains the end of its link better than the link's own last words; it may come just after them. */
  #farewell({ link, peer, by, code, reason }: Extract<Note, { type: "goodbye" }>, at: Instant): void {
    if (code === "duplicate") return;
    const farewell = { code, reason: `${by === "us" ? "we" : "they"} said goodbye (${code}): ${reason}` };
    const journey = this.#links.get(link);
    const record = this.#records.get(peer);
    if (journey !== undefined) journey.farewell = farewell;
    else if (record !== undefined && record.journey === undefined) record.lastError = { ...farewell, at };
  }

  #begin<Key>(
    map: Map<Key, Journey>,
    key: Key,
    direction: Direction,
    address: string,
    state: PeerState,
    at: Instant,
  ): Journey {
    const journey: Journey = {
      direction,
      address,
      peer: undefined,
      link: undefined,
      identified: false,
      admitted: false,
      subscribed: false,
      syncing: false,
      farewell: undefined,
      state,
      early: direction === "inbound" ? [{ state, at }] : [],
    };
    map.set(key, journey);
    if (direction === "inbound") return journey; // nothing to show before it has a name
    const record = this.#recordAt(address) ?? this.#record(undefined, address, "user", at);
    journey.peer = record.id;
    this.#take(record, journey, state, undefined, at);
    return journey;
  }

  #opened(fact: Extract<LinkFact, { type: "transportOpened" }>): void {
    const dialed = fact.attempt === undefined ? undefined : this.#attempts.get(fact.attempt);
    if (dialed === undefined)
      this.#begin(this.#connections, fact.connection, "inbound", fact.address, "Handshaking", fact.at);
    else {
      this.#connections.set(fact.connection, dialed);
      this.#advance(dialed, "Handshaking", fact.at);
    }
  }

  #authenticated(connection: number, peer: PeerId, at: Instant): void {
    const journey = this.#connections.get(connection);
    if (journey === undefined) return;
    this.#name(journey, peer, at);
    this.#advance(journey, "Negotiating", at);
  }

  #linked(connection: number, link: LinkId, peer: PeerId, at: Instant): void {
    const journey = this.#connections.get(connection);
    if (journey === undefined) return;
    this.#connections.delete(connection);
    for (const [attempt, each] of this.#attempts) if (each === journey) this.#attempts.delete(attempt);
    journey.link = link;
    this.#links.set(link, journey);
    this.#name(journey, peer, at);
    this.#progress(journey, at);
  }

  /** Ties a journey to the record of its peer; a record known by address only becomes the peer's. */
  #name(journey: Journey, peer: PeerId, at: Instant): void {
    journey.peer = peer;
    const unnamed = this.#recordAt(journey.address);
    if (this.#records.get(peer) === undefined && unnamed?.id === undefined && unnamed !== undefined) {
      this.#records.delete(journey.address);
      unnamed.id = peer;
      this.#records.set(peer, unnamed);
      return;
    }
    if (unnamed?.id === undefined && unnamed !== undefined) this.#records.delete(journey.address);
    const record = this.#record(peer, journey.address, "inbound", journey.early[0]?.at ?? at);
    if (record.journey?.admitted === true) return;
    record.journey = journey;
    for (const { state, at: enteredAt } of journey.early.splice(0)) this.#enter(record, state, undefined, enteredAt);
    this.#take(record, journey, journey.state, undefined, at);
  }

  #mark(link: LinkId, at: Instant, change: (journey: Journey) => void): void {
    const journey = this.#links.get(link);
    if (journey === undefined) return;
    change(journey);
    if (journey.admitted && journey.peer !== undefined) {
      const record = this.#records.get(journey.peer);
      if (record !== undefined && record.journey !== journey) this.#take(record, journey, record.state, undefined, at);
    }
    this.#progress(journey, at);
  }

  #progress(journey: Journey, at: Instant): void {
    journey.subscribed = journey.peer !== undefined && this.#subscribed.has(journey.peer);
    const ready = journey.identified && journey.admitted;
    const state = !ready
      ? "Identifying"
      : !journey.subscribed
        ? "Subscribing"
        : journey.syncing
          ? "Syncing"
          : "Connected";
    this.#advance(journey, state, at);
  }

  #advance(journey: Journey | undefined, state: PeerState, at: Instant): void {
    if (journey === undefined) return;
    journey.state = state;
    const record = this.#recordOf(journey);
    if (record === undefined) journey.early.push({ state, at });
    else if (record.journey === journey) this.#enter(record, state, undefined, at);
  }

  /** Of an outbound attempt the dial's own failure follows, which knows the cause. */
  #upgradeFailed(connection: number, reason: string, at: Instant): void {
    if (this.#connections.get(connection)?.direction === "outbound") this.#connections.delete(connection);
    else this.#fail(this.#connections, connection, { code: "protocol", reason }, at);
  }

  #fail<Key>(map: Map<Key, Journey>, key: Key, cause: Cause, at: Instant): void {
    const journey = map.get(key);
    map.delete(key);
    if (journey !== undefined) this.#finish(journey, "Failed", cause, at);
  }

  #closed(link: LinkId, reason: string, at: Instant): void {
    const journey = this.#links.get(link);
    if (journey === undefined) return;
    this.#links.delete(link);
    if (journey.peer !== undefined && ![...this.#links.values()].some(({ peer }) => peer === journey.peer))
      this.#subscribed.delete(journey.peer);
    this.#finish(journey, journey.admitted ? "Disconnected" : "Failed", { code: "closed", reason }, at);
  }

  #finish(journey: Journey, state: "Failed" | "Disconnected", cause: Cause, at: Instant): void {
    const record = this.#recordOf(journey);
    if (record === undefined || record.journey !== journey) return;
    record.journey = undefined;
    const { code, reason } = journey.farewell ?? cause;
    record.lastError = { code, reason, at };
    this.#enter(record, state, reason, at);
    const other = [...this.#links.values()].find(({ peer, admitted }) => peer === journey.peer && admitted);
    if (other !== undefined) this.#take(record, other, other.state, undefined, at);
  }

  #take(record: BookRecord, journey: Journey, state: PeerState, reason: string | undefined, at: Instant): void {
    record.journey = journey;
    record.nextDialAt = undefined;
    this.#enter(record, state, reason, at);
  }

  #enter(record: BookRecord, state: PeerState, reason: string | undefined, at: Instant): void {
    if (record.state === state) return;
    const durationMs = Math.max(0, at - record.enteredAt);
    record.visits.push({
      state: record.state,
      enteredAt: record.enteredAt,
      durationMs,
      ...(reason === undefined ? {} : { reason }),
    });
    if (record.visits.length >= visitsRememberedMax) record.visits.shift();
    this.#onTransition({ peer: record.id, address: record.address, from: record.state, to: state, durationMs, reason });
    const wasUp = record.state === "Connected" || record.state === "Syncing";
    const isUp = state === "Connected" || state === "Syncing";
    if (isUp && !wasUp) {
      record.connectedSince = at;
      record.lastError = undefined;
    } else if (!isUp) {
      record.connectedSince = undefined;
      record.suspicion = undefined;
    }
    record.state = state;
    record.enteredAt = at;
    const key = record.id ?? record.address;
    if (key !== undefined) this.#records.set(key, record); // what changed last is forgotten last
  }

  #edit(journey: Journey | undefined, change: (record: BookRecord) => void): void {
    const record = journey === undefined ? undefined : this.#recordOf(journey);
    if (record !== undefined) change(record);
  }

  #recordOf(journey: Journey): BookRecord | undefined {
    return journey.peer === undefined ? this.#recordAt(journey.address) : this.#records.get(journey.peer);
  }

  #recordAt(address: string): BookRecord | undefined {
    const direct = this.#records.get(address);
    if (direct !== undefined) return direct;
    for (const record of this.#records.values()) if (record.address === address) return record;
    return undefined;
  }

  #record(peer: PeerId | undefined, address: string, source: CandidateSource | "inbound", at: Instant): BookRecord {
    const known =
      (peer === undefined ? undefined : this.#records.get(peer)) ??
      (source === "inbound" ? undefined : this.#recordAt(address));
    if (known !== undefined) return known;
    const record: BookRecord = {
      id: peer,
      address,
      source,
      class: undefined,
      score: undefined,
      state: "PeerFound",
      enteredAt: at,
      visits: [],
      journey: undefined,
      rttMs: undefined,
      clockOffsetMs: undefined,
      connectedSince: undefined,
      suspicion: undefined,
      lastError: undefined,
      nextDialAt: undefined,
    };
    this.#records.set(peer ?? address, record);
    return record;
  }
}
