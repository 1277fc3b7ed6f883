/**
 * The relay's side of circuit relay v2: members that nobody can dial get a place here, and who wants
 * to reach one of them gets a circuit, a pair of joined streams. The relay sees encrypted bytes only.
 *
 * 1. Only admitted members ask and are asked, and only on links that are not relayed themselves. Others are told that it is not for them.
 * 2. A place holds while the member is linked; it is asked for again before its time is over.
 * 3. Everything is bounded (`limits.ts`), and who is refused is told which bound it met.
 */
import type { Connection, Stream } from "@libp2p/interface";
import type { PeerId } from "../../../base/brand.ts";
import { isRelayed } from "../../../base/relayed-address.ts";
import { TokenBucket } from "../rates/token-bucket.ts";
import { wordsOf } from "../words-of.ts";
import {
  circuitsMax,
  circuitsPerPeerMax,
  relayAnswerMsMax,
  relayBytesRate,
  relayStreamsMax,
  reservationSeconds,
  reservationsMax,
} from "./limits.ts";
import { type MessageStream, messagesOn } from "./message-stream.ts";
import type { RelayStatus } from "./messages.ts";
import { type CircuitEnd, type Splice, splice, usualCircuit } from "./splice.ts";

export const hopProtocol = "/libp2p/circuit/relay/0.2.0/hop";
export const stopProtocol = "/libp2p/circuit/relay/0.2.0/stop";

/** What a relay tells of itself. */
export type RelayFact =
  | { readonly type: "relayGranted"; readonly peer: PeerId; readonly places: number }
  | {
      readonly type: "relayRefused";
      readonly peer: PeerId;
      readonly wanted: "place" | "circuit";
      readonly reason: string;
    }
  | { readonly type: "circuitOpened"; readonly from: PeerId; readonly to: PeerId; readonly circuits: number }
  | { readonly type: "circuitEnded"; readonly from: PeerId; readonly to: PeerId; readonly why: CircuitEnd };

export interface RelayServerInit {
  /** A direct, admitted connection to the peer. */
  readonly connectionTo: (peer: PeerId) => Connection | undefined;
  readonly onFact: (fact: RelayFact) => void;
  /** The members that have a place are others now. */
  readonly onGuests: (guests: readonly PeerId[]) => void;
}

interface Circuit {
  readonly from: PeerId;
  readonly to: PeerId;
}

/** A refusal: what the wire has a number for, and what the operator of the relay reads. */
class Refused extends Error {
  readonly status: RelayStatus;

  constructor(status: RelayStatus, reason: string) {
    super(reason);
    this.status = status;
  }
}

export class RelayServer {
  readonly #init: RelayServerInit;
  /** Monotonic time until which each place is kept. */
  readonly #places = new Map<PeerId, number>();
  /** Those that are being opened have no splice yet. */
  readonly #circuits = new Map<Circuit, Splice | undefined>();
  readonly #bytes = new TokenBucket(relayBytesRate, performance.now());

  constructor(init: RelayServerInit) {
    this.#init = init;
  }

