/** What every node of a world shares: time, chance, the network, and the checkers' books. */
import type { NetworkId } from "../src/base/brand.ts";
import type { Prng } from "../src/base/prng.ts";
import type { SignatureCheck } from "../src/core/effects.ts";
import type { Horizon } from "./checkers/horizon.ts";
import type { Frontiers } from "./checkers/frontiers.ts";
import type { Model } from "./checkers/model.ts";
import type { SignedBatches } from "./checkers/signed-batches.ts";
import type { Tickets } from "./checkers/tickets.ts";
import type { Writers } from "./checkers/writers.ts";
import type { Canary } from "./canaries.ts";
import type { EventQueue } from "./event-queue.ts";
import type { Identities } from "./identities.ts";
import type { Network } from "./network.ts";
import type { WorldOptions } from "./options.ts";
import type { Recorder } from "./recorder.ts";

export interface Setting {
  readonly networkId: NetworkId;
  readonly queue: EventQueue;
  readonly prng: Prng;
  readonly options: WorldOptions;
  readonly recorder: Recorder;
  readonly network: Network;
  readonly identities: Identities;
  readonly signed: SignedBatches;
  readonly tickets: Tickets;
  readonly model: Model;
  readonly frontiers: Frontiers;
  readonly writers: Writers;
  readonly horizon: Horizon;
  readonly canary: Canary | undefined;
  isFaulty(): boolean;
  isValid(check: SignatureCheck): boolean;
  /** How far the furthest clock of an honest node is ahead of true time. */
  aheadMsMax(): number;
  /** Key holders there are, honest or not. */
  authors(): number;
  /** Whether a peer is one of the honest nodes. */
  isHonest(peer: string): boolean;
  /** Whether a bit of this honest node's disk was ever turned. */
  wasDamaged(peer: string): boolean;
  /** The author that an honest node writes as. */
  authorOf(node: number): string;
}
