/**
 * One process's end of the network: it carries out the orders of a replica, and keeps the gossip
 * messages already heard and those that wait for a verdict.
 */
import type { Millis } from "../src/base/brand.ts";
import { toHex } from "../src/base/bytes.ts";
import { sha256 } from "../src/crypto/hash.ts";
import type { LinkId, NetworkEvent, NetworkOrder, Verdict } from "../src/ports/network.ts";
import { Violation } from "./checkers/violation.ts";
import { messageBytes } from "./gossip-rules.ts";
import { GossipRouter } from "./gossip-router.ts";
import type { SendReason } from "./traffic.ts";
import { type Carrier, type End, type Plug, type Side, isAdmitted, otherEnd } from "./wire.ts";

interface Unjudged {
  readonly payload: Uint8Array;
  readonly from: End;
}

export class Port implements Side {
  readonly plug: Plug;
  readonly ends: Map<LinkId, End> = new Map();
  isAlive = true;
  /** Hears gossip itself instead of as events; for peers that are no replicas. */
  onGossip: ((payload: Uint8Array, from: End) => void) | undefined;
  readonly #network: Carrier;
  readonly gossip: GossipRouter;
  /** When it heard each gossip message first. */
  readonly #heard = new Map<string, Millis>();
  readonly #unjudged = new Map<number, Unjudged>();
  #links = 0;
  #messages = 0;

  constructor(network: Carrier, plug: Plug) {
    this.#network = network;
    this.plug = plug;
    this.gossip = new GossipRouter({
      network,
      side: this,
      isPassive: () => this.onGossip !== undefined,
      whisper: (end, payload, why) => this.whisper(end, payload, why),
    });
  }

  nextLink(): LinkId {
    return ++this.#links;
  }

  hear(event: NetworkEvent): void {
    if (event.type === "linkClosed") this.gossip.closed(this.ends.get(event.link));
    if (this.isAlive) this.plug.hear(event);
  }

  /** Gossip messages a replica was shown and has not judged. */
  get unjudged(): number {
    return this.#unjudged.size;
  }

  obey(order: NetworkOrder): void {
    switch (order.type) {
      case "dial":
        return this.#network.dial(this, order.address, order.attempt, order.answerMsMax);
      case "publish":
        this.#heard.set(idOf(order.payload), Infinity);
        return this.gossip.publish(order.payload);
      case "judge":
        return this.#judge(order.message, order.verdict);
      case "send":
      case "acceptLink":
      case "admitLink":
      case "closeLink":
      case "reserve":
      case "release":
        return this.#onLink(order);
      case "probe":
        return this.hear({ type: "probed", number: order.number, failure: "other" });
    }
  }

  /** Offers a message to one neighbour, whatever was offered before. */
  whisper(end: End, payload: Uint8Array, why: SendReason = "publish"): void {
    const { queue, prng, options, recorder, traffic, isFaulty } = this.#network;
    const other = otherEnd(end);
    if (!isAdmitted(end) || other.gate !== "admitted") return;
    if (this.#network.isCut(this.plug.node, other.side.plug.node)) return;
    if (isFaulty && prng.chance(options.loss)) return recorder.count("fault:loss");
    const copies = isFaulty && prng.chance(options.duplication) ? 2 : 1;
    if (copies > 1) recorder.count("fault:duplication");
    recorder.sent(messageBytes(payload.length) * copies);
    for (let copy = 0; copy < copies; copy++) traffic.frame(this.plug.node, "gossip", messageBytes(payload.length));
    traffic.of(this.plug.node).sent[why] += copies;
    const isKnown = other.side.heardAt(payload) !== undefined;
    if (isKnown && !other.side.forgets()) return;
    for (let copy = 0; copy < copies; copy++) {
      const isLate = isFaulty && prng.chance(options.reordering);
      if (isLate) recorder.count("fault:reordering");
      const delayMs = this.#network.delay() * (isLate ? 5 : 1);
      const offer = (): void => queue.after(delayMs, () => other.side.offered(payload, other, isKnown));
      if (this.#network.isClogged(this.plug.node, other.side.plug.node)) end.waiting.push(offer);
      else offer();
    }
  }

  #onLink(order: Extract<NetworkOrder, { link: LinkId }>): void {
    const end = this.ends.get(order.link);
    if (end === undefined) throw new Violation("7 no step fails", "an order for a link that never was", { ...order });
    if (end.state !== "open") return;
    switch (order.type) {
      case "send":
        return this.#network.send(end, order.protocol, order.frame);
      case "acceptLink":
        end.gate = "accepted";
        return undefined;
      case "admitLink":
        end.gate = "admitted";
        if (isAdmitted(otherEnd(end))) GossipRouter.admitted(end, this.#network);
        return undefined;
      case "reserve":
        return this.hear({ type: "reserved", link: order.link, refused: "there are no relays here" });
      case "release":
        return undefined;
      case "closeLink":
        this.#checkGoodbye(end, order.code);
        return this.#network.close(end, order.reason);
    }
  }

  #checkGoodbye({ isGoodbyeSaid, link }: End, code: string): void {
    const { node } = this.plug;
    if (isGoodbyeSaid || node >= this.#network.options.nodes) return;
    throw new Violation("14 whoever closes a link says why", "a link is closed without a goodbye", {
      node,
      link,
      code,
    });
  }

  heardAt(payload: Uint8Array): Millis | undefined {
    return this.#heard.get(idOf(payload));
  }

  /** A known message arrives; now and then that it is known has been forgotten. */
  forgets(): boolean {
    const { recorder, prng, options, traffic } = this.#network;
    recorder.count("net:gossipSeenBefore");
    if (prng.chance(options.forgottenShare)) return true;
    traffic.of(this.plug.node).received.duplicate += 1;
    return false;
  }

  offered(payload: Uint8Array, at: End, isForgotten: boolean): void {
    if (!this.isAlive || !isAdmitted(at)) return;
    if (this.onGossip !== undefined) return this.onGossip(payload, at);
    const id = idOf(payload);
    const isKnown = this.#heard.has(id);
    if (isKnown && !isForgotten && !this.forgets()) return;
    if (!isKnown) {
      this.#heard.set(id, this.#network.queue.now);
      this.gossip.heard(payload, at);
    }
    const message = ++this.#messages;
    this.#unjudged.set(message, { payload, from: at });
    this.hear({ type: "gossipReceived", message, from: otherEnd(at).side.plug.peer, payload });
  }

  #judge(message: number, verdict: Verdict): void {
    const unjudged = this.#unjudged.get(message);
    if (unjudged === undefined) {
      throw new Violation("5 every question is answered once", "a verdict on no message", {
        node: this.plug.node,
        message,
      });
    }
    this.#unjudged.delete(message);
    this.#network.recorder.count(`net:${verdict}`);
    this.#network.traffic.of(this.plug.node).received[verdict] += 1;
    if (verdict !== "accept") return;
    this.#network.onPassedOn(this.plug.node, unjudged.payload);
    this.gossip.forward(unjudged.payload, unjudged.from);
  }
}

/** A message is passed on as the same bytes again and again; it is hashed once. */
const idsOfPayloads = new WeakMap<Uint8Array, string>();

function idOf(payload: Uint8Array): string {
  const known = idsOfPayloads.get(payload);
  if (known !== undefined) return known;
  const id = toHex(sha256(payload));
  idsOfPayloads.set(payload, id);
  return id;
}
