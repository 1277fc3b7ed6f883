/**
 * Gossipsub as one process runs it, small enough to be simulated a million times: which links
 * belong to its mesh, what goes over them, and what the others are told of at heartbeats.
 *
 * 1. Own messages go to all who listen, large ones to the mesh only. What is accepted is forwarded
 *    over the mesh, but not back to where it came from, nor to who said that it has it already.
 * 2. A mesh link is asked for by one side (graft) and ended by either (prune); the other side
 *    follows after the time that saying so takes.
 * 3. Heartbeats come only while there is something to do at one; a world at rest has none.
 *
 * Deviation: no scores. The library keeps those that score best when it drops links; here chance
 * decides, and nobody is silenced.
 */
import type { Millis, PeerId } from "../src/base/brand.ts";
import {
  advertisementBytes,
  floodPayloadBytesMax,
  graftBytes,
  heartbeatMs,
  historyBeats,
  lateStreamShare,
  meshDialedMin,
  meshLinks,
  pruneBackoffMs,
  pruneBytes,
  requestBytes,
  subscriptionBytes,
  toldLinks,
  toldShare,
  unwantedBytes,
  unwantedPayloadBytesMin,
} from "./gossip-rules.ts";
import type { SendReason } from "./traffic.ts";
import { type Carrier, type End, type GossipPeer, type Side, isAdmitted, otherEnd } from "./wire.ts";

export interface RouterInit {
  readonly network: Carrier;
  readonly side: Side;
  /** Whether it only listens, as peers that are no replicas do. */
  readonly isPassive: () => boolean;
  readonly whisper: (end: End, payload: Uint8Array, why: SendReason) => void;
}

export class GossipRouter implements GossipPeer {
  readonly #init: RouterInit;
  /** Ends whose peer has said that it listens. */
  readonly #listening = new Set<End>();
  readonly #mesh = new Set<End>();
  readonly #backoffUntil = new Map<PeerId, Millis>();
  /** Latest first, one for each heartbeat. */
  #history: Uint8Array[][] = [[]];
  readonly #phaseMs: Millis;
  #isBeatPlanned = false;

  constructor(init: RouterInit) {
    this.#init = init;
    this.#phaseMs = init.network.prng.unit() * heartbeatMs;
  }

  /** Links it forwards over. */
  get meshSize(): number {
    return this.#mesh.size;
  }

