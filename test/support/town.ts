/**
 * Many machines that find peers by their ids, with virtual links between them: the machines are those that ship,
 * the rest is a queue of events. A dial of an address at which somebody lives leads to a link after some ms.
 */
import type { Author, Instant, PeerId, Time } from "../../src/base/brand.ts";
import { toHex } from "../../src/base/bytes.ts";
import { parseIpRange } from "../../src/base/ip-range.ts";
import { Prng } from "../../src/base/prng.ts";
import { type PeersMessage, decodePeers, encodePeers } from "../../src/codec/peers.ts";
import { peerIdOf } from "../../src/codec/peer-id.ts";
import { EventQueue } from "../../sim/event-queue.ts";
import type { Effect } from "../../src/core/effects.ts";
import { Routing, type RoutingFact, type RoutingInput } from "../../src/core/peers/routing/machine.ts";

const local = [parseIpRange("10.0.0.0/8")].filter((range) => range !== undefined);
const [delayMs, refusedMs, lookEveryMs] = [20, 5, 10];

interface End {
  readonly inhabitant: Inhabitant;
  readonly link: number;
}

export class Inhabitant {
  readonly peer: PeerId;
  readonly address: string;
  readonly machine: Routing;
  readonly links = new Map<number, End>();
  /** Who is at the other end, and whose dial it was. */
  readonly dialed = new Set<number>();
  readonly ended: Extract<RoutingFact, { type: "lookupEnded" }>[] = [];
  isUp = true;
  /** What it says instead of the truth. */
  lie: ((message: PeersMessage) => PeersMessage) | undefined;
  dials = 0;
  wakesAt: number | undefined;

  constructor(index: number, prng: Prng) {
    this.peer = peerIdOf(toHex(prng.bytes(32)) as Author);
    this.address = `/ip4/10.0.${index >> 8}.${index & 0xff}/tcp/4001`;
    this.machine = new Routing({
      self: this.peer,
      enabled: true,
      prng: new Prng(index),
      local: () => local,
      remembered: [],
      addressesOf: () => [],
    });
  }

  isLinkedWith(other: Inhabitant): boolean {
    return [...this.links.values()].some(({ inhabitant }) => inhabitant === other);
  }
}

export class Town {
  readonly all: Inhabitant[] = [];
  readonly prng: Prng;
  /** Links of own dialing beyond which one that was only dialed for a question is closed. */
  readonly outboundWanted: number;
  questions = 0;
  readonly #queue = new EventQueue();
  #links = 0;

  constructor(seed: number, outboundWanted = 8) {
    this.prng = new Prng(seed);
    this.outboundWanted = outboundWanted;
  }

  get now(): number {
    return this.#queue.now;
  }

  settle(count: number): readonly Inhabitant[] {
    for (let i = 0; i < count; i++) {
      const one = new Inhabitant(this.all.length, this.prng);
      this.all.push(one);
      this.step(one, { type: "listening", addresses: [one.address] });
    }
    return this.all.slice(-count);
  }

  step(one: Inhabitant, input: RoutingInput): void {
    const out: Effect[] = [];
    this.#take(one, one.machine.step(input, this.#time(), out), out);
    this.#wake(one);
  }

  want(one: Inhabitant, peer: PeerId): void {
    one.machine.want(peer, this.#time());
    this.step(one, { type: "timePassed" });
  }

  link(dialer: Inhabitant, dialed: Inhabitant): void {
    if (dialer === dialed || dialer.isLinkedWith(dialed)) return;
    const [near, far] = [++this.#links, ++this.#links];
    dialer.links.set(near, { inhabitant: dialed, link: far });
    dialed.links.set(far, { inhabitant: dialer, link: near });
    dialer.dialed.add(near);
    const port = dialer.address.replace("4001", "50000");
    this.step(dialer, { type: "linked", link: near, peer: dialed.peer, address: dialed.address, dialed: true });
    this.step(dialed, { type: "linked", link: far, peer: dialer.peer, address: port, dialed: false });
  }

  part(one: Inhabitant, link: number): void {
    const other = one.links.get(link);
    if (other === undefined) return;
    one.links.delete(link);
    other.inhabitant.links.delete(other.link);
    this.step(one, { type: "linkLost", link });
    this.step(other.inhabitant, { type: "linkLost", link: other.link });
  }

  leave(one: Inhabitant): void {
    one.isUp = false;
    for (const link of [...one.links.keys()]) this.part(one, link);
  }

  /** Until the condition holds, at most for so long. */
  run(forMs: number, until: () => boolean = () => false): void {
    const end = this.now + forMs;
    while (!until() && this.now < end) this.#queue.runUntil(Math.min(end, this.now + lookEveryMs));
  }

  #time(): Time {
    return { wall: this.now as Instant, mono: this.now };
  }

  #take(one: Inhabitant, facts: readonly RoutingFact[], effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === "network" && effect.order.type === "send")
        this.#send(one, effect.order.link, effect.order.frame);
    }
    for (const fact of facts) {
      if (fact.type === "candidate") this.#dial(one, fact.peer, fact.address);
      else if (fact.type === "lookupEnded") one.ended.push(fact);
      else if (one.dialed.has(fact.link) && one.dialed.size > this.outboundWanted) this.part(one, fact.link);
    }
  }

  #send(from: Inhabitant, link: number, frame: Uint8Array): void {
    const end = from.links.get(link);
    const decoded = decodePeers(frame);
    if (end === undefined || !decoded.ok) return;
    const said = decoded.value;
    if (said.type === "findPeer") this.questions += 1;
    const message = from.lie === undefined ? said : decodeAnew(from.lie(said));
    if (message.type !== "findPeer" && message.type !== "nearPeers") return;
    this.#after(delayMs, () => {
      if (end.inhabitant.links.has(end.link)) this.step(end.inhabitant, { type: "message", link: end.link, message });
    });
  }

  #dial(from: Inhabitant, peer: PeerId, address: string): void {
    from.dials += 1;
    const there = this.all.find((each) => each.address === address && each.isUp);
    if (there?.peer === peer) this.#after(3 * delayMs, () => there.isUp && from.isUp && this.link(from, there));
    else this.#after(refusedMs, () => this.step(from, { type: "dialFailed", peer, address: `${address}/p2p/${peer}` }));
  }

  /** At its deadline, if that is still the one. */
  #wake(one: Inhabitant): void {
    const due = one.machine.nextDeadline();
    if (due === undefined || due === one.wakesAt) return;
    one.wakesAt = due;
    this.#queue.at(due, () => {
      if (one.wakesAt !== due || !one.isUp) return;
      one.wakesAt = undefined;
      this.step(one, { type: "timePassed" });
    });
  }

  #after(ms: number, run: () => unknown): void {
    this.#queue.after(ms, () => void run());
  }
}

function decodeAnew(message: PeersMessage): PeersMessage {
  const decoded = decodePeers(encodePeers(message));
  return decoded.ok ? decoded.value : message;
}
