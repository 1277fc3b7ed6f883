/** What the machine that decides about dials is told, and what it asks of its surroundings. */
import type { Instant, PeerId } from "../../../base/brand.ts";
import type { Prng } from "../../../base/prng.ts";
import type { GoodbyeCode } from "../../../codec/admit.ts";
import type { CandidateSource, DialFailure, LinkId } from "../../../ports/network.ts";
import type { AddressBook } from "../address-book.ts";
import type { PeerLimits } from "../peer-limits.ts";
import type { Observation } from "../quality.ts";
import type { NamedClass } from "./acquaintances.ts";

export type ConnectionsInput =
  | {
      readonly type: "candidateFound";
      readonly address: string;
      readonly peer: PeerId | undefined;
      readonly source: CandidateSource;
    }
  | { readonly type: "dialFailed"; readonly attempt: number; readonly failure: DialFailure; readonly detail: string }
  | {
      readonly type: "linkOpened";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly attempt: number | undefined;
      /** It comes by way of a relay: a direct one would be better. */
      readonly relayed: boolean;
    }
  | { readonly type: "admitted"; readonly link: LinkId; readonly peer: PeerId }
  | {
      readonly type: "linkEnded";
      readonly link: LinkId;
      readonly peer: PeerId;
      readonly code: GoodbyeCode | undefined;
      readonly retryAfterSeconds: number;
    }
  | { readonly type: "observed"; readonly peer: PeerId; readonly what: Observation }
  /** Somebody was banned, or is not any more. */
  | { readonly type: "rulesChanged" }
  /** The machine slept, or has other addresses: what failed before may work now. */
  | { readonly type: "circumstancesChanged" }
  | { readonly type: "timePassed" }
  | { readonly type: "stopping" };

export interface ConnectionsOptions {
  readonly self: PeerId;
  readonly prng: Prng;
  /** The ban that keeps this node from dialing, if one does. */
  banOn(peer: PeerId | undefined, address: string, now: Instant): { readonly until: Instant | undefined } | undefined;
  readonly namedClass: NamedClass;
  readonly book: AddressBook;
  /** Links of our own dialing below which the address book is used. */
  readonly outboundWanted: number;
  /** The usual ones where it is left out. */
  readonly limits?: (() => PeerLimits) | undefined;
}
