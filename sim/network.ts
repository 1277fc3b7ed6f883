/**
 * The network between simulated nodes: dials become links, links carry ordered frames. Gossip goes
 * over links as routers say (`gossip-router.ts`), and its messages may be lost, doubled or overtaken.
 *
 * 1. A link is two ends; each end opens, is gated and closes on its own, as two machines see it.
 * 2. Frames of a link arrive in order and completely, or the link is broken. Where the way is cut,
 *    they wait; if it stays cut, the link breaks, each end at its own time.
 * 3. Gossip passes only where both ends were ordered to admit the link; frames other than admit's
 *    only where the receiving end was ordered to accept it.
 */
import type { Millis } from "../src/base/brand.ts";
import type { Prng } from "../src/base/prng.ts";
import {
  ackFrameBytesMax,
  admitFrameBytesMax,
  frontierFrameBytesMax,
  peersFrameBytesMax,
  walkFrameBytesMax,
} from "../src/codec/limits.ts";
import type { DialFailure, LinkProtocol } from "../src/ports/network.ts";
import type { EventQueue } from "./event-queue.ts";
import type { WorldOptions } from "./options.ts";
import { Port } from "./port.ts";
import type { Recorder } from "./recorder.ts";
import { Traffic } from "./traffic.ts";
import {
  type Carrier,
  type End,
  type Lane,
  type Plug,
  type Side,
  type Wire,
  createWire,
  freeAt,
  otherEnd,
} from "./wire.ts";

const frameBytesMax: Readonly<Record<LinkProtocol, number>> = {
  admit: admitFrameBytesMax,
  ack: ackFrameBytesMax,
  frontier: frontierFrameBytesMax,
  walk: walkFrameBytesMax,
  peers: peersFrameBytesMax,
};
const dialTimeoutMs = 10_000;
/** A cut link is noticed after at most so long. Guess: a few unanswered pings. */
const breakMsMax = 20_000;
const closeMsMax = 1_000;
/** A delay of more counts as one. */
const noticeableMs = 100;

export class Network implements Carrier {
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly options: WorldOptions;
  readonly recorder: Recorder;
  readonly traffic: Traffic = new Traffic();
  /** False once the network is healed: nothing is lost or late any more. */
  isFaulty = true;
  /** Told of a frame over the limit of its protocol, which an honest sender never makes. */
  onOversized: (node: number, protocol: LinkProtocol, bytes: number) => void = () => undefined;
  onPassedOn: (node: number, payload: Uint8Array) => void = () => undefined;
  readonly #ports = new Map<string, Port>();
  readonly #wires = new Set<Wire>();
  readonly #cuts = new Map<string, number>();
  readonly #clogs = new Set<string>();
  /** Nodes that take in what comes slowly: until when, and how long each message takes. */
  readonly #slow = new Map<number, { readonly until: number; readonly messageMs: Millis }>();

  constructor(queue: EventQueue, prng: Prng, options: WorldOptions, recorder: Recorder) {
    this.queue = queue;
    this.prng = prng;
    this.options = options;
    this.recorder = recorder;
  }

  plug(plug: Plug): Port {
    const port = new Port(this, plug);
    this.#ports.set(plug.address, port);
    return port;
  }

