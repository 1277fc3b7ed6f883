/**
 * The library: `import { createNode } from "p2p-sync"`.
 */
import { createRunningNode } from "./node/running-node.ts";
import type { NodeFacade } from "./node/facade.ts";
import { type Config, defaultConfig } from "./config/settings.ts";
import { resolveDataDir } from "./config/data-dir.ts";
import { homedir } from "node:os";

export { Fault } from "./base/fault.ts";
export { checkProof } from "./core/data/trie/check-proof.ts";
export type { ProofRefusal, Proven, ProvenEntry } from "./core/data/trie/check-proof.ts";
export type { Author, BatchId, Instant, PeerId, Stamp } from "./base/brand.ts";
export type {
  Certainty,
  Change,
  ConflictEntry,
  Counters,
  Entry,
  EventDetails,
  EventOptions,
  EventType,
  Explanation,
  ExplanationFact,
  Health,
  HealthCheck,
  Info,
  KeyProof,
  KeyWriteOptions,
  ListOptions,
  NetworkCause,
  NetworkHealth,
  NodeEvent,
  NodeFacade,
  NodeState,
  PeerState,
  PeerStatus,
  Receipt,
  StateVisit,
  Status,
  ToldView,
  Watch,
  WatchOptions,
  WriteConditions,
  WriteOp,
  WriteOptions,
} from "./node/facade.ts";

export type {
  Convergence,
  ConvergenceOptions,
  FrontierDifference,
  KeyExplanation,
  KeyHolder,
  LivingVersion,
  MemberConvergence,
  Partition,
} from "./node/insight.ts";

export type { AreaReport, Diagnosis, FoundCause } from "./node/doctor/diagnosis.ts";
export type { DoctorArea, DoctorCause, Severity } from "./node/doctor/causes.ts";
export type { NetCheck, ObservedAddress, Reach } from "./node/netcheck.ts";
export type { NetworkFinding } from "./node/network-finding.ts";
export type {
  ClosedLink,
  FrameCount,
  KnownAddress,
  LinkResources,
  PeerRule,
  PeersFacade,
  RuleOptions,
} from "./node/peers-facade.ts";

export type {
  AdoptionState,
  ApartPeer,
  AsideOutcome,
  SetAsideEntry,
  StaleFacade,
  StaleOptions,
  StaleReport,
} from "./node/stale.ts";

/** Any setting of `docs/CONFIG.md`, by its name in code; what is left out has its default. */
export type NodeOptions = Partial<Config>;

/** A node inside your own process. `stop()` it, or hold it with `await using`. */
export interface Node extends NodeFacade, AsyncDisposable {}

/**
 * Starts a node. Rejects with a `Fault` (`data_dir_in_use`, `port_in_use`, `invalid_config`, …)
 * and leaves nothing open then. Logs go to stderr at level `warn` unless told otherwise.
 */
export async function createNode(options: NodeOptions = {}): Promise<Node> {
  const surroundings = { environment: process.env, workingDir: process.cwd(), homeDir: homedir() };
  const config = { ...defaultConfig(), logLevel: "warn", ...options };
  const dataDir = resolveDataDir(config.dataDir === "" ? undefined : config.dataDir, surroundings);
  const { facade } = await createRunningNode(Object.freeze({ ...config, dataDir }));
  return Object.assign(facade, { [Symbol.asyncDispose]: () => facade.stop() });
}
