/** Everything a replica can be told: past facts, decoded where the replica itself is the decoder's user. */
import type { Author, Incarnation, Instant, Millis, PeerId } from "../../base/brand.ts";
import type { Bytes } from "../../base/bytes.ts";
import type { NetworkEvent } from "../../ports/network.ts";
import type { Ticket } from "../effects.ts";
import type { LiveOptions } from "./live-options.ts";
import type { ViewsInput } from "../peers/views/machine.ts";

/** What must hold of a key's living value here, now, for an operation to be done; `etag` as `etagOf` writes it. */
export type Condition =
  | { readonly type: "absent" | "present" }
  | { readonly type: "version"; readonly etags: readonly string[] }
  | { readonly type: "otherVersion"; readonly etags: readonly string[] };

export type WrittenOp = { readonly key: string; readonly condition?: Condition | undefined } & (
  | { readonly type: "put"; readonly value: Bytes; readonly ttlSeconds: number | undefined }
  | { readonly type: "delete" }
);

/** How sure the writer wants to be before it is answered. */
export type Wish =
  | { readonly type: "local" }
  | { readonly type: "shared"; readonly copies: number; readonly timeoutMs: Millis };

/** What an operator asks: nothing that is stored changes by it. */
export type OperatorQuestion =
  /** All peers are asked how they stand; what they tell shows in the snapshot. */
  | { readonly type: "comparisonRequested"; readonly ticket: Ticket }
  /** All members are asked what they hold under a prefix. */
  | { readonly type: "prefixRequested"; readonly ticket: Ticket; readonly prefix: string }
  /** What they have answered so far. */
  | { readonly type: "prefixAnswersRequested"; readonly ticket: Ticket; readonly question: number }
  | { readonly type: "partitionsRequested"; readonly ticket: Ticket }
  /** Who is known to hold a batch: `since` is when it was merged here, or undefined where that is not known. */
  | {
      readonly type: "holdersRequested";
      readonly ticket: Ticket;
      readonly author: Author;
      readonly incarnation: Incarnation;
      readonly sequence: number;
      readonly since: Instant | undefined;
    };

/** What an operator orders about peers. */
export type PeerOrder =
  /** `target` is a peer id, an IP address or a range; `forMs` undefined for good. */
  | {
      readonly type: "ruleRequested";
      readonly ticket: Ticket;
      readonly kind: "ban" | "allow";
      readonly target: string;
      readonly reason: string;
      readonly forMs: Millis | undefined;
    }
  | { readonly type: "liftRequested"; readonly ticket: Ticket; readonly target: string }
  | { readonly type: "rulesRequested"; readonly ticket: Ticket }
  | { readonly type: "disconnectRequested"; readonly ticket: Ticket; readonly peer: PeerId }
  /** No address of this peer, or not this one, is dialed any more. */
  | { readonly type: "forgetRequested"; readonly ticket: Ticket; readonly target: string };

export type ReplicaInput =
  | NetworkEvent
  | { readonly type: "verified"; readonly ticket: number; readonly valid: readonly boolean[] }
  | {
      readonly type: "writeRequested";
      readonly ticket: Ticket;
      readonly ops: readonly WrittenOp[];
      readonly wish: Wish;
    }
  | { readonly type: "dialRequested"; readonly ticket: Ticket; readonly address: string }
  /** `incarnation` is fresh randomness for the new numbering. */
  | { readonly type: "clockRepairRequested"; readonly ticket: Ticket; readonly incarnation: Incarnation }
  /** What this peer has, and has not, of old entries counts from now on: compare with it and follow it. */
  | { readonly type: "adoptRequested"; readonly ticket: Ticket; readonly peer: PeerId }
  /** Entries set aside under these keys are written anew, with a stamp of now. */
  | { readonly type: "reissueRequested"; readonly ticket: Ticket; readonly keys: readonly string[] }
  /** Entries set aside under these keys are forgotten. */
  | { readonly type: "dropAsideRequested"; readonly ticket: Ticket; readonly keys: readonly string[] }
  /** What proves of a key that it is in the set, or that it is not. */
  | { readonly type: "proofRequested"; readonly ticket: Ticket; readonly key: string }
  | OperatorQuestion
  | PeerOrder
  | Extract<ViewsInput, { type: "viewsRequested" | "viewGiven" }>
  /** Bytes that the store takes, those it may use again not counted, and that the disk has free. */
  | { readonly type: "diskMeasured"; readonly usedBytes: number; readonly freeBytes: number }
  /** The operator's settings are these from now on. */
  | { readonly type: "optionsChanged"; readonly options: LiveOptions }
  | { readonly type: "stopRequested"; readonly ticket: Ticket }
  | { readonly type: "timePassed" };
