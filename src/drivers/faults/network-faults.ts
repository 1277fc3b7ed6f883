/**
 * Stands between a node and its network driver: orders go down through it, events come up, and
 * what a fault touches is held up, thrown away or closed on the way.
 *
 * 1. A cut peer: open links are closed without a goodbye, dials fail as `unreachable`, a link that
 *    the peer opens is closed before the replica hears of it, and nothing passes meanwhile.
 * 2. A delay holds up what the peer sent, frames and gossip, in order. Each end delays what it
 *    receives, so a round trip takes both. The handshake of a link is not delayed.
 * 3. A loss takes gossip messages away for good. Frames travel over TCP, which loses nothing but
 *    time: each loss drawn holds the stream up by a retransmission timeout that doubles.
 * 4. What the driver counts (bytes, `taken`) stays true: a frame thrown away is reported as taken.
 *
 * Source: RFC 6298 (retransmission timer); Linux waits at least 200 ms (TCP_RTO_MIN).
 */
import type { PeerId } from "../../base/brand.ts";
import { Prng } from "../../base/prng.ts";
import type { LinkId, NetworkEvent, NetworkOrder } from "../../ports/network.ts";
import { DelayLine } from "./delay-line.ts";
import { type FaultSet, noFaults } from "./fault-set.ts";

/** First retransmission, in ms. Source: TCP_RTO_MIN of Linux, include/net/tcp.h. */
const retransmitMs = 200;
/** Losses of one frame in a row that are drawn at most: 12.6 s. Guess: links of tests shall not die of it. */
const retransmitsMax = 6;

const cutWords = "cut off on purpose by this testnet";

export interface NetworkEnds {
  /** Down, to the driver. */
  carryOut(order: NetworkOrder): void;
  taken(link: LinkId, bytes: number): void;
  /** Up, to the node. */
  hear(event: NetworkEvent): void;
  /** A dial was refused here, so the driver knows nothing of it; `dialFailed` follows. */
  dialRefused(address: string, attempt: number, reason: string): void;
}

/** Same two ways through, with nothing in between when there are no faults. */
export interface NetworkFaults {
  carryOut(order: NetworkOrder): void;
  hear(event: NetworkEvent): void;
  apply(faults: FaultSet): void;
  stop(): void;
}

/** For every node that is not of a testnet. */
export function withoutNetworkFaults({ carryOut, hear }: Pick<NetworkEnds, "carryOut" | "hear">): NetworkFaults {
  return { carryOut, hear, apply: () => undefined, stop: () => undefined };
}

interface SeenLink {
  readonly peer: PeerId;
  readonly line: DelayLine;
  /** The node was never told of it. */
  readonly hidden: boolean;
  /** The node will be told of its end behind what is held up. */
  isClosing: boolean;
}

export class FaultyNetwork implements NetworkFaults {
  readonly #ends: NetworkEnds;
  readonly #links = new Map<LinkId, SeenLink>();
  readonly #gossip = new Map<PeerId, DelayLine>();
  readonly #dialed = new Map<number, string>();
  #faults: FaultSet = noFaults;
  #cut: ReadonlySet<PeerId> = new Set();
  #prng = new Prng(noFaults.seed);

  constructor(ends: NetworkEnds, faults: FaultSet) {
    this.#ends = ends;
    this.apply(faults);
  }

