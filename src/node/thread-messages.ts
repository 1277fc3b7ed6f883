/**
 * What crosses between the main thread (network, HTTP, people) and the replica's thread (decisions
 * and disk). Plain data, in order, never waiting for each other.
 */
import type { NetworkId } from "../base/brand.ts";
import type { OutboxLimits } from "../core/sync/outbox/machine.ts";
import type { LiveOptions } from "../core/replica/live-options.ts";
import type { ReplicaInput } from "../core/replica/inputs.ts";
import type { ReplicaSnapshot } from "../core/replica/replica.ts";
import type { LinkId } from "../ports/network.ts";
import type { SpentTime } from "./step-costs.ts";
import type { OutwardEffect } from "./turn.ts";

export interface ThreadOptions extends LiveOptions {
  readonly storePath: string;
  readonly durability: "strict" | "relaxed";
  readonly cacheMiB: number;
  /** Clean pages of the Merkle trie kept in memory. */
  readonly trieCacheBytes: number;
  readonly identitySeed: Uint8Array;
  readonly network: NetworkId;
  readonly networkName: string;
  readonly agent: string;
  readonly horizonDays: number;
  readonly outboundWanted: number;
  readonly exchange: boolean;
  readonly usesRelays: boolean;
  readonly routing: boolean;
  /** Length of the first, second … automatic ban of a peer, in ms; undefined stands for good. */
  readonly banMsSteps: readonly (number | undefined)[];
  readonly outboxLimits: OutboxLimits;
  /** Added to the wall clock; only tests set it. */
  readonly clockOffsetMs: number;
  /** Undefined for every node that is not of a testnet: its store is then the real one, with nothing around it. */
  readonly faults: ThreadFaults | undefined;
}

/** Faults on purpose that the replica's thread has to play. */
export interface ThreadFaults {
  /** Added to the wall clock as well. */
  readonly clockOffsetMs: number;
  readonly diskFull: boolean;
}

export type ToThread =
  | { readonly type: "inputs"; readonly inputs: readonly ReplicaInput[] }
  | { readonly type: "snapshot"; readonly question: number }
  | { readonly type: "faults"; readonly faults: ThreadFaults }
  /** Gives back memory that can be missed; answered by `relieved`. */
  | { readonly type: "relieve" }
  /** Finishes the turn under way, closes the store and ends. */
  | { readonly type: "close" };

/** Bytes of frames of one link that a turn has dealt with. */
export interface TakenFrames {
  readonly link: LinkId;
  readonly bytes: number;
}

export type FromThread =
  | { readonly type: "ready" }
  /** Effects of a turn that is durable; `wrote` when the living set may have changed; `taken` is what it read of each link, `spent` what each peer cost it. */
  | {
      readonly type: "turn";
      readonly effects: readonly OutwardEffect[];
      readonly wrote: boolean;
      readonly taken: readonly TakenFrames[];
      readonly spent: readonly SpentTime[];
    }
  | { readonly type: "snapshot"; readonly question: number; readonly snapshot: ReplicaSnapshot }
  | { readonly type: "relieved" }
  | { readonly type: "closed" }
  /** The store failed or a defect was met; nothing follows. */
  | {
      readonly type: "failed";
      readonly code: string;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
      readonly stack: string | undefined;
    };