  /** Whoever may be reached by way of this node. */
  guests(): readonly PeerId[] {
    return [...this.#places.keys()];
  }

  get circuits(): number {
    return this.#circuits.size;
  }

  /** Serves one stream of an admitted member. Never rejects. */
  async serve(stream: Stream, connection: Connection): Promise<void> {
    const peer = connection.remotePeer.toString() as PeerId;
    const messages = messagesOn("hop", stream);
    const signal = AbortSignal.timeout(relayAnswerMsMax);
    let wanted: "place" | "circuit" = "place";
    try {
      const message = await messages.read(signal);
      if (isRelayed(connection.remoteAddr.toString()))
        throw new Refused("permissionDenied", "it asked over a relayed link");
      if (message.type === "connect") {
        wanted = "circuit";
        await this.#connect(peer, message.peer, messages, signal);
      } else if (message.type === "reserve") await this.#reserve(peer, messages, signal);
      else throw new Refused("unexpected", "it sent an answer instead of a question");
    } catch (cause) {
      await this.#refuse(peer, wanted, cause, messages, signal);
    }
  }

  /** Answers a stream of somebody who is not admitted: what was asked does not matter, and nobody is told of it. Never rejects. */
  async refuseStranger(stream: Stream): Promise<void> {
    const messages = messagesOn("hop", stream);
    const signal = AbortSignal.timeout(relayAnswerMsMax);
    try {
      await messages.read(signal);
      await answer(messages, "permissionDenied", signal);
    } catch {
      stream.abort(new Error("refused"));
    }
  }

  /** The last link of a member is gone, or nobody's place outlives its time. */
  sweep(): void {
    let isChanged = false;
    for (const [peer, until] of this.#places) {
      if (performance.now() < until && this.#init.connectionTo(peer) !== undefined) continue;
      isChanged = this.#places.delete(peer) || isChanged;
    }
    if (isChanged) this.#init.onGuests(this.guests());
  }

  stop(): void {
    for (const joined of this.#circuits.values()) joined?.end();
  }

  async #reserve(peer: PeerId, messages: MessageStream, signal: AbortSignal): Promise<void> {
    this.sweep();
    const isNew = !this.#places.has(peer);
    if (isNew && this.#places.size >= reservationsMax)
      throw new Refused("reservationRefused", `all ${reservationsMax} places are taken`);
    this.#places.set(peer, performance.now() + reservationSeconds * 1_000);
    const until = Math.floor(Date.now() / 1_000) + reservationSeconds;
    await messages.write({ type: "reserved", until }, signal);
    await messages.rest().close({ signal });
    if (!isNew) return;
    this.#init.onFact({ type: "relayGranted", peer, places: this.#places.size });
    this.#init.onGuests(this.guests());
  }

  async #connect(from: PeerId, to: PeerId, messages: MessageStream, signal: AbortSignal): Promise<void> {
    this.sweep();
    const target = this.#places.has(to) ? this.#init.connectionTo(to) : undefined;
    if (target === undefined) throw new Refused("noReservation", `${to} has no place here`);
    for (const peer of [from, to])
      if (this.#circuitsOf(peer) >= circuitsPerPeerMax)
        throw new Refused("resourceLimitExceeded", `${peer} has ${circuitsPerPeerMax} circuits already`);
    if (this.#circuits.size >= circuitsMax)
      throw new Refused("resourceLimitExceeded", `there are ${circuitsMax} circuits already`);
    const circuit: Circuit = { from, to };
    this.#circuits.set(circuit, undefined);
    try {
      const far = await this.#askTarget(from, target, signal);
      await messages.write({ type: "status", status: "ok" }, signal);
      const joined = splice(messages.rest(), far, this.#bytes, usualCircuit);
      this.#circuits.set(circuit, joined);
      this.#init.onFact({ type: "circuitOpened", from, to, circuits: this.#circuits.size });
      void joined.ended.then((why) => {
        this.#circuits.delete(circuit);
        this.#init.onFact({ type: "circuitEnded", from, to, why });
      });
    } catch (cause) {
      this.#circuits.delete(circuit);
      throw cause;
    }
  }

  /** Asks the other side to take a circuit from a member; the stream is the circuit's other half. */
  async #askTarget(from: PeerId, target: Connection, signal: AbortSignal): Promise<Stream> {
    let stream: Stream | undefined;
    try {
      stream = await target.newStream(stopProtocol, { signal, maxOutboundStreams: relayStreamsMax });
      const messages = messagesOn("stop", stream);
      await messages.write({ type: "connect", peer: from }, signal);
      const answer = await messages.read(signal);
      if (answer.type !== "status" || answer.status !== "ok")
        throw new Error(answer.type === "status" ? `it answered ${answer.status}` : "it answered with a question");
      return messages.rest();
    } catch (cause) {
      stream?.abort(new Error("no circuit"));
      throw new Refused("connectionFailed", `${target.remotePeer.toString()} took no circuit: ${wordsOf(cause)}`);
    }
  }

  async #refuse(
    peer: PeerId,
    wanted: "place" | "circuit",
    cause: unknown,
    messages: MessageStream,
    signal: AbortSignal,
  ): Promise<void> {
    const status = cause instanceof Refused ? cause.status : "malformed";
    this.#init.onFact({ type: "relayRefused", peer, wanted, reason: wordsOf(cause) });
    try {
      await answer(messages, status, signal);
    } catch {
      messages.rest().abort(new Error("refused"));
    }
  }

  #circuitsOf(peer: PeerId): number {
    return [...this.#circuits.keys()].filter(({ from, to }) => from === peer || to === peer).length;
  }
}

async function answer(messages: MessageStream, status: RelayStatus, signal: AbortSignal): Promise<void> {
  await messages.write({ type: "status", status }, signal);
  await messages.rest().close({ signal });
}
