/** One address that is dialed. */
import type { Instant, PeerId } from "../../../base/brand.ts";
import { relayOf } from "../../../base/relayed-address.ts";
import type { CandidateSource, DialFailure } from "../../../ports/network.ts";
import type { BreakerState } from "../breaker.ts";
import type { PeerClass } from "../classes.ts";

export interface Candidate {
  readonly address: string;
  /** By way of whom it is reached; undefined of a direct one. */
  readonly relay: PeerId | undefined;
  source: CandidateSource;
  /** Who lives there; `CandidateTable` names it. */
  readonly peer: PeerId | undefined;
  failures: number;
  /** Monotonic time before which it is not dialed. */
  notBefore: number;
  /** When its peer was last admitted, while that link lasts. */
  admittedAt: number | undefined;
  /** When a good link to its peer was last lost. */
  lostAt: number | undefined;
  /** Until when its peer told us to stay away. */
  awayUntil: number;
  attempt: number | undefined;
  /** Monotonic time of its last dial. */
  dialedAt: number;
  /** It waits because it is banned. */
  banned: boolean;
  /** It failed as often as its class allows, and is dialed now and then only. */
  dormant: boolean;
  /** Dialed before others after a start: a link of ours stood there before. */
  anchor: boolean;
  lastDialAt: Instant | undefined;
  lastLinkAt: Instant | undefined;
  lastFailure: { readonly failure: DialFailure; readonly detail: string } | undefined;
}

export interface CandidateSnapshot {
  readonly address: string;
  readonly source: CandidateSource;
  readonly peer: PeerId | undefined;
  readonly class: PeerClass;
  /** 0 to 100; undefined where nothing is known of the peer. */
  readonly score: number | undefined;
  readonly breaker: BreakerState;
  readonly failures: number;
  readonly dialing: boolean;
  readonly banned: boolean;
  readonly dormant: boolean;
  /** Its peer's links break again and again. */
  readonly flapping: boolean;
  readonly inMs: number;
  /** When it was last dialed, and when a dial of it last led to a link. */
  readonly lastDialAt: Instant | undefined;
  readonly lastLinkAt: Instant | undefined;
  readonly lastFailure: { readonly failure: DialFailure; readonly detail: string } | undefined;
}

export function newCandidate(
  address: string,
  peer: PeerId | undefined,
  source: CandidateSource,
  mono: number,
): Candidate {
  return {
    address,
    relay: relayOf(address)?.peer as PeerId | undefined,
    source,
    peer,
    failures: 0,
    notBefore: mono,
    admittedAt: undefined,
    lostAt: undefined,
    awayUntil: mono,
    attempt: undefined,
    dialedAt: mono,
    banned: false,
    dormant: false,
    anchor: false,
    lastDialAt: undefined,
    lastLinkAt: undefined,
    lastFailure: undefined,
  };
}

/** It need not wait longer than until then, unless its peer asked for that. */
export function hasten(candidate: Candidate, until: number): void {
  candidate.notBefore = Math.min(candidate.notBefore, Math.max(until, candidate.awayUntil));
}

/** Whether nothing but the word of others speaks for this address. */
export function isHearsay({ source, lostAt, anchor }: Candidate): boolean {
  return isByWord(source) && lostAt === undefined && !anchor;
}

/** Whether only others named it, and its peer was lost and is not back. */
export function isLostHearsay({ source, lostAt, anchor, admittedAt }: Candidate): boolean {
  return isByWord(source) && lostAt !== undefined && !anchor && admittedAt === undefined;
}

/** Whether other members spoke of it. */
function isByWord(source: CandidateSource): boolean {
  return source === "told" || source === "lookup";
}

/** Whether an operator named this address. */
export function isConfigured({ source }: Candidate): boolean {
  return source === "static" || source === "user";
}

/** Whether an address is one of TCP and nothing above it. */
export function isOverTcp({ address }: Candidate): boolean {
  return /\/tcp\/\d+(?:\/p2p\/[^/]+)?$/.test(address);
}
