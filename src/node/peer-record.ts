/**
 * One line of the peer book: what is remembered of a peer or an address, and of the attempt or
 * link that is under way.
 */
import type { PeerClass } from "../core/peers/classes.ts";
import type { Instant, PeerId } from "../base/brand.ts";
import type { CandidateSource, Direction, LinkId } from "../ports/network.ts";
import type { PeerState, PeerStatus, StateVisit } from "./facade.ts";

/** One attempt or link on its way. */
export interface Journey {
  readonly direction: Direction;
  readonly address: string;
  peer: PeerId | undefined;
  link: LinkId | undefined;
  identified: boolean;
  admitted: boolean;
  subscribed: boolean;
  syncing: boolean;
  state: PeerState;
  farewell: Cause | undefined;
  /** States of an inbound link before the other side has proven who it is. */
  readonly early: { readonly state: PeerState; readonly at: Instant }[];
}

/** Why a journey ended: a stable word and a sentence. */
export interface Cause {
  readonly code: string;
  readonly reason: string;
}

export interface BookRecord {
  id: PeerId | undefined;
  address: string | undefined;
  source: CandidateSource | "inbound";
  class: PeerClass | undefined;
  score: number | undefined;
  state: PeerState;
  enteredAt: Instant;
  visits: StateVisit[];
  journey: Journey | undefined;
  rttMs: number | undefined;
  clockOffsetMs: number | undefined;
  connectedSince: Instant | undefined;
  suspicion: PeerStatus["suspicion"];
  lastError: { readonly code: string; readonly reason: string; readonly at: Instant } | undefined;
  nextDialAt: Instant | undefined;
}

/** The line as it is shown. */
export function statusOf(record: BookRecord): PeerStatus {
  const {
    id,
    state,
    source,
    rttMs,
    clockOffsetMs,
    connectedSince,
    suspicion,
    lastError,
    nextDialAt,
    journey,
    visits,
    enteredAt,
  } = record;
  return {
    id,
    state,
    class: record.class ?? (source === "static" || source === "user" ? "trusted" : "unknown"),
    score: record.score,
    direction: journey?.direction,
    address: journey?.address ?? record.address,
    source,
    link: journey?.link,
    rttMs,
    clockOffsetMs,
    connectedSince,
    suspicion,
    lastError,
    nextDialAt,
    history: [...visits, { state, enteredAt }],
  };
}
