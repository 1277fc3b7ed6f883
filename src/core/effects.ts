/**
 * The one closed set of effects: all that any machine may ask of the world. Machines add inputs,
 * never effects, so the loop that carries them out has one switch.
 *
 * `persist` is a barrier: effects that follow it in a turn are carried out only once the turn is
 * durable. `verify` is answered by an input with the same ticket; it is the one effect that does
 * not wait for the barrier, for it tells nobody anything.
 */
import type { Author, BatchId, Instant, PeerId, Stamp } from "../base/brand.ts";
import type { Bytes } from "../base/bytes.ts";
import type { SetSummary } from "../codec/frontier.ts";
import type { PrefixAnswer, PrefixSummary } from "../codec/prefix.ts";
import type { NetworkOrder } from "../ports/network.ts";
import type { PeerRule } from "../ports/peer-rule.ts";
import type { PartitionRecord } from "../ports/partition.ts";
import type { StoreWrite } from "../ports/store.ts";
import type { Note } from "./notes.ts";
import type { HeardViews } from "../ports/heard-view.ts";

/** A question from this node's own user; the number comes back with the answer. */
export type Ticket = number;

export interface SignatureCheck {
  readonly author: Author;
  readonly message: Bytes;
  readonly signature: Bytes;
}

/** What a user's request came to. */
export type Outcome =
  | { readonly type: "written"; readonly batch: BatchId; readonly stamp: Stamp; readonly holders: readonly PeerId[] }
  | {
      readonly type: "notShared";
      readonly batch: BatchId;
      readonly stamp: Stamp;
      readonly holders: readonly PeerId[];
      readonly missing: readonly PeerId[];
    }
  | {
      readonly type: "refused";
      readonly code:
        | "invalid_key"
        | "value_too_large"
        | "invalid_batch"
        | "invalid_argument"
        | "clock_refused"
        | "overloaded"
        | "disk_budget"
        | "stopping"
        | "peer_not_connected"
        | "invalid_address"
        | "not_found";
      readonly message: string;
    }
  /** An operation's condition does not hold; nothing was written. `etag` is undefined where the key has no value. */
  | { readonly type: "preconditionFailed"; readonly key: string; readonly etag: string | undefined }
  | { readonly type: "repaired"; readonly reissued: number }
  /** Keys under which something was set aside, and is so no more. */
  | { readonly type: "aside"; readonly keys: readonly string[] }
  /** Everybody is being asked; what is heard in this round or a later one is fresh. */
  | { readonly type: "asked"; readonly round: number }
  /** Members that acknowledged a batch of ours, and linked ones whose set was equal to ours after it was merged. */
  | { readonly type: "holders"; readonly acknowledged: readonly PeerId[]; readonly equalSince: readonly PeerId[] }
  /** About a key, in the set as it was at the end of the turn in which it was asked for. */
  | { readonly type: "proof"; readonly summary: SetSummary; readonly proof: Bytes }
  | { readonly type: "peerRules"; readonly rules: readonly PeerRule[] }
  | { readonly type: "partitions"; readonly partitions: readonly PartitionRecord[] }
  /** `ours` is undefined, and nobody was asked, where too many entries lie under the prefix. */
  | { readonly type: "prefixAsked"; readonly question: number; readonly ours: PrefixSummary | undefined }
  /** `members` are all that are admitted now. */
  | {
      readonly type: "prefixAnswers";
      readonly members: readonly { readonly peer: PeerId; readonly answer: PrefixAnswer | undefined }[];
    }
  /** How others see a peer, as far as they have told. */
  | ({ readonly type: "views" } & HeardViews)
  | { readonly type: "done" };

export type Effect =
  | { readonly type: "persist"; readonly write: StoreWrite }
  | { readonly type: "verify"; readonly ticket: number; readonly checks: readonly SignatureCheck[] }
  | { readonly type: "network"; readonly order: NetworkOrder }
  | { readonly type: "answer"; readonly ticket: Ticket; readonly outcome: Outcome }
  /** Misbehaviour of an admitted or unadmitted peer, with the reason's name. */
  | { readonly type: "penalise"; readonly peer: PeerId; readonly reason: string }
  /** What this node would tell its own user of how it stands to a peer; answered by the input `viewGiven` with the same number. */
  | { readonly type: "viewWanted"; readonly number: number; readonly about: PeerId }
  | { readonly type: "note"; readonly note: Note; readonly at: Instant };

/**
 * Where a step puts its effects, one by one as it decides them. A `persist` takes part in the
 * store's open turn before the next line of the step runs, so what the step reads afterwards has it.
 */
export interface EffectSink {
  push(effect: Effect): unknown;
}