  publish(payload: Uint8Array): void {
    this.#remember(payload);
    for (const end of this.#publishTargets(payload)) this.#init.whisper(end, payload, "publish");
  }

  /** A message of others was accepted. */
  forward(payload: Uint8Array, from: End): void {
    this.#remember(payload);
    for (const end of this.#mesh)
      if (end !== from && !isUnwanted(end, payload, this.#init.network)) this.#init.whisper(end, payload, "forward");
  }

  /** A message arrived for the first time. */
  heard(payload: Uint8Array, from: End): void {
    if (payload.length < unwantedPayloadBytesMin || this.#init.isPassive()) return;
    for (const end of this.#mesh) if (end !== from) this.#count(unwantedBytes);
  }

  /** Both sides have admitted the link: each says what it listens to. */
  static admitted(end: End, network: Carrier): void {
    for (const each of [end, otherEnd(end)]) {
      network.controlSent(each.side.plug.node, subscriptionBytes);
      network.transmit(each, "gossip", () => otherEnd(each).side.gossip.subscribed(otherEnd(each)));
    }
  }

  subscribed(end: End): void {
    if (!isAdmitted(end)) return;
    this.#listening.add(end);
    if (this.#init.isPassive()) return;
    const isReady = !this.#init.network.prng.chance(lateStreamShare);
    if (isReady && this.#mesh.size < meshLinks.low && !this.#isBackedOff(end)) this.#graft(end);
    this.#advertise(end, this.#told());
    this.#planBeat();
  }

  grafted(end: End): void {
    if (!isAdmitted(end) || this.#mesh.has(end)) return;
    if (this.#isBackedOff(end) || (this.#mesh.size >= meshLinks.high && !isDialedByUs(end))) return this.#prune(end);
    this.#mesh.add(end);
    this.#planBeat();
  }

  pruned(end: End): void {
    this.#mesh.delete(end);
    this.#backOff(end);
    this.#planBeat();
  }

  advertised(payloads: readonly Uint8Array[], at: End): void {
    if (this.#init.isPassive() || !isAdmitted(at)) return;
    const wanted = payloads.filter((payload) => this.#init.side.heardAt(payload) === undefined);
    if (wanted.length === 0) return;
    this.#count(requestBytes(wanted.length));
    this.#init.network.transmit(at, "gossip", () => otherEnd(at).side.gossip.asked(wanted, otherEnd(at)));
  }

  asked(payloads: readonly Uint8Array[], at: End): void {
    for (const payload of payloads)
      if (this.#history.some((each) => each.includes(payload))) this.#init.whisper(at, payload, "answer");
  }

  /** A link has closed. */
  closed(end: End | undefined): void {
    if (end === undefined) return;
    this.#listening.delete(end);
    this.#mesh.delete(end);
    this.#planBeat();
  }

  #publishTargets(payload: Uint8Array): readonly End[] {
    if (payload.length <= floodPayloadBytesMax) return [...this.#listening].filter(isAdmitted);
    const others = this.#shuffled(this.#outside());
    return [...this.#mesh, ...others.slice(0, Math.max(0, meshLinks.aim - this.#mesh.size))];
  }

  #remember(payload: Uint8Array): void {
    this.#history[0]?.push(payload);
    this.#planBeat();
  }

  #told(): readonly Uint8Array[] {
    return this.#history.slice(0, historyBeats.told).flat();
  }

  #planBeat(): void {
    if (this.#isBeatPlanned || !this.#hasWork()) return;
    this.#isBeatPlanned = true;
    const { queue } = this.#init.network;
    const beats = Math.floor((queue.now - this.#phaseMs) / heartbeatMs) + 1;
    queue.at(this.#phaseMs + beats * heartbeatMs, () => {
      this.#isBeatPlanned = false;
      if (this.#init.side.isAlive) this.#beat();
    });
  }

  #hasWork(): boolean {
    if (this.#init.isPassive()) return false;
    if (this.#mesh.size > meshLinks.high || this.#history.some((each) => each.length > 0)) return true;
    return this.#lacking().some((end) => !this.#mesh.has(end));
  }

  #beat(): void {
    for (const ends of [this.#mesh, this.#listening]) for (const end of ends) if (!isAdmitted(end)) ends.delete(end);
    const others = this.#shuffled(this.#outside());
    const wanted = others.filter((end) => !this.#isBackedOff(end));
    if (this.#mesh.size < meshLinks.low)
      for (const end of wanted.splice(0, meshLinks.aim - this.#mesh.size)) this.#graft(end);
    if (this.#mesh.size > meshLinks.high) this.#dropSome();
    const dialed = [...this.#mesh].filter(isDialedByUs).length;
    if (this.#mesh.size >= meshLinks.low && dialed < meshDialedMin)
      for (const end of wanted.filter(isDialedByUs).slice(0, meshDialedMin - dialed)) this.#graft(end);
    this.#tellOthers(others);
    this.#history = [[], ...this.#history].slice(0, historyBeats.kept);
    this.#planBeat();
  }

  /** Links that a heartbeat would draw on for want of links, whether they may be asked now or not. */
  #lacking(): readonly End[] {
    const outside = this.#outside();
    if (this.#mesh.size < meshLinks.low) return outside;
    return [...this.#mesh].filter(isDialedByUs).length < meshDialedMin ? outside.filter(isDialedByUs) : [];
  }

  #dropSome(): void {
    const all = this.#shuffled([...this.#mesh]);
    const kept = new Set(all.filter(isDialedByUs).slice(0, meshDialedMin));
    for (const end of all) if (kept.size < meshLinks.aim) kept.add(end);
    for (const end of all) if (!kept.has(end)) this.#prune(end);
  }

  #tellOthers(others: readonly End[]): void {
    const told = this.#told();
    if (told.length === 0) return;
    const outside = others.filter((end) => !this.#mesh.has(end));
    for (const end of outside.slice(0, Math.max(toldLinks, toldShare * outside.length))) this.#advertise(end, told);
  }

  /** Whoever has all of it already need not be told by an event. */
  #advertise(end: End, payloads: readonly Uint8Array[]): void {
    if (payloads.length === 0) return;
    this.#count(advertisementBytes(payloads.length));
    const { side } = otherEnd(end);
    if (payloads.every((payload) => side.heardAt(payload) !== undefined)) return;
    this.#init.network.transmit(end, "gossip", () => side.gossip.advertised(payloads, otherEnd(end)));
  }

  #graft(end: End): void {
    this.#mesh.add(end);
    this.#count(graftBytes);
    this.#init.network.transmit(end, "gossip", () => otherEnd(end).side.gossip.grafted(otherEnd(end)));
  }

  #prune(end: End): void {
    this.#mesh.delete(end);
    this.#backOff(end);
    this.#count(pruneBytes);
    this.#init.network.transmit(end, "gossip", () => otherEnd(end).side.gossip.pruned(otherEnd(end)));
  }

  #outside(): readonly End[] {
    return [...this.#listening].filter((end) => isAdmitted(end) && !this.#mesh.has(end));
  }

  #backOff(end: End): void {
    this.#backoffUntil.set(otherEnd(end).side.plug.peer, this.#init.network.queue.now + pruneBackoffMs);
  }

  #isBackedOff(end: End): boolean {
    return (this.#backoffUntil.get(otherEnd(end).side.plug.peer) ?? 0) > this.#init.network.queue.now;
  }

  #count(bytes: number): void {
    this.#init.network.controlSent(this.#init.side.plug.node, bytes);
  }

  #shuffled(ends: readonly End[]): readonly End[] {
    const { prng } = this.#init.network;
    const left = [...ends];
    for (let last = left.length - 1; last > 0; last--) {
      const other = prng.below(last + 1);
      [left[last], left[other]] = [left[other] as End, left[last] as End];
    }
    return left;
  }
}

/** Whether the peer has said in time that it has a large message already. */
function isUnwanted(end: End, payload: Uint8Array, network: Carrier): boolean {
  if (payload.length < unwantedPayloadBytesMin) return false;
  const heardAt = otherEnd(end).side.heardAt(payload);
  return heardAt !== undefined && heardAt + network.delay() <= network.queue.now;
}

function isDialedByUs(end: End): boolean {
  return end.wire.ends[0] === end;
}