  /** The process behind the port is gone; its peers notice at once or, where `silently`, after a while. */
  unplug(port: Side, silently: boolean): void {
    port.isAlive = false;
    if (this.#ports.get(port.plug.address) === port) this.#ports.delete(port.plug.address);
    for (const wire of this.wiresOf(port)) {
      this.#wires.delete(wire);
      const mine = wire.ends[0].side === port ? wire.ends[0] : wire.ends[1];
      mine.state = "closed";
      this.closeEndSoon(otherEnd(mine), "the peer's process is gone", silently ? breakMsMax : this.options.delayMsMax);
    }
  }

  wiresOf(port: Side): Wire[] {
    return [...this.#wires].filter(({ ends }) => ends[0].side === port || ends[1].side === port);
  }

  liveWires(): readonly Wire[] {
    return [...this.#wires].filter(({ ends }) => ends[0].state === "open" && ends[1].state === "open");
  }

  breakWire(wire: Wire): void {
    for (const end of wire.ends) this.closeEndSoon(end, "the connection broke", breakMsMax * this.prng.unit() ** 3);
  }

  isCut(from: number, to: number): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }

  isClogged(from: number, to: number): boolean {
    return this.#clogs.has(`${from}>${to}`);
  }

  /** From now on what goes that way waits, until it is let go all at once. */
  clog(from: number, to: number): void {
    this.#clogs.add(`${from}>${to}`);
  }

  unclog(from: number, to: number): void {
    if (this.#clogs.delete(`${from}>${to}`) && !this.isCut(from, to)) this.#letGo(from, to);
  }

  /** Until then a node takes so long for each message that it takes in. */
  slowDown(node: number, until: number, messageMs: Millis): void {
    this.#slow.set(node, { until, messageMs });
  }

  /** Cuts one direction; cuts of one direction add up. */
  cut(from: number, to: number): void {
    this.#cuts.set(`${from}>${to}`, (this.#cuts.get(`${from}>${to}`) ?? 0) + 1);
    for (const wire of this.#wires) if (joins(wire, from, to)) this.#breakIfStillCut(wire, from, to);
  }

  heal(from: number, to: number): void {
    const cuts = (this.#cuts.get(`${from}>${to}`) ?? 0) - 1;
    if (cuts > 0) return void this.#cuts.set(`${from}>${to}`, cuts);
    this.#cuts.delete(`${from}>${to}`);
    if (!this.isClogged(from, to)) this.#letGo(from, to);
  }

  #letGo(from: number, to: number): void {
    for (const wire of this.#wires) {
      for (const end of wire.ends) {
        if (end.side.plug.node !== from || otherEnd(end).side.plug.node !== to) continue;
        for (const send of end.waiting.splice(0)) send();
      }
    }
  }

  /** Nothing is lost or late any more; whatever goes between two of `among` passes. */
  healAll(among: (node: number) => boolean = () => true): void {
    this.isFaulty = false;
    this.#slow.clear();
    for (const name of this.#clogs) this.unclog(...endsOf(name));
    for (const name of this.#cuts.keys()) {
      const [from, to] = endsOf(name);
      if (!among(from) || !among(to)) continue;
      this.#cuts.set(name, 1);
      this.heal(from, to);
    }
  }

  delay(): Millis {
    if (!this.isFaulty) return this.prng.unit() * 5;
    const delayMs = this.prng.unit() * this.options.delayMsMax;
    if (delayMs > noticeableMs) this.recorder.count("fault:delay");
    return delayMs;
  }

  dial(from: Side, address: string, attempt: number, answerMsMax: Millis = dialTimeoutMs): void {
    const target = this.#ports.get(address);
    const fail = (failure: DialFailure, afterMs: Millis): void => {
      this.queue.after(afterMs, () => from.hear({ type: "dialFailed", address, attempt, failure, detail: failure }));
    };
    if (target === from) return fail("self", this.delay());
    if (target === undefined) return fail("refused", this.delay());
    const ways = [from.plug.node, target.plug.node] as const;
    if (this.isCut(ways[0], ways[1]) || this.isCut(ways[1], ways[0])) return fail("timeout", answerMsMax);
    if (this.isFaulty && this.prng.chance(this.options.loss / 4)) return fail("encryption", this.delay());
    this.queue.after(this.delay(), () => {
      if (!target.isAlive || !from.isAlive) return fail("refused", 0);
      this.#join(from, target, address, attempt);
    });
  }

  send(end: End, protocol: LinkProtocol, frame: Uint8Array): void {
    const receiver = otherEnd(end);
    if (frame.length > frameBytesMax[protocol]) this.onOversized(end.side.plug.node, protocol, frame.length);
    if (isGoodbye(protocol, frame)) end.isGoodbyeSaid = true;
    this.recorder.sent(frame.length);
    this.traffic.frame(end.side.plug.node, protocol, frame.length);
    this.transmit(end, protocol, () => {
      if (isGoodbye(protocol, frame)) receiver.isGoodbyeSaid = true;
      if (frame.length > frameBytesMax[protocol]) return this.#refuseFrame(receiver, protocol, frame.length);
      if (protocol !== "admit" && receiver.gate === "shut") return this.recorder.count("net:frameBeforeAccept");
      receiver.side.hear({ type: "frameReceived", link: receiver.link, protocol, frame });
    });
  }

  /** Carries something to the other end, in order, while that end is open. */
  transmit(end: End, lane: Lane, arrive: () => void): void {
    const receiver = otherEnd(end);
    const go = (): void => {
      const at = freeAt(
        end,
        this.options.streamsApart ? lane : "end",
        this.queue.now + this.delay(),
        receiver.openedAt,
        this.#slownessOf(receiver.side.plug.node),
      );
      this.queue.at(at, () => {
        if (receiver.state !== "closed") arrive();
      });
    };
    const [from, to] = [end.side.plug.node, receiver.side.plug.node];
    if (this.isCut(from, to) || this.isClogged(from, to)) end.waiting.push(go);
    else go();
  }

  controlSent(node: number, bytes: number): void {
    this.recorder.bytes += bytes;
    this.traffic.frame(node, "gossip", bytes);
  }

  #slownessOf(node: number): Millis {
    const slow = this.#slow.get(node);
    return slow !== undefined && this.queue.now < slow.until ? slow.messageMs : 0;
  }

  /** Our side closes once what it sent has left. */
  close(end: End, reason: string): void {
    end.state = "closing";
    this.transmit(end, "end", () => this.closeEndSoon(otherEnd(end), `closed by the peer: ${reason}`, 0));
    this.closeEndSoon(end, `closed by us: ${reason}`, this.delay() % closeMsMax);
  }

  closeEndSoon(end: End, reason: string, withinMs: Millis): void {
    this.queue.at(Math.max(end.openedAt, this.queue.now + this.prng.unit() * withinMs), () => {
      if (end.state === "closed") return;
      end.state = "closed";
      if (otherEnd(end).state === "closed") this.#wires.delete(end.wire);
      end.side.hear({ type: "linkClosed", link: end.link, reason });
    });
  }

  #join(from: Side, to: Side, address: string, attempt: number): void {
    const wire = createWire(from, to, this.queue.now + this.delay(), this.queue.now + this.delay());
    this.#wires.add(wire);
    this.recorder.count("net:link");
    const { node: a } = from.plug;
    const { node: b } = to.plug;
    wire.ends.forEach((end, side) => {
      const { peer } = otherEnd(end).side.plug;
      this.queue.at(end.openedAt, () => {
        if (end.state === "closed") return;
        if (side === 0)
          end.side.hear({ type: "linkOpened", link: end.link, peer, direction: "outbound", address, attempt });
        else
          end.side.hear({
            type: "linkOpened",
            link: end.link,
            peer,
            direction: "inbound",
            address: `/sim/${a}`,
            attempt: undefined,
          });
      });
    });
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const)
      if (this.isCut(x, y)) this.#breakIfStillCut(wire, x, y);
  }

  #refuseFrame(receiver: End, protocol: LinkProtocol, lengthBytes: number): void {
    const lengthBytesMax = frameBytesMax[protocol];
    receiver.side.hear({
      type: "frameRefused",
      link: receiver.link,
      protocol,
      lengthBytes,
      lengthBytesMax,
      breaksProtocol: true,
    });
    this.closeEndSoon(receiver, "a frame over its limit", 10);
    this.closeEndSoon(otherEnd(receiver), "the peer refused a frame", 100);
  }

  #breakIfStillCut(wire: Wire, from: number, to: number): void {
    this.queue.after(breakMsMax * this.prng.unit(), () => {
      if (this.#wires.has(wire) && this.isCut(from, to)) this.breakWire(wire);
    });
  }
}

function isGoodbye(protocol: LinkProtocol, frame: Uint8Array): boolean {
  return protocol === "admit" && frame[0] === 3;
}

function endsOf(name: string): [number, number] {
  return name.split(">").map(Number) as [number, number];
}

function joins({ ends }: Wire, a: number, b: number): boolean {
  const [x, y] = [ends[0].side.plug.node, ends[1].side.plug.node];
  return (x === a && y === b) || (x === b && y === a);
}
