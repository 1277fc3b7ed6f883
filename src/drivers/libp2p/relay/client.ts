/**
 * The other sides of a relay: a node that asks for a place and takes circuits, and one that asks
 * for a circuit to such a node. A relay is only ever a member this node is linked with already.
 *
 * Circuits are taken only from relays at which this node has a place.
 */
import type { Connection, Stream } from "@libp2p/interface";
import type { PeerId } from "../../../base/brand.ts";
import type { DialFailure } from "../../../ports/network.ts";
import { wordsOf } from "../words-of.ts";
import { relayAnswerMsMax, relayStreamsMax } from "./limits.ts";
import { type MessageStream, messagesOn } from "./message-stream.ts";
import type { RelayMessage, RelayStatus } from "./messages.ts";
import { hopProtocol } from "./server.ts";

/** Why a relay gave no circuit, as the outcome of a dial. */
export class CircuitRefused extends Error {
  readonly failure: DialFailure;

  constructor(failure: DialFailure, detail: string) {
    super(detail);
    this.failure = failure;
  }
}

const words: Readonly<Record<RelayStatus, string>> = {
  ok: "it agreed",
  reservationRefused: "it has no place left",
  resourceLimitExceeded: "it has too many circuits already",
  permissionDenied: "it does not relay for us",
  connectionFailed: "it did not reach the peer",
  noReservation: "the peer has no place there any more",
  malformed: "it did not understand us",
  unexpected: "it did not expect that",
};

/** Asks for a place, or for one more time. Undefined where it was granted, else why not. */
export async function askForPlace(relay: Connection): Promise<string | undefined> {
  const signal = AbortSignal.timeout(relayAnswerMsMax);
  let messages: MessageStream | undefined;
  try {
    messages = await ask(relay, { type: "reserve" }, signal);
    const status = await statusIn(messages, signal);
    await messages.rest().close({ signal });
    return status === "ok" ? undefined : words[status];
  } catch (cause) {
    messages?.rest().abort(new Error("no answer"));
    return isUnsupported(cause) ? "it is no relay" : wordsOf(cause);
  }
}

/** Asks for a circuit to a peer that has a place there. Throws `CircuitRefused`. */
export async function askForCircuit(relay: Connection, to: PeerId, stopping: AbortSignal): Promise<Stream> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(2 * relayAnswerMsMax)]);
  let messages: MessageStream | undefined;
  try {
    messages = await ask(relay, { type: "connect", peer: to }, signal);
    const status = await statusIn(messages, signal);
    if (status === "ok") return messages.rest();
    const failure = status === "connectionFailed" || status === "noReservation" ? "unreachable" : "relayRefused";
    throw new CircuitRefused(failure, `relay: ${words[status]}`);
  } catch (cause) {
    messages?.rest().abort(new Error("no circuit"));
    if (cause instanceof CircuitRefused) throw cause;
    if (isUnsupported(cause)) throw new CircuitRefused("relayRefused", "relay: it is no relay");
    throw new CircuitRefused("other", `relay: ${wordsOf(cause)}`);
  }
}

/** Takes a circuit that a relay offers; undefined where it is none to be taken. Never rejects. */
export async function takeCircuit(
  stream: Stream,
  hasPlace: boolean,
): Promise<{ readonly from: PeerId; readonly stream: Stream } | undefined> {
  const signal = AbortSignal.timeout(relayAnswerMsMax);
  const messages = messagesOn("stop", stream);
  try {
    const message = await messages.read(signal);
    const isTaken = message.type === "connect" && hasPlace;
    await messages.write({ type: "status", status: isTaken ? "ok" : "permissionDenied" }, signal);
    if (isTaken) return { from: message.peer, stream: messages.rest() };
    await stream.close({ signal });
  } catch {
    stream.abort(new Error("no circuit"));
  }
  return undefined;
}

async function ask(relay: Connection, question: RelayMessage, signal: AbortSignal): Promise<MessageStream> {
  const stream = await relay.newStream(hopProtocol, { signal, maxOutboundStreams: relayStreamsMax });
  const messages = messagesOn("hop", stream);
  await messages.write(question, signal);
  return messages;
}

async function statusIn(messages: MessageStream, signal: AbortSignal): Promise<RelayStatus> {
  const answer = await messages.read(signal);
  if (answer.type !== "status") throw new Error("it answered with a question");
  return answer.status;
}

function isUnsupported(cause: unknown): boolean {
  return cause instanceof Error && cause.name === "UnsupportedProtocolError";
}
