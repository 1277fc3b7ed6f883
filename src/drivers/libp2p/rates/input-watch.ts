/**
 * Counts what every socket brings and acts on the meters: a socket over a rate that slows is left
 * unread for a while, one over a rate that bounds is reported once and read no further than its
 * farewell needs. Processor time is that of this thread from the arrival of bytes until whoever
 * they are for has taken them, so decryption and the muxer are in it.
 */
import type { PeerId } from "../../../base/brand.ts";
import type { Direction } from "../../../ports/network.ts";
import { handshakeMsMin, handshakesCrowded, pauseMs } from "./limits.ts";
import type { Bandwidth } from "./bandwidth.ts";
import { type Bounding, PeerMeter, type PeerRates, type Slowing } from "./peer-meter.ts";
import type { Carrier, CarrierWatcher } from "../carrier.ts";
import { StrangerMeter } from "./stranger-meter.ts";

interface Known {
  readonly meter: PeerMeter;
  readonly sockets: Set<WatchedSocket>;
}

export class InputWatch {
  readonly strangers: StrangerMeter = new StrangerMeter(performance.now());
  readonly #peers = new Map<PeerId, Known>();
  /** Inbound, in order of arrival, until they are linked. */
  readonly #handshakes = new Set<WatchedSocket>();
  readonly bandwidth: Bandwidth;
  /** False while there is no memory for further links. */
  letsIn = true;
  #rates: PeerRates;

  constructor(bandwidth: Bandwidth, rates: PeerRates) {
    this.bandwidth = bandwidth;
    this.#rates = rates;
  }

  changeRates(rates: PeerRates): void {
    this.#rates = rates;
    for (const { meter } of this.#peers.values()) meter.changeRates(rates, performance.now());
  }

  /** Whether one more inbound connection may begin; where many hang in their handshake, the oldest gives way. */
  mayConnect(address: string): boolean {
    if (!this.letsIn) return false;
    if (!this.strangers.connects(address, performance.now())) return false;
    const [oldest] = this.#handshakes;
    if (this.#handshakes.size >= handshakesCrowded && oldest !== undefined && oldest.ageMs >= handshakeMsMin)
      oldest.destroy();
    return true;
  }

  opened(carrier: Carrier, direction: Direction): WatchedSocket {
    const watched = new WatchedSocket(this, carrier, direction);
    if (direction === "inbound") this.#handshakes.add(watched);
    carrier.watch(watched);
    carrier.onClose(() => this.#closed(watched));
    return watched;
  }

  linked(watched: WatchedSocket, peer: PeerId): void {
    this.#handshakes.delete(watched);
    let known = this.#peers.get(peer);
    if (known === undefined) {
      known = { meter: new PeerMeter(this.#rates, performance.now()), sockets: new Set() };
      this.#peers.set(peer, known);
    }
    known.sockets.add(watched);
    watched.linked(peer, known.meter);
  }

  /** Counts what a peer asks for above its sockets, and makes them wait. */
  slow(peer: PeerId, kind: Slowing, amount: number): void {
    const known = this.#peers.get(peer);
    const waitMs = known?.meter.slow(kind, amount, performance.now()) ?? 0;
    if (waitMs > 0) for (const socket of known?.sockets ?? []) socket.pause(waitMs);
  }

  bound(peer: PeerId, kind: Bounding, amount: number): void {
    const known = this.#peers.get(peer);
    const reason = amount === 0 ? undefined : known?.meter.bound(kind, amount, performance.now());
    if (reason !== undefined) this.misbehaved(peer, reason);
  }

  /** Whether nothing more of this peer is listened to. */
  isParting(peer: PeerId): boolean {
    return [...(this.#peers.get(peer)?.sockets ?? [])].some((socket) => socket.isParting);
  }

  misbehaved(peer: PeerId, reason: string): void {
    const sockets = [...(this.#peers.get(peer)?.sockets ?? [])];
    const guilty = sockets.find(({ isAdmitted }) => isAdmitted) ?? sockets[0]; // only who was let in can be banned
    guilty?.misbehaved(reason);
  }

  #closed(watched: WatchedSocket): void {
    watched.closed();
    const hasFailed = this.#handshakes.delete(watched) || (watched.isParting && !watched.isAdmitted);
    if (hasFailed && watched.direction === "inbound") this.strangers.failed(watched.address, performance.now());
    const { peer } = watched;
    const known = peer === undefined ? undefined : this.#peers.get(peer);
    known?.sockets.delete(watched);
    if (peer !== undefined && known?.sockets.size === 0) this.#peers.delete(peer);
  }
}

export class WatchedSocket implements CarrierWatcher {
  readonly direction: Direction;
  readonly address: string;
  peer: PeerId | undefined;
  isAdmitted = false;
  /** It was found out and waits for its farewell. */
  isParting = false;
  /** Called once; before it is set there is nobody to part with in words. */
  onMisbehaved: ((reason: string) => void) | undefined;
  readonly #owner: InputWatch;
  readonly #carrier: Carrier;
  readonly #openedAt = performance.now();
  #meter: PeerMeter | undefined;
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(owner: InputWatch, carrier: Carrier, direction: Direction) {
    this.#owner = owner;
    this.#carrier = carrier;
    this.direction = direction;
    this.address = carrier.remoteAddress;
  }

  get ageMs(): number {
    return performance.now() - this.#openedAt;
  }

  linked(peer: PeerId, meter: PeerMeter): void {
    this.peer = peer;
    this.#meter = meter;
  }

  read(bytes: number, processorMs: number): void {
    const now = performance.now();
    this.pause(this.#owner.bandwidth.read.take(bytes, now));
    if (this.#meter !== undefined && (this.isAdmitted || this.direction === "outbound")) {
      const waits = [this.#meter.slow("bytes", bytes, now), this.#meter.slow("processorMs", processorMs, now)];
      this.pause(Math.max(...waits));
    } else if (this.direction === "inbound") {
      this.pause(this.#owner.strangers.slow(this.address, { bytes, processorMs }, now));
    }
    if (this.isParting) this.pause(pauseMs.max / 10);
  }

  written(bytes: number): void {
    this.#owner.bandwidth.written.take(bytes, performance.now());
  }

  slow(kind: Slowing, amount: number): void {
    const waitMs = this.#meter?.slow(kind, amount, performance.now()) ?? 0;
    this.pause(waitMs);
  }

  bound(kind: Bounding, amount: number): void {
    const reason = this.#meter?.bound(kind, amount, performance.now());
    if (reason !== undefined) this.misbehaved(reason);
  }

  misbehaved(reason: string): void {
    if (this.isParting) return;
    this.isParting = true;
    if (this.onMisbehaved === undefined) this.destroy();
    else this.onMisbehaved(reason);
  }

  /** Leaves the socket unread for so long; the longest such time counts. */
  pause(ms: number): void {
    if (ms < pauseMs.min || this.#carrier.destroyed) return;
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + Math.min(ms, pauseMs.max));
    this.#carrier.pause();
    this.#timer ??= setTimeout(() => this.#resume(), Math.min(ms, pauseMs.max));
  }

  destroy(): void {
    this.#carrier.destroy();
  }

  closed(): void {
    clearTimeout(this.#timer);
  }

  #resume(): void {
    const now = performance.now();
    const owedMs = Math.min(this.#owner.bandwidth.read.owedMs(now), pauseMs.max);
    const leftMs = Math.max(this.#pausedUntil - now, owedMs);
    this.#timer = leftMs >= 1 ? setTimeout(() => this.#resume(), leftMs) : undefined;
    if (this.#timer === undefined) this.#carrier.resume();
  }
}
