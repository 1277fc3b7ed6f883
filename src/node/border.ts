/**
 * The border where facts become visible: what the driver observed and what the replica noted goes
 * to the peer book, the log, the metrics and whoever listens for events.
 */
import { unreachable } from "../base/assert.ts";
import { BoundedMap } from "../base/bounded-map.ts";
import type { Instant, PeerId } from "../base/brand.ts";
import type { LinkFact } from "../drivers/libp2p/driver-types.ts";
import type { Metrics } from "../drivers/observe/metrics.ts";
import type { Observer } from "../drivers/observe/observer.ts";
import type { MemoryLevel } from "./memory/budget.ts";
import type { SettingChange } from "./live-settings.ts";
import { LinkHistory } from "./link-history.ts";
import type { PeerStatus } from "./facade.ts";
import { PeerBook } from "./peer-book.ts";
import type { ClosedLink } from "./peers-facade.ts";
import type { OutwardEffect } from "./turn.ts";
import { wordsOfMissing } from "./missing-transport.ts";
import type { MissingTransport } from "../drivers/libp2p/transports.ts";

/** Nodes of other networks remembered, to count them once. Guess. */
const strangersMax = 1_024;

/** Effects that only tell something. */
export type TellingEffect = Extract<OutwardEffect, { type: "note" | "penalise" }>;

export class Border {
  readonly #observer: Observer;
  readonly #book: PeerBook;
  readonly #links = new LinkHistory();
  readonly #strangers = new BoundedMap<PeerId, string>(strangersMax);
  #forwarded = 0;
  #mdnsFailure: string | undefined;
  readonly #missingTransports: MissingTransport[] = [];

  constructor(observer: Observer, metrics: Metrics) {
    this.#observer = observer;
    this.#book = new PeerBook((transition) => {
      metrics.observe("state_seconds", transition.durationMs / 1000, { state: transition.from });
      observer.emit({ type: "peerState", at: Date.now() as Instant, detail: { ...transition } });
    });
  }

  get handshakeSuccessRate(): number {
    return this.#links.handshakeSuccessRate;
  }

  handshakesSince(since: Instant): { readonly succeeded: number; readonly failed: number } {
    return this.#links.handshakesSince(since);
  }

  /** Links that ended, the latest first. */
  closed(): readonly ClosedLink[] {
    return this.#links.closed();
  }

  peers(): readonly PeerStatus[] {
    return this.#book.list();
  }

  /** Nodes of other networks heard of since the start. */
  get strangers(): number {
    return this.#strangers.size;
  }

  /** Batches published or passed on. */
  get forwarded(): number {
    return this.#forwarded;
  }

  /** Why mDNS does not work on some interface, if so. */
  get mdnsFailure(): string | undefined {
    return this.#mdnsFailure;
  }

  /** Transports that were asked for and are not there. */
  get missingTransports(): readonly MissingTransport[] {
    return this.#missingTransports;
  }

  effect(effect: TellingEffect): void {
    switch (effect.type) {
      case "note":
        if (effect.note.type === "batchesForwarded") this.#forwarded += effect.note.batches;
        this.#book.note(effect.note, effect.at);
        this.#links.note(effect.note, effect.at);
        this.#observer.note(effect.note, effect.at);
        break;
      case "penalise":
        this.#observer.penalty(effect.peer, effect.reason);
        break;
      default:
        unreachable(effect);
    }
  }

  reloaded(changes: readonly SettingChange[]): void {
    const keysOf = (outcome: SettingChange["outcome"]): readonly string[] =>
      changes.flatMap((change) => (change.outcome === outcome ? [change.key] : []));
    const detail = { applied: keysOf("applied"), restart: keysOf("restart"), refused: keysOf("refused") };
    this.#observer.log("node", detail.refused.length > 0 ? "warn" : "info", "the configuration was read again", detail);
    this.#observer.emit({ type: "configReloaded", at: Date.now() as Instant, detail });
  }

  /** The memory in use has come to another level of its limit. */
  memory(level: MemoryLevel, usedBytes: number, limitBytes: number): void {
    const detail = { state: level, usedBytes, limitBytes };
    this.#observer.log("node", level === "ok" ? "info" : "warn", "the room for memory changed", detail);
    this.#observer.emit({ type: "memoryRoomChanged", at: Date.now() as Instant, detail });
  }

  fact(fact: LinkFact): void {
    this.#book.fact(fact);
    switch (fact.type) {
      case "strangerHeard": {
        const { peer, networkName } = fact;
        this.#strangers.set(peer, networkName);
        this.#observer.log("net", "info", "a node of another network is near", { peer, network: networkName });
        break;
      }
      case "mdnsFailed": {
        const { networkInterface, reason } = fact;
        this.#mdnsFailure = `${networkInterface}: ${reason}`;
        this.#observer.log("net", "warn", "mDNS does not work on an interface", {
          interface: networkInterface,
          reason,
        });
        break;
      }
      case "transportMissing": {
        const missing = { name: fact.transport, problem: fact.reason };
        this.#missingTransports.push(missing);
        this.#observer.log("net", "warn", wordsOfMissing(missing), { transport: fact.transport });
        break;
      }
      case "relayGranted":
      case "relayRefused":
      case "circuitOpened":
      case "circuitEnded":
        this.#observer.log("net", fact.type === "relayRefused" ? "info" : "debug", relayWords[fact.type], { ...fact });
        break;
      case "gossipFailed":
      case "gossipDropped":
        this.#observer.log("sync", "warn", "gossip did not reach a peer; a pull will", { ...fact });
        break;
      case "upgradeFailed":
        this.#observer.log("net", "debug", "a connection failed before it was a link", { reason: fact.reason });
        break;
      default:
        break; // shown by the peer book
    }
  }
}

const relayWords = {
  relayGranted: "a member that nobody can dial has a place at this relay",
  relayRefused: "not relayed",
  circuitOpened: "two members are relayed",
  circuitEnded: "two members are not relayed any more",
} as const;