  apply(faults: FaultSet): void {
    if (faults.seed !== this.#faults.seed) this.#prng = new Prng(faults.seed);
    this.#faults = faults;
    this.#cut = new Set(faults.cut);
    for (const [id, { peer, line, hidden }] of this.#links) {
      if (!this.#cut.has(peer) || hidden) continue;
      line.clear();
      this.#close(id);
    }
    for (const peer of this.#cut) this.#gossip.get(peer)?.clear();
  }

  carryOut(order: NetworkOrder): void {
    if (order.type === "dial") return this.#dial(order);
    if (order.type === "send" && this.#isCut(order.link)) return;
    this.#ends.carryOut(order);
  }

  hear(event: NetworkEvent): void {
    switch (event.type) {
      case "linkOpened":
        this.#opened(event);
        break;
      case "linkClosed":
        this.#closed(event);
        break;
      case "frameReceived":
        this.#received(event);
        break;
      case "drained":
      case "frameRefused":
      case "peerMisbehaved":
      case "linkFailing":
        this.#inOrder(event);
        break;
      case "gossipReceived":
        this.#gossiped(event);
        break;
      case "dialFailed":
        this.#dialed.delete(event.attempt);
        this.#ends.hear(event);
        break;
      case "candidateFound":
      case "listening":
      case "guestsChanged":
      case "probed":
      case "reserved":
      case "rttMeasured":
      case "resumed":
      case "addressesChanged":
        this.#ends.hear(event);
        break;
      case "linksStanding":
        this.#ends.hear({ type: "linksStanding", links: this.#told(event.links) });
        break;
    }
  }

  /** Nothing that waits comes any more. */
  stop(): void {
    for (const { line } of this.#links.values()) line.clear();
    for (const line of this.#gossip.values()) line.clear();
    this.#links.clear();
    this.#gossip.clear();
  }

  #dial(order: Extract<NetworkOrder, { type: "dial" }>): void {
    const { address, attempt } = order;
    const peer = /\/p2p\/([^/]+)$/.exec(address)?.[1] as PeerId | undefined;
    if (peer === undefined || !this.#cut.has(peer)) {
      this.#dialed.set(attempt, address);
      return this.#ends.carryOut(order);
    }
    setImmediate(() => this.#refuse(address, attempt)); // an outcome is always a later event
  }

  #refuse(address: string, attempt: number): void {
    this.#ends.dialRefused(address, attempt, cutWords);
    this.#ends.hear({ type: "dialFailed", address, attempt, failure: "unreachable", detail: cutWords });
  }

  #opened(event: Extract<NetworkEvent, { type: "linkOpened" }>): void {
    const { link, peer, attempt } = event;
    const hidden = this.#cut.has(peer);
    this.#links.set(link, { peer, line: new DelayLine(), hidden, isClosing: false });
    const address = attempt === undefined ? undefined : this.#dialed.get(attempt);
    if (attempt !== undefined) this.#dialed.delete(attempt);
    if (!hidden) return this.#ends.hear(event);
    this.#close(link);
    if (attempt !== undefined) this.#refuse(address ?? event.address, attempt);
  }

  #closed(event: Extract<NetworkEvent, { type: "linkClosed" }>): void {
    const seen = this.#links.get(event.link);
    const done = (): void => {
      this.#links.delete(event.link);
      if (seen?.hidden !== true) this.#ends.hear(event);
    };
    if (seen === undefined) done();
    else {
      seen.isClosing = true;
      seen.line.push(0, done, done); // behind every frame that is still held up
    }
  }

  #received(event: Extract<NetworkEvent, { type: "frameReceived" }>): void {
    const seen = this.#links.get(event.link);
    const drop = (): void => this.#ends.taken(event.link, event.frame.length);
    if (seen === undefined || seen.hidden || this.#cut.has(seen.peer)) return drop();
    seen.line.push(this.#delayOf(seen.peer) + this.#retransmission(seen.peer), () => this.#ends.hear(event), drop);
  }

  #inOrder(
    event: Extract<NetworkEvent, { type: "drained" | "frameRefused" | "peerMisbehaved" | "linkFailing" }>,
  ): void {
    const seen = this.#links.get(event.link);
    if (seen === undefined || seen.hidden) return;
    seen.line.push(0, () => this.#ends.hear(event));
  }

  #gossiped(event: Extract<NetworkEvent, { type: "gossipReceived" }>): void {
    const { from, message } = event;
    const drop = (): void => this.#ends.carryOut({ type: "judge", message, verdict: "ignore" });
    if (this.#cut.has(from) || this.#prng.chance(this.#lossOf(from))) return drop();
    const delayMs = this.#delayOf(from);
    if (delayMs === 0 && !this.#gossip.has(from)) return this.#ends.hear(event);
    let line = this.#gossip.get(from);
    if (line === undefined) this.#gossip.set(from, (line = new DelayLine()));
    line.push(delayMs, () => this.#ends.hear(event), drop);
  }

  #isCut(link: LinkId): boolean {
    const seen = this.#links.get(link);
    return seen !== undefined && this.#cut.has(seen.peer);
  }

  /** As the node knows it: without what is hidden from it, with what it was not told the end of. */
  #told(standing: readonly LinkId[]): readonly LinkId[] {
    const real = new Set(standing);
    return [...this.#links].flatMap(([id, { hidden, isClosing }]) =>
      !hidden && (isClosing || real.has(id)) ? [id] : [],
    );
  }

  #close(link: LinkId): void {
    this.#ends.carryOut({ type: "closeLink", link, code: "gone", reason: cutWords });
  }

  #delayOf(peer: PeerId): number {
    return this.#faults.delayMs[peer] ?? 0;
  }

  /** As a share of 1. */
  #lossOf(peer: PeerId): number {
    return (this.#faults.lossPercent[peer] ?? 0) / 100;
  }

  #retransmission(peer: PeerId): number {
    const loss = this.#lossOf(peer);
    let waitMs = 0;
    for (let n = 0; n < retransmitsMax && loss > 0 && this.#prng.chance(loss); n++) waitMs += retransmitMs * 2 ** n;
    return waitMs;
  }
}
