/**
 * From the text of an address to a connection or a named failure. Only the given address is
 * dialed, once, within the time a dial may take.
 */
import type { Connection, Stream } from "@libp2p/interface";
import type { Multiaddr } from "@multiformats/multiaddr";
import { type AddressFamily, familyRefusal } from "../../base/address-family.ts";
import type { Millis, PeerId } from "../../base/brand.ts";
import { relayOf } from "../../base/relayed-address.ts";
import type { DialFailure } from "../../ports/network.ts";
import { parseAddress, peerOf } from "./addresses.ts";
import { wordsOf } from "./words-of.ts";
import { PeerAnswers, type RawConnection } from "./raw-connections.ts";
import type { Circuits } from "./relay/circuits.ts";
import { CircuitRefused } from "./relay/client.ts";
import { WrongPeerError, type WatchedTransport } from "./upgrade-watch.ts";

export type DialOutcome =
  | { readonly type: "connected"; readonly connection: Connection }
  /** A probe found the peer there, and left. */
  | { readonly type: "answered" }
  | { readonly type: "failed"; readonly failure: DialFailure; readonly detail: string };

export interface DialInit {
  readonly address: string;
  /** Its number, or that it is only to see whether the peer answers. */
  readonly attempt: number | "probe";
  readonly self: PeerId;
  readonly family: AddressFamily;
  readonly transports: readonly WatchedTransport[];
  readonly circuits: Circuits;
  /** A circuit to a peer by way of a relay. */
  readonly circuitTo: (relay: PeerId, peer: PeerId, signal: AbortSignal) => Promise<Stream>;
  readonly stopping: AbortSignal;
  readonly withinMs: Millis;
  /** Time until a connection stands, where that is to be shorter. */
  readonly answerMsMax?: Millis;
}

export async function dial(init: DialInit): Promise<DialOutcome> {
  const parsed = parseAddress(init.address);
  if ("problem" in parsed) return { type: "failed", failure: "addressInvalid", detail: parsed.problem };
  const way = wayTo(parsed, init);
  if (way === undefined)
    return {
      type: "failed",
      failure: "addressInvalid",
      detail: "no transport that is in use here dials such an address",
    };
  const refusal = familyRefusal(init.address, init.family);
  if (refusal !== undefined) return { type: "failed", failure: "addressInvalid", detail: refusal };
  if (peerOf(parsed) === init.self) return { type: "failed", failure: "self", detail: "the address names this node" };
  const deadline = new DialDeadline(init.withinMs, init.stopping);
  const raw: { record: RawConnection | undefined } = { record: undefined };
  const answerMsMax = Math.min(init.withinMs, init.answerMsMax ?? Infinity);
  const unanswered = setTimeout(() => {
    if (raw.record === undefined) deadline.end();
  }, answerMsMax);
  try {
    const connection = await way((record) => (raw.record = record), deadline.signal);
    return { type: "connected", connection };
  } catch (cause) {
    if (raw.record?.encryptionError instanceof PeerAnswers) return { type: "answered" };
    if (init.stopping.aborted) return { type: "failed", failure: "cancelled", detail: "this node is stopping" };
    if (deadline.signal.aborted)
      return {
        type: "failed",
        failure: "timeout",
        detail: `${progressOf(raw.record)} within ${(raw.record === undefined ? answerMsMax : init.withinMs) / 1000} s`,
      };
    return { type: "failed", ...classify(cause, raw.record) };
  } finally {
    clearTimeout(unanswered);
    deadline.settle();
  }
}

type Way = (onRaw: (raw: RawConnection) => void, signal: AbortSignal) => Promise<Connection>;

/** Over one of our transports, or by way of the relay that the address names; undefined where neither can be. */
function wayTo(address: Multiaddr, init: DialInit): Way | undefined {
  const { attempt, circuits } = init;
  const relay = relayOf(address.toString())?.peer as PeerId | undefined;
  const peer = peerOf(address);
  if (relay !== undefined) {
    if (peer === undefined || peer === relay) return undefined;
    return async (onRaw, signal) => {
      const stream = await init.circuitTo(relay, peer, signal);
      return await circuits.dial({ stream, address, relay }, onRaw, attempt, signal);
    };
  }
  const transport = init.transports.find((each) => each.dialFilter([address]).length > 0);
  const family = init.family === "v4" ? 4 : init.family === "v6only" ? 6 : 0;
  return transport && ((onRaw, signal) => transport.dialOrdered(address, family, onRaw, attempt, signal));
}

/**
 * Ends a dial that takes too long or that the node no longer wants. A socket listens to the signal
 * it was opened with for as long as it lives, so the deadline must be settled with the dial, or it
 * would cut the link it made.
 */
class DialDeadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #stopping: AbortSignal;
  readonly #abort = (): void => this.#controller.abort();

  constructor(withinMs: number, stopping: AbortSignal) {
    this.#timer = setTimeout(this.#abort, withinMs);
    this.#stopping = stopping;
    stopping.addEventListener("abort", this.#abort);
    if (stopping.aborted) this.#abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    this.#abort();
  }

  settle(): void {
    clearTimeout(this.#timer);
    this.#stopping.removeEventListener("abort", this.#abort);
  }
}

const failureOfCode: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  ENOTFOUND: "nameUnknown",
  EAI_AGAIN: "nameUnknown",
  ETIMEDOUT: "timeout",
  EPROTO: "protocol",
};

/** The family of an error of the system, by its code. */
export function failureOfSystem(code: string | undefined): DialFailure {
  return failureOfCode[code ?? ""] ?? "other";
}

function classify(
  cause: unknown,
  raw: RawConnection | undefined,
): { readonly failure: DialFailure; readonly detail: string } {
  const detail = fullWordsOf(cause);
  if (cause instanceof CircuitRefused) return { failure: cause.failure, detail };
  if (raw === undefined) return { failure: failureOfSystem(codeOf(cause)), detail };
  if (raw.encryptionError instanceof WrongPeerError)
    return { failure: "wrongPeer", detail: wordsOf(raw.encryptionError) };
  if (detail.includes("Can not dial self"))
    return { failure: "self", detail: "this node itself answers at the address" };
  if (raw.encryptionError !== undefined) return { failure: "encryption", detail: wordsOf(raw.encryptionError) };
  return { failure: "protocol", detail: `${progressOf(raw)}: ${detail}` };
}

function progressOf(raw: RawConnection | undefined): string {
  switch (raw?.stage) {
    case undefined:
      return "no connection";
    case "choosingEncryption":
      return "connected, but no agreement on an encryption";
    case "encrypting":
      return "connected, but the encryption handshake did not end";
    case "choosingMuxer":
    case "linked":
      return "encrypted, but no agreement on a muxer";
  }
}

/** A name with several addresses fails with one error for each. */
function fullWordsOf(cause: unknown): string {
  const words = wordsOf(cause);
  return cause instanceof AggregateError ? [words, ...cause.errors.map(wordsOf)].join("; ") : words;
}

function codeOf(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}
